package pipeline

import (
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
)

// Stream is a sequence of record batches of one schema. An error ends it. A
// batch is lent: it is valid until the next step; Retain it to keep it. To stop
// early, break: whatever the stream holds open is closed.
type Stream = iter.Seq2[arrow.Record, error]

// Stage turns a stream into another one. A stage starts no goroutine, keeps
// row order, passes errors on, and gives the same rows however its input is
// cut into batches.
type Stage func(Stream) Stream

// Of returns a stream over batches that the caller owns.
func Of(batches ...arrow.Record) Stream {
	return func(yield func(arrow.Record, error) bool) {
		for _, b := range batches {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// EachStretch hands the stretches of a batch's wanted rows to f, in order; each is
// lent. It asks once for each row.
func EachStretch(rec arrow.Record, wanted func(row int) bool, f func(arrow.Record) error) error {
	n := int(rec.NumRows())
	for from := 0; from < n; from++ {
		if !wanted(from) {
			continue
		}
		to := from + 1
		for to < n && wanted(to) {
			to++
		}
		part := rec.NewSlice(int64(from), int64(to))
		err := f(part)
		part.Release()
		if err != nil {
			return err
		}
		from = to // which is not wanted
	}
	return nil
}

// Map returns a stage that turns each batch into one other. The batch that f
// returns is released after the consumer's step.
func Map(f func(arrow.Record) (arrow.Record, error)) Stage {
	return func(in Stream) Stream {
		return func(yield func(arrow.Record, error) bool) {
			for rec, err := range in {
				if err == nil {
					rec, err = f(rec)
				}
				if err != nil {
					yield(nil, err)
					return
				}
				more := yield(rec, nil)
				rec.Release()
				if !more {
					return
				}
			}
		}
	}
}

// Chain returns the stage that runs stages one after the other.
func Chain(stages ...Stage) Stage {
	return func(in Stream) Stream {
		for _, s := range stages {
			in = s(in)
		}
		return in
	}
}

// Collect reads a stream to its end and returns its batches, retained: the
// caller releases them. After an error it returns none.
func Collect(in Stream) ([]arrow.Record, error) {
	var out []arrow.Record
	for rec, err := range in {
		if err != nil {
			for _, r := range out {
				r.Release()
			}
			return nil, err
		}
		rec.Retain()
		out = append(out, rec)
	}
	return out, nil
}

// WriteTo returns a stage that writes each batch that passes through it.
func WriteTo(w Writer) Stage {
	return func(in Stream) Stream {
		return func(yield func(arrow.Record, error) bool) {
			for rec, err := range in {
				if err == nil && rec.NumRows() > 0 {
					err = w.Write(rec)
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(rec, nil) {
					return
				}
			}
		}
	}
}
