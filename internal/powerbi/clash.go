package powerbi

import (
	"context"
	"strings"

	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// Clash returns an error where two customers or two products of the lake in dir
// have keys that differ in case only: Power BI takes these for one, and does not
// load a dimension that has a key twice. It is of kind pipeline.ErrData, and a
// warning to whoever exports: the project is right, and other keys make it load.
// Other errors are those of reading the lake.
func Clash(ctx context.Context, dir string, tables []*pipeline.Table) error {
	for _, t := range tables {
		if t.Base() != CustomersTable && t.Base() != ProductsTable {
			continue
		}
		key := t.Key[0]
		stored, err := store.OpenTable(ctx, dir, t.Name, store.At{})
		if err != nil {
			return err
		}
		seen := map[string]string{}
		for rec, err := range stored.Scan(ctx, []string{key}) {
			if err != nil {
				return err
			}
			col := rec.Column(0)
			for i := range col.Len() {
				value := strings.Clone(col.ValueStr(i))
				folded := strings.ToLower(value)
				if other, ok := seen[folded]; ok {
					return &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: key, Value: value, Msg: "differs from " + other + " in case only: Power BI takes them for one, and will not load the table",
						Hint: "give one of them another key in the shop's files"}
				}
				seen[folded] = value
			}
		}
	}
	return nil
}
