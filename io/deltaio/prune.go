package deltaio

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// fileStats is what a file's statistics tell of its columns. What they do not
// tell, or not in the form that it should have, is not known.
type fileStats struct {
	NumRecords int64                      `json:"-"`
	Min        map[string]json.RawMessage `json:"minValues"`
	Max        map[string]json.RawMessage `json:"maxValues"`
	Nulls      map[string]json.RawMessage `json:"nullCount"`
}

func (f *File) stats() fileStats {
	var s fileStats
	if f.Stats == "" || json.Unmarshal([]byte(f.Stats), &s) != nil {
		return fileStats{NumRecords: f.Rows}
	}
	s.NumRecords = f.Rows
	return s
}

// allNull reports whether a column is known to have no value.
func (s *fileStats) allNull(column string) bool {
	n, err := strconv.ParseInt(string(s.Nulls[column]), 10, 64)
	return err == nil && s.NumRecords >= 0 && n == s.NumRecords
}

// textBound returns a bound of a text column; nil = not known.
func textBound(b json.RawMessage) []byte {
	var s *string
	if json.Unmarshal(b, &s) != nil || s == nil {
		return nil
	}
	return append([]byte{}, *s...)
}

// mayHold reports whether a file may have rows that where picks.
func (f *File) mayHold(where []pipeline.Where) bool {
	if len(where) == 0 {
		return true
	}
	s := f.stats()
	for i := range where {
		w := &where[i]
		if !s.allNull(w.Column) && w.Overlaps(textBound(s.Min[w.Column]), textBound(s.Max[w.Column])) {
			return true
		}
	}
	return false
}

// mayShareKey reports whether two files may have rows with the same values of
// the key columns, by what their statistics and partition values say.
func mayShareKey(schema *Schema, key []string, a, b *File) bool {
	sa, sb := a.stats(), b.stats()
	for _, name := range key {
		if va, ok := a.Partition[name]; ok {
			vb, ok := b.Partition[name]
			if ok && (va == nil || vb == nil || !samePartition(schema.Columns[schema.Index(name)].Type, *va, *vb)) {
				return false
			}
			continue
		}
		t := schema.Columns[schema.Index(name)].Type
		if sa.allNull(name) || sb.allNull(name) || less(t, sa.Max[name], sb.Min[name]) || less(t, sb.Max[name], sa.Min[name]) {
			return false
		}
	}
	return true
}

// samePartition compares partition values, which writers may spell differently.
func samePartition(t arrow.DataType, a, b string) bool {
	if a == b {
		return true
	}
	switch t.ID() {
	case arrow.STRING:
		return false
	case arrow.TIMESTAMP:
		x, errA := parsePartitionTime(a)
		y, errB := parsePartitionTime(b)
		return errA != nil || errB != nil || x.Equal(y)
	}
	return !less(t, json.RawMessage(a), json.RawMessage(b)) && !less(t, json.RawMessage(b), json.RawMessage(a))
}

// less reports whether a is known to be less than b, two bounds in a file's
// statistics of a column of type t.
func less(t arrow.DataType, a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	var c int
	ok := false
	switch t := t.(type) {
	case *arrow.StringType:
		x, y := textBound(a), textBound(b)
		c, ok = slices.Compare(x, y), x != nil && y != nil
	case *arrow.Int64Type, *arrow.Int32Type:
		x, errA := strconv.ParseInt(string(a), 10, 64)
		y, errB := strconv.ParseInt(string(b), 10, 64)
		c, ok = cmp.Compare(x, y), errA == nil && errB == nil
	case *arrow.Decimal128Type:
		x, errA := parseDecimal(string(a), t)
		y, errB := parseDecimal(string(b), t)
		c, ok = x.Cmp(y), errA == nil && errB == nil
	case *arrow.Date32Type, *arrow.TimestampType:
		x, okA := timeBound(a)
		y, okB := timeBound(b)
		// Others cut times down to the millisecond, the greatest one too.
		if _, date := t.(*arrow.Date32Type); !date {
			x = x.Add(time.Millisecond)
		}
		c, ok = x.Compare(y), okA && okB
	}
	return ok && c < 0
}

func timeBound(b json.RawMessage) (time.Time, bool) {
	s := strings.Trim(string(b), `"`)
	t, err := parsePartitionTime(s)
	return t, err == nil
}
