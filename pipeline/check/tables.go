package check

import (
	"context"

	"github.com/smeltdata/smelt/pipeline"
)

// Tables checks tables that are there: read streams columns of one. Tables that
// no check looks at are not read.
func (s *Suite) Tables(ctx context.Context, read func(ctx context.Context, t *pipeline.Table, columns []string) pipeline.Stream) ([]pipeline.CheckResult, error) {
	for _, t := range s.order {
		y := s.begin(t)
		if len(y.of)+len(y.asTo) == 0 {
			continue
		}
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, c.Name)
		}
		for rec, err := range read(ctx, t, columns) {
			if err == nil {
				err = y.add(rec)
			}
			if err != nil {
				return nil, err
			}
		}
		y.done()
	}
	return s.results(ctx, nil)
}
