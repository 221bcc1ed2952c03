package bronze

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// ReturnedOrder is one record of a list of returned orders: an order, or one
// product of an order, that came back. The texts are as the list has them.
type ReturnedOrder struct {
	OrderID    string
	ProductID  string // "" = the whole order
	ReturnedAt pipeline.Null[pipeline.Timestamp]
}

// LoadReturned reads the mapping's lists of returned orders. Records without an
// order are passed over.
func LoadReturned(ctx context.Context, m *Mapping, open pipeline.Opener) ([]ReturnedOrder, error) {
	var out []ReturnedOrder
	for i := range m.Rules.ReturnedOrders {
		var err error
		if out, err = loadReturned(ctx, m, &m.Rules.ReturnedOrders[i], open, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func loadReturned(ctx context.Context, m *Mapping, spec *ReturnedOrdersSpec, open pipeline.Opener, out []ReturnedOrder) ([]ReturnedOrder, error) {
	cast := pipeline.Cast{Type: pipeline.TimestampType, Location: cmp.Or(spec.Location, m.Location)}
	for _, c := range spec.Columns {
		if c.Column == "returned_at" {
			cast.Dates, cast.Location = c.Dates, cmp.Or(c.Location, cast.Location)
		}
	}
	dates, err := pipeline.NewParser(cast)
	if err != nil {
		return nil, err
	}
	at := map[string][]int{} // by bronze column: the positions of its source columns in the current file
	files := textFiles{ctx: ctx, dir: m.Dir, read: spec.Read, open: open}
	files.begin = func(_ string, header []string) error {
		clear(at)
		for _, c := range spec.Columns {
			for _, from := range c.From {
				from = strings.TrimSpace(from)
				if err := onceIn(header, from); err != nil {
					return err
				}
				at[c.Column] = append(at[c.Column], slices.Index(header, from))
			}
		}
		return nil
	}
	files.each = func(row int64, texts []string) error {
		value := func(column string) string {
			for _, i := range at[column] {
				if texts[i] != "" {
					return texts[i]
				}
			}
			return ""
		}
		r := ReturnedOrder{OrderID: value("order_id"), ProductID: value("product_id")}
		if r.OrderID == "" {
			return nil
		}
		text := value("returned_at")
		ts, status := dates.Timestamp([]byte(text))
		if status == pipeline.Failed {
			return &pipeline.Error{Kind: pipeline.ErrInput, Row: row, Column: "returned_at", Value: text,
				Msg: "not a date", Hint: `name its pattern: returned_at: {from: …, dates: ["%d/%m/%Y"]}`}
		}
		r.ReturnedAt = pipeline.Null[pipeline.Timestamp]{V: ts, Valid: status == pipeline.Parsed}
		out = append(out, r)
		return nil
	}
	return out, files.scan(spec.Files)
}
