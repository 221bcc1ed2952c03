package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

// results evaluates all checks. Every writer is closed. lake is where rows of
// earlier runs are; nil where there are none.
func (s *Suite) results(ctx context.Context, lake pipeline.Lake) ([]pipeline.CheckResult, error) {
	var out []pipeline.CheckResult
	for _, st := range s.states {
		r := pipeline.CheckResult{Check: st.ID(), Table: st.Table, Columns: st.Columns, Kind: string(st.Kind), Says: st.Says(), Severity: string(st.Severity)}
		if st.Severity == "" {
			r.Severity = string(Error)
		}
		if err := s.result(ctx, lake, st, &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (s *Suite) result(ctx context.Context, lake pipeline.Lake, st *state, r *pipeline.CheckResult) error {
	r.Rows, r.Failures, r.Samples = st.rows, st.failures, st.samples
	w, written := s.written[st.Table]
	skip := func(why string) error {
		r.Status, r.Message = "skipped", why
		return nil
	}
	if !written || w.amended && w.rows == 0 && st.Kind != RowCount {
		return skip("no rows were written")
	}
	of := func(t *pipeline.Table) *seen { return s.of(t.Name) }
	switch st.Kind {
	case Unique:
		if err := s.repeated(st, r); err != nil {
			return err
		}
	case Relationships:
		if to, whole := s.written[st.to.Name]; !whole || to.amended {
			if lake == nil {
				return skip(st.to.Name + " was not written")
			}
			if err := s.readKnown(ctx, lake, st); err != nil {
				return err
			}
		}
		if err := s.unrelated(st, r); err != nil {
			return err
		}
	case RowCount:
		r.Rows = w.rows + w.kept
		n := r.Rows
		if low, err := strconv.ParseInt(st.Min, 10, 64); err == nil && n < low {
			r.Failures, r.Message = 1, fmt.Sprintf("there are %d rows, fewer than %d", n, low)
		}
		if high, err := strconv.ParseInt(st.Max, 10, 64); err == nil && n > high {
			r.Failures, r.Message = 1, fmt.Sprintf("there are %d rows, more than %d", n, high)
		}
	case SumEquals:
		if of(st.table).amended || of(st.to).amended || of(st.table).rows == 0 && of(st.to).rows == 0 {
			return skip("only some of the rows were written")
		}
		if st.sum != st.other {
			r.Failures, r.Message = 1, fmt.Sprintf("the sums are %s and %s", amount(st.table, st.Columns[0], st.sum), amount(st.to, st.toColumn(), st.other))
		}
	case Freshness:
		switch {
		case !st.any:
			r.Failures, r.Message = 1, "there is no value"
		default:
			if old := s.start.Sub(time.UnixMicro(st.newest)).Round(time.Second); old > st.Within {
				r.Failures, r.Message = 1, fmt.Sprintf("the newest is %s old, from %s", old, time.UnixMicro(st.newest).UTC().Format("2006-01-02 15:04:05"))
			}
		}
	}
	warn, fail := st.limits()
	switch {
	case fail != nil && fail.Exceeded(r.Failures, r.Rows):
		r.Status = "error"
	case warn != nil && warn.Exceeded(r.Failures, r.Rows):
		r.Status = "warn"
	default:
		r.Status = "pass"
	}
	return nil
}

// amount is a sum in the unit of its column.
func amount(t *pipeline.Table, column string, sum pipeline.Total) string {
	scale := int32(0)
	if d, ok := t.Columns[t.MustIndex(column)].Type.(*arrow.Decimal128Type); ok {
		scale = d.Scale
	}
	return decimal128.New(sum.Hi, sum.Lo).ToString(scale)
}

// merged hands the keys of all bags to f, part by part, with a dictionary that is
// of the part: equal keys of several bags have one code.
func merged(bags []*bag, part int, f func(code int32, key []byte, n int64), codes *pipeline.Dictionary) error {
	for _, b := range bags {
		err := b.each(part, func(key []byte, n int64) error {
			code := codes.Code(key)
			if code < 0 {
				return errors.New("too many different keys")
			}
			f(code, key, n)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// repeated counts the rows that share their key with another.
func (s *Suite) repeated(st *state, r *pipeline.CheckResult) error {
	for part := range bagParts {
		codes := pipeline.NewDictionary()
		var rows []int64
		err := merged(st.keys, part, func(code int32, _ []byte, n int64) {
			if int(code) == len(rows) {
				rows = append(rows, 0)
			}
			rows[code] += n
		}, codes)
		if err != nil {
			return err
		}
		for code, n := range rows {
			if n < 2 {
				continue
			}
			r.Failures += n
			if len(r.Samples) < s.samples {
				r.Samples = append(r.Samples, fmt.Sprintf("%s: %d rows", readKey(st.table, st.Columns, codes.Bytes(int32(code))), n))
			}
		}
	}
	return nil
}

// readKnown notes the values of a column that tables of earlier runs have.
func (s *Suite) readKnown(ctx context.Context, lake pipeline.Lake, st *state) error {
	y := &tally{suite: s, table: st.to}
	b := newBag(s.scratch)
	st.known = append(st.known, b)
	for rec, err := range lake.Read(ctx, st.to, []string{st.toColumn()}) {
		if err != nil {
			return err
		}
		if err := y.values(b, st.toColumn(), rec.Column(0), nil); err != nil {
			return err
		}
	}
	return nil
}

// unrelated counts the rows whose value the other table does not have.
func (s *Suite) unrelated(st *state, r *pipeline.CheckResult) error {
	for part := range bagParts {
		codes := pipeline.NewDictionary()
		if err := merged(st.known, part, func(int32, []byte, int64) {}, codes); err != nil {
			return err
		}
		known := codes.Len()
		var rows []int64 // by code beyond those
		err := merged(st.keys, part, func(code int32, _ []byte, n int64) {
			at := int(code) - known
			if at < 0 {
				return
			}
			if at == len(rows) {
				rows = append(rows, 0)
			}
			rows[at] += n
		}, codes)
		if err != nil {
			return err
		}
		for at, n := range rows {
			r.Failures += n
			if len(r.Samples) < s.samples {
				r.Samples = append(r.Samples, fmt.Sprintf("%s: %d rows", readKey(st.table, st.Columns, codes.Bytes(int32(known+at))), n))
			}
		}
	}
	return nil
}
