package bronze

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// columns is the shape of a source's columns: bronze columns, each with where
// it comes from. tables are those whose columns may stand there; except are
// columns that may not.
func columns(def string, except []string, tables ...*pipeline.Table) shape[[]ColumnSpec] {
	kind := "bronze columns, each with where it comes from"
	return shape[[]ColumnSpec]{
		kind: kind,
		decode: func(d *decoder, n *node, path string, to *[]ColumnSpec) error {
			*to = nil
			return d.each(n, path, kind, func(k, v *node, path string) error {
				c := ColumnSpec{Column: k.text}
				err := columnSpec.decode(d, v, path, &c)
				*to = append(*to, c)
				return err
			})
		},
		schema: func(s *schemas) object {
			return s.define(def, func() object {
				properties := object{}
				for _, t := range tables {
					for _, c := range mappable(t, except) {
						o := columnSpec.schema(s)
						o["description"] = c.Doc + " (" + pipeline.TypeName(c.Type) + ")"
						properties[c.Name] = o
					}
				}
				return object{"type": "object", "properties": properties, "additionalProperties": false}
			})
		},
	}
}

// columnSpec is a column's name or a lookup, or a column block. Its Column is
// set already.
var columnSpec = shape[ColumnSpec]{
	kind: "a source column, or keys and values",
	decode: func(d *decoder, n *node, path string, to *ColumnSpec) error {
		switch n.kind {
		case mapNode:
			return columnBlock.decode(d, n, path, to)
		case listNode:
			return d.fail(n, to.Column+": a list of columns stands under from", "write {from: [First, Second]}")
		}
		to.From = []string{""}
		return text.decode(d, n, path, &to.From[0])
	},
	schema: func(s *schemas) object { return object{"anyOf": []any{anyScalar, schemaOf(s, columnBlock)}} },
}

// mappable returns the columns of a bronze table that a mapping may fill.
func mappable(t *pipeline.Table, except []string) []pipeline.Column {
	var out []pipeline.Column
	for _, c := range t.Columns {
		if !strings.HasPrefix(c.Name, "_") && !slices.Contains(except, c.Name) {
			out = append(out, c)
		}
	}
	return out
}

func columnNames(columns []pipeline.Column) []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return names
}

// segments is the RFM grid: names of segments, each with its cells.
var segments = shape[[5][5]string]{
	kind: "names of segments, each with its cells (R1-2 F3)",
	decode: func(d *decoder, n *node, path string, to *[5][5]string) error {
		*to = [5][5]string{}
		err := d.each(n, path, "names of segments, each with its cells", func(k, v *node, path string) error {
			var cells []string
			if err := texts.decode(d, v, path, &cells); err != nil {
				return err
			}
			for i, text := range cells {
				at := v
				if v.kind == listNode {
					at = v.items[i]
				}
				m := cellForm.FindStringSubmatch(text)
				if m == nil {
					return d.fail(at, fmt.Sprintf("%q is not a cell of the grid", text), "write R1-2 F3: scores from 1 to 5, a single one or a range")
				}
				r1, r2 := span(m[1], m[2])
				f1, f2 := span(m[3], m[4])
				if r1 > r2 || f1 > f2 {
					return d.fail(at, fmt.Sprintf("%q has a range that runs backwards", text), "")
				}
				for r := r1; r <= r2; r++ {
					for f := f1; f <= f2; f++ {
						if other := to[r-1][f-1]; other != "" {
							return d.fail(at, fmt.Sprintf("R%d F%d is both %q and %q", r, f, other, k.text), "each cell of the grid has one segment")
						}
						to[r-1][f-1] = k.text
					}
				}
			}
			return nil
		})
		if err == nil && *to == [5][5]string{} {
			return d.fail(n, "segments: names no cell of the grid", "leave the key out for the usual segments")
		}
		return err
	},
	schema: func(s *schemas) object {
		cell := object{"type": "string", "pattern": cellForm.String()}
		return object{"type": "object", "additionalProperties": object{"anyOf": []any{cell, object{"type": "array", "items": cell}}}}
	},
}

var cellForm = regexp.MustCompile(`^R([1-5])(?:-([1-5]))? F([1-5])(?:-([1-5]))?$`)

func span(from, to string) (int, int) {
	a, _ := strconv.Atoi(from)
	if to == "" {
		return a, a
	}
	b, _ := strconv.Atoi(to)
	return a, b
}
