// Smelt turns a web shop's files into business tables: bronze, silver, gold.
package main

import (
	"os"

	"github.com/smeltdata/smelt/internal/cli"
)

func main() { os.Exit(cli.Main()) }
