package parquetio

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// TestDictionaries writes the same texts with dictionaries that grow, that
// change from batch to batch, and with none: the files are the same. A
// dictionary that holds a text twice may make another file of the same rows.
func TestDictionaries(t *testing.T) {
	table := mustTable("test.dictionaries", col("c", pipeline.CodeType).null())
	for _, c := range []struct {
		name  string
		rows  int
		o     Options
		value func(r *rand.Rand, row int) string
	}{
		{"few", 20_000, Options{RowGroupRows: 6_000, PageRows: 700}, func(r *rand.Rand, _ int) string { return fmt.Sprint("v", r.IntN(40)) }},
		{"one", 20_000, Options{RowGroupRows: 6_000, PageRows: 700}, func(r *rand.Rand, row int) string { return fmt.Sprint("v", row/3_000) }},
		{"empty first", 20_000, Options{RowGroupRows: 6_000, PageRows: 700}, func(r *rand.Rand, row int) string { return "value"[:min(5, row/2_000)] }},
		{"many", 20_000, Options{RowGroupRows: 6_000, PageRows: 700}, func(r *rand.Rand, _ int) string { return fmt.Sprint("v", r.IntN(4_000)) }},
		{"new", 20_000, Options{RowGroupRows: 6_000}, func(r *rand.Rand, row int) string { return fmt.Sprint("v", row) }},
		{"too many", 260_000, Options{}, func(r *rand.Rand, row int) string { return fmt.Sprint("v", r.IntN(500+max(0, 4*(row-40_000)))) }},
		{"too long", 30_000, Options{PageRows: 1_000}, func(r *rand.Rand, row int) string {
			return fmt.Sprintf("v%0200d", r.IntN(50+max(0, 2*(row-2_000))))
		}},
	} {
		r := rand.New(rand.NewPCG(1, 4))
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for row := range c.rows {
			if row/4_000%3 == 1 && r.IntN(3) == 0 {
				b.AppendNull()
			} else {
				b.Append(c.value(r, row))
			}
		}
		rows := b.NewStringArray()
		file := written(t, table, c.o, oneColumn("c", rows))
		checkFile(t.Fatalf, file, filepath.Join(t.TempDir(), "test.parquet"), table, oneColumn("c", rows))

		growing, other := pipeline.NewDictionary(), pipeline.NewDictionary()
		other.Code([]byte("unused"))
		for name, encode := range map[string]func(k int, a *array.String) arrow.Array{
			"growing": func(_ int, a *array.String) arrow.Array { return codes(a, growing) },
			"two":     func(k int, a *array.String) arrow.Array { return codes(a, []*pipeline.Dictionary{growing, other}[k%2]) },
			"twice":   func(_ int, a *array.String) arrow.Array { return twice(codes(a, growing)) },
			"some":    func(k int, a *array.String) arrow.Array { return []arrow.Array{a, codes(a, other)}[k%2] },
		} {
			var batches []arrow.Record
			for at, k := 0, 0; at < rows.Len(); k++ {
				end := min(rows.Len(), at+1+r.IntN(c.rows/8))
				batches = append(batches, oneColumn("c", encode(k, array.NewSlice(rows, int64(at), int64(end)).(*array.String))))
				at = end
			}
			other := written(t, table, c.o, batches...)
			if name == "twice" {
				checkFile(t.Fatalf, other, filepath.Join(t.TempDir(), "test.parquet"), table, oneColumn("c", rows))
			} else if !bytes.Equal(other, file) {
				t.Errorf("%s: dictionary %q makes another file", c.name, name)
			}
		}
	}
}

// codes encodes text with a dictionary, which grows.
func codes(a *array.String, d *pipeline.Dictionary) arrow.Array {
	b := array.NewInt32Builder(memory.DefaultAllocator)
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(d.Code([]byte(a.Value(i))))
		}
	}
	return array.NewDictionaryArray(pipeline.CodeType, b.NewArray(), d.Values())
}

// twice has each text of a dictionary twice, and every other row use the
// second.
func twice(a arrow.Array) arrow.Array {
	d := a.(*array.Dictionary)
	values, err := array.Concatenate([]arrow.Array{d.Dictionary(), d.Dictionary()}, memory.DefaultAllocator)
	if err != nil {
		panic(err)
	}
	b := array.NewInt32Builder(memory.DefaultAllocator)
	for i := range d.Len() {
		if d.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(int32(d.GetValueIndex(i) + i%2*d.Dictionary().Len()))
		}
	}
	return array.NewDictionaryArray(pipeline.CodeType, b.NewArray(), values)
}
