package powerbi

import (
	"context"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// Lacking says by table in which columns of a model's silver tables no row has a
// value: a shop that knows no cost has none in fact_sales.cost. What silver writes
// for an unknown category, country or state is no value. A table without rows lacks
// nothing. Most columns have a value in their first rows, and only the others are
// read to the end. Errors are those of reading the lake in dir.
func Lacking(ctx context.Context, dir string, tables []*pipeline.Table) (map[string][]string, error) {
	out := map[string][]string{}
	for _, t := range tables {
		if t.Layer() != "silver" || !own(t) {
			continue
		}
		var columns []string
		for _, c := range t.Columns {
			if c.Nullable || unknown[c.Name] != "" {
				columns = append(columns, c.Name)
			}
		}
		stored, err := store.OpenTable(ctx, dir, t.Name, store.At{})
		if err != nil {
			return nil, err
		}
		rows := false
		for _, most := range []int{1, 1 << 62} {
			n := 0
			for rec, err := range stored.Scan(ctx, columns) {
				if err != nil {
					return nil, err
				}
				rows = rows || rec.NumRows() > 0
				columns = slices.DeleteFunc(columns, func(name string) bool {
					at := rec.Schema().FieldIndices(name)
					return len(at) == 1 && known(rec.Column(at[0]), unknown[name])
				})
				if n++; n == most || len(columns) == 0 {
					break
				}
			}
			if len(columns) == 0 {
				break
			}
		}
		if rows && len(columns) > 0 {
			out[t.Name] = columns
		}
	}
	return out, nil
}

// unknown is what silver writes where it does not know, instead of NULL.
var unknown = map[string]string{"category": "Uncategorized", "country": "Unknown", "state": "Unknown"}

// known reports whether a row has a value that is not the one for none.
func known(col arrow.Array, none string) bool {
	if none == "" {
		return col.NullN() < col.Len()
	}
	for i := range col.Len() {
		if !col.IsNull(i) && col.ValueStr(i) != none {
			return true
		}
	}
	return false
}
