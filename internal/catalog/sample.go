package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

const (
	masked     = "•••" // stands for what is personal
	cellLength = 200   // characters of a text that are shown
)

// address finds e-mail addresses, and what is left of them: shops use them as keys
// of customers, whose columns are not personal by their declaration.
var address = regexp.MustCompile(`[^\s"'=,;:<>]+@[^\s"'=,;:<>]*`)

// clip shortens a text to what is shown of it.
func clip(s string) string {
	s = address.ReplaceAllString(s, masked)
	n := 0
	for i := range s {
		if n == cellLength {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// sample reads the first rows of a table, which has the columns there. It breaks
// off after them.
func (l *lake) sample(t *Table, there []string, scan func(columns []string) pipeline.Stream) error {
	var columns []string
	var at []int // of them, in the table
	hidden := make([]bool, len(t.Columns))
	for i, c := range t.Columns {
		hidden[i] = c.PII != ""
		// Raw records of 64 KiB each would be read for nothing.
		if slices.Contains(there, c.Name) && !(hidden[i] && c.Type == arrow.BinaryTypes.Binary.Name()) {
			columns, at = append(columns, c.Name), append(at, i)
		}
	}
	if t.Rows == 0 || len(columns) == 0 {
		return nil
	}
	for rec, err := range scan(columns) {
		if err != nil {
			return of(t.Name, err)
		}
		cells := make([]pipeline.Cell, len(at))
		for i := range at {
			cells[i] = pipeline.CellsOf(rec.Column(i))
		}
		for row := range int(rec.NumRows()) {
			if len(t.Sample) == maxRows {
				return nil
			}
			line := make([]*string, len(t.Columns))
			for i, c := range t.Columns {
				if text := masked; hidden[i] && slices.Contains(there, c.Name) && !slices.Contains(at, i) {
					line[i] = &text
				}
			}
			for i, column := range at {
				if rec.Column(i).IsNull(row) {
					continue
				}
				text := masked
				if !hidden[column] {
					text = clip(string(cells[i](nil, row)))
				}
				line[column] = &text
			}
			t.Sample = append(t.Sample, line)
		}
		if len(t.Sample) == maxRows {
			return nil
		}
	}
	return nil
}

// maskSample is a row that fails a check, or the key that several share, as JSON
// and without what is personal: {"order_id":"S1"}: 2 rows.
func (p pii) maskSample(table string, failed pipeline.FailedRow) string {
	var row map[string]json.RawMessage
	if err := json.Unmarshal(failed.Row, &row); err != nil {
		return masked // nothing tells what is in it
	}
	names := slices.DeleteFunc(slices.Clone(p.columns[table]), func(name string) bool { return row[name] == nil })
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var b strings.Builder
	b.WriteByte('{')
	for _, name := range names {
		value := row[name]
		if p.of(table, name) != "" && string(value) != "null" {
			value = json.RawMessage(`"` + masked + `"`)
		}
		var text string
		if json.Unmarshal(value, &text) == nil && string(value) != "null" {
			value = quoted(clip(text))
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(quoted(name))
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	if failed.Rows > 1 {
		fmt.Fprintf(&b, ": %d rows", failed.Rows)
	}
	return b.String()
}

// quoted is a text as JSON, with < > & as they are.
func quoted(s string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be written
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
