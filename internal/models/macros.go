package models

import "github.com/smeltdata/smelt/pipeline/sql"

// macros are all that models may call, each after those that it calls.
func macros() []*sql.Macro { return nil }
