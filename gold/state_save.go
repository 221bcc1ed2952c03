package gold

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// save writes the groups of a level, column by column.
func (l *level) save(f *Finished) error {
	rows := l.rows()
	if len(l.by) == 0 && !l.sums.has(0, hasLine) {
		rows = nil // a total of nothing
	}
	for some := range slices.Chunk(rows, batchRows) {
		rec := l.record(f.Table.Schema, some)
		err := f.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// record makes a batch of groups, as table declares it.
func (l *level) record(schema *arrow.Schema, groups []int32) arrow.Record {
	n := len(groups)
	var columns []arrow.Array
	for i, d := range l.by {
		if d.isDate() {
			columns = append(columns, datesOf(n, func(k int) (pipeline.Date, bool) { return l.date(groups[k], i) }))
		} else {
			columns = append(columns, stringsOf(n, func(k int) []byte { return l.text(groups[k], i) }))
		}
	}
	flag := func(flag uint32) {
		columns = append(columns, boolsOf(n, func(k int) bool { return l.sums.has(groups[k], flag) }))
	}
	flag(hasSale)
	day := func(of func(*mark) pipeline.Date) {
		columns = append(columns, datesOf(n, func(k int) (pipeline.Date, bool) {
			m := l.sums.mark(groups[k])
			return of(m), m.flags&hasSale != 0
		}))
	}
	for _, b := range l.needs.Bases() {
		switch {
		case b == metrics.MinSaleDate:
			day((*mark).firstSale)
		case b == metrics.MaxSaleDate:
			day((*mark).lastSale)
		case int(b) >= sumBases:
			counts := make([]int64, n)
			for k, g := range groups {
				counts[k] = int64(l.counts[b][g])
			}
			columns = append(columns, longsOf(counts))
		default:
			low, high := make([]int64, n), make([]int64, n)
			for k, g := range groups {
				t := l.sums.total(g, b)
				low[k], high[k] = int64(t.Lo), t.Hi
			}
			columns = append(columns, longsOf(low), longsOf(high))
			if f := unknown(b); f != 0 {
				flag(f)
			}
		}
	}
	rec := array.NewRecord(schema, columns, int64(n))
	for _, c := range columns {
		c.Release()
	}
	return rec
}

func longsOf(values []int64) arrow.Array {
	data := array.NewData(pipeline.Int64Type, len(values), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(values))}, nil, 0, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func boolsOf(n int, at func(i int) bool) arrow.Array {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.UnsafeAppend(at(i))
	}
	return b.NewArray()
}

func datesOf(n int, at func(i int) (day pipeline.Date, valid bool)) arrow.Array {
	b := array.NewDate32Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		if day, ok := at(i); ok {
			b.UnsafeAppend(arrow.Date32(day))
		} else {
			b.UnsafeAppendBoolToBitmap(false)
		}
	}
	return b.NewArray()
}

func stringsOf(n int, at func(i int) []byte) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		if v := at(i); v != nil {
			b.BinaryBuilder.Append(v)
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray()
}
