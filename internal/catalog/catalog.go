// Package catalog describes a shop's lake in one value: its tables and columns,
// where each comes from, the rules that they keep, and its runs. The
// documentation site, dbt's artefacts and lineage events are made of it.
package catalog

import (
	"time"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Catalog is what is known of a shop and its lake.
type Catalog struct {
	Project string    `json:"project"` // name of the shop
	Smelt   string    `json:"smelt"`   // version of the program
	At      time.Time `json:"at"`      // when this was put together

	Sources []Source       `json:"sources"` // in the order of smelt.yml
	Tables  []Table        `json:"tables"`  // in the order that they are published
	Checks  []Check        `json:"checks"`
	Runs    []Run          `json:"runs"` // newest first
	Edges   []lineage.Edge `json:"edges"`

	Mapping *bronze.Mapping `json:"-"` // nil where only the lake is known
}

// Source is a group of files with the same layout: a source of smelt.yml, a lookup
// ("source.lookup.countries") or a list of orders that came back
// ("source.returned_orders").
type Source struct {
	Name    string   `json:"name"`    // "source.sales", or "source.sales_2" where a table has several: the table of its columns in Edges
	Table   string   `json:"table"`   // of bronze that it fills, "sales"; "" of a lookup or list
	Columns []string `json:"columns"` // of the files' headers: those mapped, then others; empty where no smelt.yml is known
	Files   []File   `json:"files"`
}

// File is one file of a source, as it was read last.
type File struct {
	Name     string    `json:"name"`
	Bytes    int64     `json:"bytes"`
	Records  int64     `json:"records"` // 0 of a lookup or list, whose records are not counted
	Rejected int64     `json:"rejected"`
	Modified time.Time `json:"modified"` // zero where the file is not there any more as it was read
}

// Table is one table of the lake, or one that is declared and not published yet.
type Table struct {
	Name    string   `json:"name"` // "silver.fact_sales"
	Doc     string   `json:"doc"`
	Columns []Column `json:"columns"`
	Key     []string `json:"key"`

	Published bool      `json:"published"`
	Rows      int64     `json:"rows"` // -1 = not known: files of other programs need not say
	Bytes     int64     `json:"bytes"`
	Files     int       `json:"files"`
	Version   int64     `json:"version"` // of a Delta table; -1 for Parquet
	Modified  time.Time `json:"modified"`
	Behind    string    `json:"behind,omitempty"` // the earlier run that it is of, where smelt run --select has published others since

	Sample [][]*string `json:"sample"` // some rows, by column; nil is NULL; personal columns are masked
}

// Column is one column of a table.
type Column struct {
	Name       string     `json:"name"`
	Doc        string     `json:"doc"`
	Type       string     `json:"type"`
	Nullable   bool       `json:"nullable"`
	Formula    string     `json:"formula,omitempty"` // of a measure
	Unit       string     `json:"unit,omitempty"`
	PII        string     `json:"pii,omitempty"`
	References *Reference `json:"references,omitempty"`
}

// Reference says that a column's values are in a column of another table.
type Reference struct {
	Table  string `json:"table"`
	Column string `json:"column"`
}

// Check is a rule about a table, and what came of it run by run.
type Check struct {
	Name     string   `json:"name"`
	Table    string   `json:"table"`
	Columns  []string `json:"columns,omitempty"`
	Kind     string   `json:"kind"`
	Says     string   `json:"says"` // the rule in words
	Doc      string   `json:"doc,omitempty"`
	Severity string   `json:"severity"`
	Results  []Result `json:"results"` // newest first, at most as many as Runs

	Rule *check.Check `json:"-"` // as it is declared; nil of one that only earlier runs had
}

// Result is what came of a check once.
type Result struct {
	Run      string    `json:"run"` // ID of a Run
	At       time.Time `json:"at"`
	Status   string    `json:"status"` // pass, warn, error, skipped
	Rows     int64     `json:"rows"`
	Failures int64     `json:"failures"`
	Message  string    `json:"message,omitempty"`
	Samples  []string  `json:"samples,omitempty"` // failing rows; of the newest result only that was not skipped
}

// Run is one run, or one smelt test, of which something is left.
type Run struct {
	ID        string           `json:"id"`
	At        time.Time        `json:"at"`
	Command   string           `json:"command"` // run or test
	Published bool             `json:"published"`
	Seconds   float64          `json:"seconds,omitempty"` // 0 where unknown
	Full      string           `json:"full,omitempty"`    // why everything was read
	Rows      map[string]int64 `json:"rows,omitempty"`    // by table, after it
	Pass      int              `json:"pass"`
	Warn      int              `json:"warn"`
	Error     int              `json:"error"`
	Skipped   int              `json:"skipped"`
}
