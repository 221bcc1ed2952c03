package check

import (
	"context"
	"errors"
	"fmt"
	"math/big"
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
		r := pipeline.CheckResult{Check: st.ID(), Table: st.Table, Columns: st.Columns, Kind: string(st.Kind), Says: st.Says(), Severity: string(st.severity())}
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
	if !written && st.Of == newRows {
		w, written = new(seen), true // none came
	}
	skip := func(why string) error {
		r.Status, r.Message = "skipped", why
		return nil
	}
	if !written || w.amended && w.rows == 0 && st.Kind != RowCount && st.Kind != VolumeAnomalies {
		return skip("no rows were written")
	}
	whole := func(t *pipeline.Table) bool { w := s.written[t.Name]; return w != nil && !w.amended }
	switch st.Kind {
	case Unique:
		if err := s.repeated(st, r); err != nil {
			return err
		}
	case Relationships:
		if !whole(st.to) {
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
		r.Value = new(float64)
		*r.Value = float64(n)
	case VolumeAnomalies, ShareAnomalies:
		return s.anomaly(ctx, st, w, r)
	case SumEquals:
		if !whole(st.table) || !whole(st.to) {
			return skip("only some of the rows were written: smelt test compares the sums of all")
		}
		if !sameSum(st) {
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
	st.conclude(r)
	return nil
}

// conclude says what so many failures mean.
func (st *state) conclude(r *pipeline.CheckResult) {
	if st.OnFailure == Quarantine && r.Failures > 0 {
		r.Message = fmt.Sprintf("%d of %d rows are in quarantine: not %s", r.Failures, r.Rows, st.Says())
	}
	warn, fail := st.Limits()
	switch {
	case fail != nil && fail.Exceeded(r.Failures, r.Rows):
		r.Status = "error"
	case warn != nil && warn.Exceeded(r.Failures, r.Rows):
		r.Status = "warn"
	default:
		r.Status = "pass"
	}
}

// amount is a sum in the unit of its column.
func amount(t *pipeline.Table, column string, sum pipeline.Total) string {
	scale, _ := scaleOf(t, column)
	return decimal128.New(sum.Hi, sum.Lo).ToString(scale)
}

// scaleOf returns how many decimals a column of numbers has; false for any other.
func scaleOf(t *pipeline.Table, column string) (int32, bool) {
	switch c := t.Columns[t.MustIndex(column)].Type.(type) {
	case *arrow.Decimal128Type:
		return c.Scale, true
	case *arrow.Int64Type, *arrow.Int32Type:
		return 0, true
	}
	return 0, false
}

// sameSum reports whether both sums of a check are the same number: columns of
// different scale hold it in different units.
func sameSum(st *state) bool {
	of, _ := scaleOf(st.table, st.Columns[0])
	to, _ := scaleOf(st.to, st.toColumn())
	in := func(sum pipeline.Total, scale int32) *big.Int {
		v := decimal128.New(sum.Hi, sum.Lo).BigInt()
		return v.Mul(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(of, to)-scale)), nil))
	}
	return in(st.sum, of).Cmp(in(st.other, to)) == 0
}

// numbered hands the keys of a part to f, each with its number in codes.
func (b *bag) numbered(part int, codes *pipeline.Dictionary, f func(code int32, n int64)) error {
	return b.each(part, func(key []byte, n int64) error {
		code := codes.Code(key)
		if code < 0 {
			return errors.New("too many different keys")
		}
		f(code, n)
		return nil
	})
}

// readKnown notes the values of a column that tables of earlier runs have.
func (s *Suite) readKnown(ctx context.Context, lake pipeline.Lake, st *state) error {
	y := &tally{suite: s, table: st.to}
	w := st.known.writer()
	for rec, err := range lake.Read(ctx, st.to, []string{st.toColumn()}) {
		if err != nil {
			return err
		}
		if err := y.values(w, st.toColumn(), rec.Column(0), nil); err != nil {
			return err
		}
	}
	w.done()
	return nil
}

// unrelated counts the rows whose value the other table does not have.
func (s *Suite) unrelated(st *state, r *pipeline.CheckResult) error {
	if err := errors.Join(st.keys.flush(), st.known.flush()); err != nil {
		return err
	}
	for part := range partCount {
		codes := pipeline.NewDictionary()
		if err := st.known.numbered(part, codes, func(int32, int64) {}); err != nil {
			return err
		}
		known := codes.Len()
		var rows []int64 // by code beyond those
		err := st.keys.numbered(part, codes, func(code int32, n int64) {
			at := int(code) - known
			if at < 0 {
				return
			}
			if at == len(rows) {
				rows = append(rows, 0)
			}
			rows[at] += n
		})
		if err != nil {
			return err
		}
		for at, n := range rows {
			r.Failures += n
			if len(r.Samples) < st.kept() {
				r.Samples = append(r.Samples, st.failedKey(codes.Bytes(int32(known+at)), n))
			}
		}
	}
	return nil
}
