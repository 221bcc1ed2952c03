// Goreleaser reads a configuration as goreleaser does, strictly, and fails where it is
// not one. It is goreleaser's own types and loader alone: the program takes many
// minutes to build. scripts/judges.sh builds it; it is a module of its own, so that
// smelt has none of its dependencies.
package main

import (
	"fmt"
	"os"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

func main() {
	project, err := config.Load(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(project.ProjectName, len(project.Builds), "builds")
}
