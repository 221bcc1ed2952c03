package dashboard

import (
	"strings"

	"github.com/smeltdata/smelt/metrics"
)

// titles are those of measures whose names do not say it.
var titles = map[*metrics.Measure]string{metrics.AOV: "Average order value"}

// bookMeasures are the measures that a page shows of any group of lines: not dates,
// nor what is of one customer.
func bookMeasures() []Measure {
	var out []Measure
	for _, m := range metrics.All() {
		if m.Unit == "date" || m == metrics.SaleDates || m == metrics.CLV {
			continue
		}
		b := Measure{Name: m.Name, Title: titles[m], Unit: m.Unit, Kind: "count", Doc: m.Doc, Formula: m.Formula}
		switch {
		case m.Unit == "fraction":
			b.Kind = "ratio"
		case m.Scale() > 0:
			b.Kind = "money"
		}
		if b.Title == "" {
			words := strings.ReplaceAll(m.Name, "_", " ")
			b.Title = strings.ToUpper(words[:1]) + words[1:]
		}
		if m.Den != nil {
			b.Num, b.Den = m.Num.Name, m.Den.Name
		}
		for _, t := range m.Terms {
			b.Terms = append(b.Terms, t.Name)
		}
		out = append(out, b)
	}
	return out
}
