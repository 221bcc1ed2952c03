package register

import (
	"context"
	"encoding/json"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// logged returns the columns that a Delta table's log gives it now. A column's
// comment there is its Doc.
func logged(folder string) ([]Column, error) {
	s, err := deltaio.Load(context.Background(), folder)
	if err != nil {
		return nil, err
	}
	var out []Column
	for _, c := range s.Schema.Columns {
		var name string
		_ = json.Unmarshal(c.Delta, &name) // a nested type is an object, which is no name
		t, ok := typeNamed(name)
		if !ok {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: folder, Column: c.Name, Value: string(c.Delta),
				Msg: "smelt registers no column of this type", Hint: "register this table by hand, or drop the column"}
		}
		out = append(out, Column{Name: c.Name, Type: t, Nullable: c.Nullable, Doc: c.Comment})
	}
	return out, nil
}
