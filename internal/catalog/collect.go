package catalog

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
)

// Options say what a catalog is made of.
type Options struct {
	Lake    string          // folder of the tables; it may be missing: then they are declared, and none is published
	Mapping *bronze.Mapping // nil where only the lake is known
	Smelt   string          // version of the program
}

// How much of the past a catalog tells.
const (
	maxRuns    = 100 // runs, and versions of each table that are looked at for them
	maxResults = 30  // runs and tests of which each check shows what came of it
	maxRows    = 20  // sample rows of a table, failing rows of a check
)

// Collect looks at a lake and its mapping, and puts together what is known of
// them. It writes nothing, and of each table it reads some rows only. Columns that
// are personal are masked, in the rows of tables and in those that fail checks. Its
// errors are *pipeline.Error: a table, log or report that cannot be read.
func Collect(ctx context.Context, o Options) (*Catalog, error) {
	declared, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	rules, err := gold.Checks()
	if err != nil {
		return nil, err
	}
	if o.Mapping != nil {
		rules = append(rules, o.Mapping.Checks...)
	}
	report, err := store.Report(o.Lake)
	if err != nil {
		return nil, err
	}
	past, err := evaluations(ctx, o.Lake, maxRuns)
	if err != nil {
		return nil, err
	}
	if err := withFailures(ctx, o.Lake, past[:min(len(past), maxResults)]); err != nil {
		return nil, err
	}
	c := &Catalog{Project: project(o), Smelt: o.Smelt, At: time.Now().UTC().Truncate(time.Millisecond), Sources: sources(o.Mapping, report), Mapping: o.Mapping}
	shown := &lake{dir: o.Lake, report: report, personal: personal(declared)}
	if c.Tables, err = shown.tables(ctx, declared, rules); err != nil {
		return nil, err
	}
	c.Checks = checks(rules, past, shown.personal)
	c.Runs = runs(past, shown)
	c.Edges, err = gold.Lineage(o.Mapping)
	return c, err
}

// project is the name of the folder that the shop is in.
func project(o Options) string {
	folder := filepath.Dir(o.Lake)
	if o.Mapping != nil && o.Mapping.File != "" {
		folder = filepath.Dir(o.Mapping.File)
	}
	if path, err := filepath.Abs(folder); err == nil {
		if name := filepath.Base(path); strings.Trim(name, `./\`) != "" {
			return name
		}
	}
	return "shop"
}

// columnOf splits "silver.fact_sales.revenue" into the table and the column.
func columnOf(name string) (table, column string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}
