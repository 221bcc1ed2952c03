package pipeline

import (
	"encoding/json"
	"maps"
)

// Report is what a run did, published with its tables. It proves that no row
// was lost: see Conservation.
type Report struct {
	Version      string            `json:"version"`
	BatchID      string            `json:"batch_id"`
	Seconds      float64           `json:"seconds"` // wall time
	Workers      int               `json:"workers"`
	Spilled      int64             `json:"spilled,omitempty"` // bytes that did not fit into memory and went to temporary files
	Tables       []TableReport     `json:"tables"`
	Sources      []SourceReport    `json:"sources"`
	Conservation []Conservation    `json:"conservation"`
	Warnings     []string          `json:"warnings,omitempty"`
	Libraries    map[string]string `json:"libraries,omitempty"` // module path → version
	Checks       []CheckResult     `json:"checks,omitempty"`

	// What the next run needs to know of this one.
	RunID     string                  `json:"run_id,omitempty"`
	Full      string                  `json:"full_refresh,omitempty"` // why everything was read; "" where only new files were
	Read      []string                `json:"read,omitempty"`         // files that this run read; those of all runs are in Sources
	Dropped   []string                `json:"dropped,omitempty"`      // files whose earlier content went
	Gone      []string                `json:"gone,omitempty"`         // files that an earlier run read and that are there no more; their rows stay
	Rewritten string                  `json:"rewritten,omitempty"`    // why rows that earlier runs wrote were made anew; "" = none were
	Digests   map[string]string       `json:"digests,omitempty"`      // of all that decides what files become
	Versions  map[string]TableVersion `json:"versions,omitempty"`     // of Delta tables, by name: what the next run builds upon
	Currency  string                  `json:"currency,omitempty"`     // that the fact's lines name, where the mapping names none

	// Of a run that has published some tables only, and others are behind: see Beside.
	Selected []string `json:"selected,omitempty"` // those that it has published
	Base     *Report  `json:"base,omitempty"`     // of the last run that has published all, which the next one builds upon; nil = there was none
}

// CheckResult is what came of a check of a table's rows: see package check.
type CheckResult struct {
	Check    string   `json:"check"` // its name
	Table    string   `json:"table"`
	Columns  []string `json:"columns,omitempty"`
	Kind     string   `json:"kind"`
	Says     string   `json:"says"` // the rule, in words
	Severity string   `json:"severity"`
	Status   string   `json:"status"` // pass, warn, error; skipped where it could not be told
	Rows     int64    `json:"rows"`   // that were looked at
	Failures int64    `json:"failures"`
	Message  string   `json:"message,omitempty"` // what is wrong, or why it was skipped

	Value   *float64    `json:"value,omitempty"`   // what was measured of the table as a whole: rows, or a share
	Samples []FailedRow `json:"samples,omitempty"` // some of the failing rows, or of what they share
}

// FailedRow is a row that a check fails for, or what several have in common.
type FailedRow struct {
	Row    json.RawMessage `json:"row"`                   // a JSON object of its columns in the table's order; of a key, its columns
	Rows   int64           `json:"rows"`                  // how many it stands for: 1, or the rows of the key
	File   string          `json:"source_file,omitempty"` // where the table says so: the file and the record that the row is from
	Record int64           `json:"source_row,omitempty"`
}

// TableVersion is a version of a Delta table.
type TableVersion struct {
	ID      string `json:"id"` // of the table
	Version int64  `json:"version"`
}

// TableReport is the size of one written table.
type TableReport struct {
	Name    string  `json:"name"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Parts   int     `json:"parts"`
	Seconds float64 `json:"seconds"` // spent writing it, summed over the workers

	Rewritten []string `json:"rewritten,omitempty"` // files of earlier runs that were written again without some of their rows
	Behind    string   `json:"behind,omitempty"`    // RunID of the earlier run that the table is of, where this one has not published it
}

// SourceReport is what was read from one file.
type SourceReport struct {
	Table    string           `json:"table"`  // the bronze table it fills
	Source   int              `json:"source"` // number of its source in smelt.yml, from 0
	File     string           `json:"file"`
	Hash     string           `json:"hash,omitempty"`    // SHA-256 of the file's bytes, in hexadecimal
	Size     int64            `json:"size,omitempty"`    // bytes
	Stamp    string           `json:"stamp,omitempty"`   // changes when the file does; "" = it may have changed unseen
	SameAs   string           `json:"same_as,omitempty"` // file of the source with the same content: this one was not read
	Records  int64            `json:"records"`
	Rejected int64            `json:"rejected"`
	Mended   int64            `json:"mended,omitempty"`   // records, among those not rejected, that were read with quotes taken for text
	Skipped  int64            `json:"skipped"`            // blank, comment, repeated header, preamble and footer lines
	Rescued  map[string]int64 `json:"rescued,omitempty"`  // bronze column → values that could not be cast
	Rounded  map[string]int64 `json:"rounded,omitempty"`  // bronze column → decimals rounded to their scale
	Unmapped []string         `json:"unmapped,omitempty"` // source columns that the mapping does not name

	FirstReject *FirstReject `json:"first_reject,omitempty"`
}

// FirstReject is the first record of a file that is rejected.
type FirstReject struct {
	Row   int64  `json:"record"`
	Error string `json:"error"`
}

// Conservation is the proof, for one of customers, products and sales, that
// every record read is accounted for:
//
//	Records = Bronze + Rejected
//	Bronze  = Silver − Added + Quarantined + Deduplicated
//
// where Added are silver rows that no bronze row of the table stands behind:
// inferred and derived dimension rows, mirrored returns.
type Conservation struct {
	Table        string           `json:"table"`
	Records      int64            `json:"records"`
	Rejected     int64            `json:"rejected"`
	Bronze       int64            `json:"bronze"`
	Silver       int64            `json:"silver"`
	Added        int64            `json:"added"`
	Quarantined  int64            `json:"quarantined"`
	Reasons      map[string]int64 `json:"reasons,omitempty"` // quarantined, by reason
	Deduplicated int64            `json:"deduplicated"`
	Holds        bool             `json:"holds"`
}

// Check computes Holds and returns it.
func (c *Conservation) Check() bool {
	c.Holds = c.Records == c.Bronze+c.Rejected &&
		c.Bronze == c.Silver-c.Added+c.Quarantined+c.Deduplicated
	var reasons int64
	for _, n := range c.Reasons {
		reasons += n
	}
	c.Holds = c.Holds && reasons == c.Quarantined
	return c.Holds
}

// Merge adds the counts of another scan of the same file.
func (s *SourceReport) Merge(o SourceReport) {
	s.Records += o.Records
	s.Rejected += o.Rejected
	s.Mended += o.Mended
	s.Skipped += o.Skipped
	if s.FirstReject == nil || o.FirstReject != nil && o.FirstReject.Row < s.FirstReject.Row {
		s.FirstReject = o.FirstReject
	}
	s.Rescued = addCounts(s.Rescued, o.Rescued)
	s.Rounded = addCounts(s.Rounded, o.Rounded)
}

func addCounts(a, b map[string]int64) map[string]int64 {
	if a == nil {
		return maps.Clone(b)
	}
	for k, n := range b {
		a[k] += n
	}
	return a
}
