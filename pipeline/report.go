package pipeline

import "maps"

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
}

// TableReport is the size of one written table.
type TableReport struct {
	Name    string  `json:"name"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Parts   int     `json:"parts"`
	Seconds float64 `json:"seconds"` // spent writing it, summed over the workers
}

// SourceReport is what was read from one file.
type SourceReport struct {
	Table    string           `json:"table"` // the bronze table it fills
	File     string           `json:"file"`
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
