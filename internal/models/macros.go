package models

import (
	"slices"

	"github.com/smeltdata/smelt/pipeline/sql"
	"github.com/smeltdata/smelt/silver"
)

// macros are all that models may call, each after those that it calls.
func macros() []*sql.Macro {
	return slices.Concat(sql.Arithmetic(), bronzeMacros(), silver.Macros(), silverMacros(), goldMacros())
}
