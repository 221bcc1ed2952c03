package powerbi

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

// tmdl writes the language of semantic models: lines, whose depth is in tabs; a
// thing's properties are below it, one deeper, and its description is above it.
type tmdl struct{ strings.Builder }

// line writes one line at a depth.
func (w *tmdl) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("\t", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// doc writes the description of what follows, without empty lines.
func (w *tmdl) doc(depth int, paragraphs ...string) {
	for _, p := range paragraphs {
		for line := range strings.Lines(p) {
			if line = strings.TrimSpace(line); line != "" {
				w.line(depth, "/// %s", line)
			}
		}
	}
}

// expression writes "head = text"; text of more than one line goes below, deeper
// than the properties that follow.
func (w *tmdl) expression(depth int, head, text string) {
	if !strings.Contains(text, "\n") {
		w.line(depth, "%s = %s", head, text)
		return
	}
	w.line(depth, "%s =", head)
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n "); line == "" {
			w.WriteByte('\n')
		} else {
			w.line(depth+2, "%s", line)
		}
	}
}

var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// named writes a name, in quotes where it needs them.
func named(name string) string {
	if plain.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}

// reference writes a column as TMDL does: table.column.
func reference(f Field) string { return named(f.Table) + "." + named(f.Name) }

// tag is the id of a thing: a UUID from its names, which stays the same for as
// long as it is called the same, so that reports keep finding it.
func tag(names ...string) string {
	sum := sha256.Sum256([]byte("smelt\x00" + strings.Join(names, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8: made by a rule of one's own
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// databaseTMDL is the level of the engine that the model needs: that of Power BI
// Desktop since 2023.
func databaseTMDL() string { return "database\n\tcompatibilityLevel: 1600\n\n" }

func modelTMDL(m *Model) string {
	var w tmdl
	w.line(0, "model Model")
	w.line(1, "culture: en-US")
	w.line(1, "defaultPowerBIDataSourceVersion: powerBI_V3")
	w.line(1, "sourceQueryCulture: en-US")
	w.line(0, "")
	var order []string
	for _, e := range m.Expressions {
		order = append(order, fmt.Sprintf("%q", e.Name))
	}
	for _, t := range m.Tables {
		order = append(order, fmt.Sprintf("%q", t.Name))
	}
	w.line(0, "annotation PBI_QueryOrder = [%s]", strings.Join(order, ","))
	w.line(0, "")
	w.line(0, "annotation __PBI_TimeIntelligenceEnabled = 0") // no hidden calendar for each column of dates
	w.line(0, "")
	for _, t := range m.Tables {
		w.line(0, "ref table %s", named(t.Name))
	}
	w.line(0, "")
	return w.String()
}

func expressionsTMDL(m *Model) string {
	var w tmdl
	for _, e := range m.Expressions {
		w.doc(0, e.Doc)
		w.expression(0, "expression "+named(e.Name), e.M)
		w.line(1, "lineageTag: %s", tag("expression", e.Name))
		w.line(0, "")
		w.line(1, "annotation PBI_ResultType = Text")
		w.line(0, "")
	}
	return w.String()
}

func relationshipsTMDL(m *Model) string {
	var w tmdl
	for _, r := range m.Relationships {
		w.line(0, "relationship %s", tag("relationship", r.From.String(), r.To.String()))
		if r.One {
			w.line(1, "crossFilteringBehavior: bothDirections")
			w.line(1, "fromCardinality: one")
		}
		w.line(1, "fromColumn: %s", reference(r.From))
		w.line(1, "toColumn: %s", reference(r.To))
		w.line(0, "")
	}
	return w.String()
}

func tableTMDL(t Table) string {
	var w tmdl
	w.doc(0, t.Doc)
	w.line(0, "table %s", named(t.Name))
	if t.Hidden {
		w.line(1, "isHidden")
	}
	w.line(1, "lineageTag: %s", tag("table", t.Name))
	if t.IsDate {
		w.line(1, "dataCategory: Time")
	}
	w.line(0, "")
	for _, x := range t.Measures {
		w.doc(1, x.Doc, "Formula: "+x.Formula, "Unit: "+x.Unit)
		w.expression(1, "measure "+named(x.Name), x.DAX)
		w.line(2, "formatString: %s", x.Format)
		w.line(2, "displayFolder: %s", x.Folder)
		w.line(2, "lineageTag: %s", tag("measure", x.Name))
		w.line(0, "")
	}
	for _, c := range t.Columns {
		w.column(t, c)
	}
	for _, h := range t.Hierarchies {
		w.line(1, "hierarchy %s", named(h.Name))
		w.line(2, "lineageTag: %s", tag("hierarchy", t.Name, h.Name))
		w.line(0, "")
		for _, level := range h.Levels {
			w.line(2, "level %s", named(level))
			w.line(3, "lineageTag: %s", tag("level", t.Name, h.Name, level))
			w.line(3, "column: %s", named(level))
			w.line(0, "")
		}
	}
	w.line(1, "partition %s = m", named(t.Name))
	w.line(2, "mode: import")
	w.expression(2, "source", t.Query)
	w.line(0, "")
	w.line(1, "annotation PBI_ResultType = Table")
	w.line(0, "")
	return w.String()
}

func (w *tmdl) column(t Table, c Column) {
	w.doc(1, c.Doc)
	w.line(1, "column %s", named(c.Name))
	w.line(2, "dataType: %s", c.Type)
	if c.Hidden {
		w.line(2, "isHidden")
	}
	if c.Key {
		w.line(2, "isKey")
	}
	if c.Format != "" {
		w.line(2, "formatString: %s", c.Format)
	}
	w.line(2, "lineageTag: %s", tag("column", t.Name, c.Name))
	if c.Category != "" {
		w.line(2, "dataCategory: %s", c.Category)
	}
	if c.Sum {
		w.line(2, "summarizeBy: sum")
	} else {
		w.line(2, "summarizeBy: none")
	}
	w.line(2, "sourceColumn: %s", c.Name)
	if c.SortBy != "" {
		w.line(2, "sortByColumn: %s", named(c.SortBy))
	}
	w.line(0, "")
	w.line(2, "annotation SummarizationSetBy = User")
	w.line(0, "")
	if c.Type == DateTime {
		w.line(2, "annotation UnderlyingDateTimeDataType = Date")
		w.line(0, "")
	}
}
