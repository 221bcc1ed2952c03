package dbtproject

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/models"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// schema is models/<layer>/schema.yml: what the models are, column by column, and
// the rules that they keep.
func (p *Project) schema(layer string) string {
	var b strings.Builder
	b.WriteString("version: 2\n\nmodels:\n")
	for _, m := range p.Models {
		if m.Layer != layer {
			continue
		}
		fmt.Fprintf(&b, "  - name: %s\n    description: %s\n", m.Name, described(m.Doc))
		if m.Table == nil {
			b.WriteString("    config:\n      tags: [step]\n\n")
			continue
		}
		b.WriteString("    config:\n      contract: {enforced: true}\n")
		p.list(&b, "    ", m, func(t *test) bool {
			return len(t.Columns) != 1 || t.model.Table.Index(t.Columns[0]) < 0 || t.kind == "quarantined"
		})
		b.WriteString("    columns:\n")
		measures := gold.MeasuresOf(m.Table.Name)
		for _, c := range m.Table.Columns {
			fmt.Fprintf(&b, "      - name: %s\n        description: %s\n        data_type: %s\n", c.Name, described(c.Doc), dataType(c.Type, p.Dialect))
			if p.Dialect.Column(c.Name) != c.Name {
				b.WriteString("        quote: true\n")
			}
			meta := []string{}
			if measure := measures[c.Name]; measure != nil {
				meta = append(meta, "unit: "+scalar(measure.Unit))
			}
			if c.PII != "" {
				meta = append(meta, "pii: "+scalar(c.PII))
			}
			switch {
			case c.PII != "":
				fmt.Fprintf(&b, "        config: {tags: [pii], meta: {%s}}\n", strings.Join(meta, ", "))
			case len(meta) > 0:
				fmt.Fprintf(&b, "        config: {meta: {%s}}\n", strings.Join(meta, ", "))
			}
			if !c.Nullable && p.Target != Spark { // where Delta takes no NOT NULL of a column that is there
				b.WriteString("        constraints: [{type: not_null}]\n")
			}
			p.list(&b, "        ", m, func(t *test) bool {
				return t.ofColumn() && t.Columns[0] == c.Name
			})
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// list writes the tests of a model that are wanted.
func (p *Project) list(b *strings.Builder, indent string, m *models.Model, wanted func(*test) bool) {
	head := indent + "data_tests:\n"
	for _, t := range p.checks {
		if t.model == m && wanted(t) {
			b.WriteString(head + t.yaml(indent+"  "))
			head = ""
		}
	}
}

// dataType spells a column's type as a dialect does.
func dataType(t arrow.DataType, d sql.Dialect) string {
	if i := slices.IndexFunc([]arrow.DataType{pipeline.PriceType, pipeline.RateType, pipeline.RatioType, pipeline.SumType}, func(o arrow.DataType) bool { return arrow.TypeEqual(t, o) }); i >= 0 {
		of := t.(*arrow.Decimal128Type)
		return fmt.Sprintf("decimal(%d,%d)", of.Precision, of.Scale)
	}
	if dictionary, ok := t.(*arrow.DictionaryType); ok {
		t = dictionary.ValueType
	}
	names := map[arrow.Type][2]string{
		arrow.STRING: {"varchar", "string"}, arrow.BINARY: {"blob", "binary"}, arrow.INT32: {"integer", "int"}, arrow.INT64: {"bigint", "bigint"},
		arrow.BOOL: {"boolean", "boolean"}, arrow.DATE32: {"date", "date"}, arrow.TIMESTAMP: {"timestamp with time zone", "timestamp"},
	}[t.ID()]
	if d == sql.DuckDB {
		return names[0]
	}
	return names[1]
}

// seed is a seed's file.
func seed(s models.Seed) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write(s.Columns); err != nil {
		return "", err
	}
	err := w.WriteAll(s.Rows)
	return b.String(), err
}

// seedSchema is seeds/schema.yml. All columns are text.
func (p *Project) seedSchema() string {
	var b strings.Builder
	b.WriteString("version: 2\n\nseeds:\n")
	for _, s := range p.Seeds {
		fmt.Fprintf(&b, "  - name: %s\n    description: %s\n    config:\n      column_types:\n", s.Name, described(s.Doc))
		for _, c := range s.Columns {
			fmt.Fprintf(&b, "        %s: %s\n", c, dataType(pipeline.StringType, p.Dialect))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
