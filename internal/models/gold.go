package models

import (
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// goldModels adds the models of the layer gold, and the sources and seeds that they read.
func (p *Project) goldModels() error {
	rules := &p.Mapping.Rules
	p.Seeds = append(p.Seeds, segmentGrid(&rules.RFM))
	day := ""
	if rules.ReferenceDate.Valid {
		day = rules.ReferenceDate.V.String()
	}
	text, err := render("gold/int_reference_date.sql", map[string]any{"Day": day}, nil)
	if err != nil {
		return err
	}
	p.Models = append(p.Models, &Model{Layer: "gold", Name: "int_reference_date", SQL: text,
		Doc: "The day that recency and tenure are counted to."})
	for _, spec := range gold.Seed() {
		if err := p.goldModel(spec, rfm(&rules.RFM)); err != nil {
			return err
		}
	}
	return nil
}

// goldModel adds the model of one table. Its file begins with a step "measured",
// which has the table's quantities, takes the rates from that, and ends with the
// table's columns in their order.
func (p *Project) goldModel(spec *gold.Spec, data any) error {
	table, err := spec.Declaration()
	if err != nil {
		return err
	}
	layer, name, _ := strings.Cut(table.Name, ".")
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, c.Name)
	}
	measures := slices.Clone(spec.Measures) // in the table's order, after those that are no column of it
	slices.SortStableFunc(measures, func(a, b *metrics.Measure) int { return table.Index(a.Name) - table.Index(b.Name) })
	text, err := render(layer+"/"+name+".sql", data, template.FuncMap{
		"quantities": func() string { return selected(measures, true) },
		"rates":      func() string { return selected(measures, false) },
		"columns":    func() string { return strings.Join(columns, ",\n    ") },
	})
	if err != nil {
		return err
	}
	p.Models = append(p.Models, &Model{Layer: layer, Name: name, Table: table, Doc: table.Doc, SQL: text})
	return nil
}

// selected writes measures as a select's lines: those that are counted over lines, or
// those that are made of others.
func selected(measures []*metrics.Measure, quantities bool) string {
	var lines []string
	for _, m := range measures {
		if (m.Parts() == nil) == quantities {
			lines = append(lines, m.SQL()+" as "+m.Name)
		}
	}
	return strings.Join(lines, ",\n        ")
}

// score is how one of a customer's scores is made.
type score struct {
	Name, Value string // "r_score" of "recency_days"
	Quantile    bool   // else ntile
	Descending  bool   // the lowest value is best
}

// rfm is what the model of the segmentation needs to know.
func rfm(r *bronze.RFM) any {
	return map[string]any{
		"Monetary": gold.MonetaryMeasure(*r).Name,
		"Scores": []score{
			{"r_score", "recency_days", r.Recency == "quantile", true},
			{"f_score", "frequency", r.Frequency == "quantile", false},
			{"m_score", "monetary", r.Monetary == "quantile", false},
		},
	}
}

// segmentGrid is the segment of each recency and frequency score.
func segmentGrid(r *bronze.RFM) Seed {
	s := Seed{Name: "rfm_segments", Columns: []string{"r_score", "f_score", "segment"},
		Doc: "The segment of each recency and frequency score, as smelt.yml names them."}
	for i, row := range r.Grid {
		for j, name := range row {
			s.Rows = append(s.Rows, []string{strconv.Itoa(i + 1), strconv.Itoa(j + 1), name})
		}
	}
	return s
}

// goldMacros are what gold's models call besides arithmetic.
func goldMacros() []*sql.Macro {
	return []*sql.Macro{
		{Name: "days_between", Args: []string{"first", "last"},
			Doc:    "Days from one date to another, an int; NULL where either is.",
			DuckDB: "cast(datediff('day', {{ first }}, {{ last }}) as int)",
			Spark:  "datediff({{ last }}, {{ first }})"},
		{Name: "each_day", Args: []string{"first", "last"},
			Doc:    "A row for each date from one to another, for the list of a select; no row where either is NULL.",
			DuckDB: "cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date)",
			Spark:  "explode(sequence({{ first }}, {{ last }}, interval 1 day))"},
	}
}
