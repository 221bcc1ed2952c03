package dashboard

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// Sheet is figures as a table of texts: keys, then measures. Numbers are exact, NULL
// is "".
type Sheet struct {
	Name   string // "country"
	Header []string
	Rows   [][]string
}

// framesBy are the frames of Figures.By, in the order of sheets.
var framesBy = []string{"day", "week", "month", "quarter", "year", "country", "state", "category", "subcategory", "channel", "segment"}

// Sheets returns figures as tables, always the same ones: of what a shop has no data
// for, there are no rows. Measures that follow from others, as aov and return_rate,
// stand beside these, computed as gold's are. A value that is no number of its
// measure is a *pipeline.Error of kind ErrData.
func (f *Figures) Sheets() ([]Sheet, error) {
	out := []Sheet{{Name: "total"}}
	frames := []Frame{f.Total}
	for _, name := range framesBy {
		frame, ok := f.By[name]
		if !ok {
			frame = Frame{By: []string{name}, Values: f.Total.Values} // a header without rows
		}
		out, frames = append(out, Sheet{Name: name}), append(frames, frame)
	}
	out = append(out, Sheet{Name: "products"}, Sheet{Name: "product_classes"}, Sheet{Name: "customer_segments"}, Sheet{Name: "customer_grid"})
	frames = append(frames, f.Products.Top, f.Products.Classes, f.Customers.Segments, f.Customers.Grid)
	for i := range out {
		if err := out[i].fill(frames[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CSV is the sheet as a file with a header.
func (s *Sheet) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(s.Header) // to memory
	_ = w.WriteAll(s.Rows)
	return b.Bytes()
}

// fill makes the sheet that of a frame.
func (s *Sheet) fill(f Frame) error {
	var measures []*metrics.Measure
	for _, m := range metrics.All() {
		if f.knows(m) {
			measures = append(measures, m)
		}
	}
	var others []string // values that are no measures: customers_before
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		if !slices.ContainsFunc(measures, func(m *metrics.Measure) bool { return m.Name == name }) {
			others = append(others, name)
		}
	}
	s.Header = slices.Clone(f.By)
	for _, m := range measures {
		s.Header = append(s.Header, m.Name)
	}
	s.Header = append(s.Header, others...)
	for row := range f.rows() {
		var line []string
		for _, keys := range f.Keys {
			line = append(line, keys[row])
		}
		for _, m := range measures {
			text, err := f.measure(m, row)
			if err != nil {
				return err
			}
			line = append(line, text)
		}
		for _, name := range others {
			line = append(line, string(f.Values[name][row]))
		}
		s.Rows = append(s.Rows, line)
	}
	return nil
}

// rows is how many rows the frame has: one without keys has one.
func (f Frame) rows() int {
	if len(f.By) > 0 {
		if len(f.Keys) == 0 {
			return 0
		}
		return len(f.Keys[0])
	}
	for _, values := range f.Values {
		return len(values)
	}
	return 0
}

// knows reports whether the frame has a measure, or all that it follows from.
func (f Frame) knows(m *metrics.Measure) bool {
	switch {
	case f.Values[m.Name] != nil:
		return true
	case m.Num != nil:
		return f.knows(m.Num) && f.knows(m.Den)
	case m.Terms != nil:
		return !slices.ContainsFunc(m.Terms, func(t *metrics.Measure) bool { return !f.knows(t) })
	}
	return false
}

// measure is the value of a measure in a row, as gold writes it.
func (f Frame) measure(m *metrics.Measure, row int) (string, error) {
	if values := f.Values[m.Name]; values != nil {
		return string(values[row]), nil
	}
	var v metrics.Values
	v.Reset()
	if err := f.set(&v, m, row); err != nil {
		return "", err
	}
	total, state := m.Eval(&v)
	switch state {
	case metrics.Known:
	case metrics.Overflow:
		return "", &pipeline.Error{Kind: pipeline.ErrData, Column: m.Name, Msg: "is larger than its type holds"}
	default:
		return "", nil
	}
	sum, _ := total.Sum() // what Eval gives fits
	return new(big.Rat).SetFrac(sum.BigInt(), power(m.Scale())).FloatString(m.Scale()), nil
}

// set gives v the quantities that m is made from.
func (f Frame) set(v *metrics.Values, m *metrics.Measure, row int) error {
	for _, part := range append([]*metrics.Measure{m.Num, m.Den}, m.Terms...) {
		if part == nil {
			continue
		}
		if err := f.set(v, part, row); err != nil {
			return err
		}
	}
	if m.Num != nil || m.Terms != nil {
		return nil
	}
	text := string(f.Values[m.Name][row])
	if text == "" {
		v.SetUnknown(m.Base)
		return nil
	}
	whole, decimals, _ := strings.Cut(text, ".")
	n, ok := new(big.Int).SetString(whole+decimals+strings.Repeat("0", max(0, m.Scale()-len(decimals))), 10)
	if !ok || len(decimals) > m.Scale() || n.BitLen() > 126 {
		return &pipeline.Error{Kind: pipeline.ErrData, Column: m.Name, Value: text, Msg: fmt.Sprintf("is no number of %d decimals", m.Scale())}
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	v.Set(m.Base, pipeline.Total{Lo: low.Uint64(), Hi: new(big.Int).Rsh(n, 64).Int64()})
	return nil
}

func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}
