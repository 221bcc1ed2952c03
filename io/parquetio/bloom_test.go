package parquetio

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/pipeline"
)

// soughtFile has a sought text per row, every seventh of them NULL, in row groups.
func soughtFile(t testing.TB, typ arrow.DataType, rows int, o Options) string {
	t.Helper()
	id := pipeline.Column{Name: "id", Doc: "x", Type: typ, Nullable: true, Sought: true}
	table := mustTable("test.sought", testColumn(id), col("n", pipeline.Int64Type))
	ids, n := array.NewBuilder(memory.DefaultAllocator, typ), array.NewInt64Builder(memory.DefaultAllocator)
	for i := range rows {
		if i%7 == 0 {
			ids.AppendNull()
		} else if err := ids.AppendValueFromString(fmt.Sprint("id ", i/2)); err != nil {
			t.Fatal(err)
		}
		n.Append(int64(i))
	}
	return saved(t, written(t, table, o, array.NewRecord(table.Schema, []arrow.Array{ids.NewArray(), n.NewArray()}, int64(rows))))
}

func listed(values ...string) pipeline.Where {
	w := oneOf("id", false, values...)
	w.Values = func(yield func([]byte) bool) {
		for _, v := range values {
			if !yield([]byte(v)) {
				return
			}
		}
	}
	return w
}

// Rows are found with a Bloom filter as without one, and those of parquet-go agree.
func TestBloom(t *testing.T) {
	for _, typ := range []arrow.DataType{pipeline.StringType, pipeline.CodeType} {
		path := soughtFile(t, typ, 5000, Options{RowGroupRows: 700})
		for i := range 2600 {
			v := fmt.Sprint("id ", i)
			batches, err := pipeline.Collect(ReadAs(context.Background(), path, []arrow.Field{{Name: "n", Type: pipeline.Int64Type}}, listed("none", v)))
			if err != nil {
				t.Fatal(err)
			}
			var got, want []int64
			for _, b := range batches {
				got = append(got, b.Column(0).(*array.Int64).Int64Values()...)
			}
			for _, n := range []int{2 * i, 2*i + 1} {
				if n%7 != 0 && n < 5000 {
					want = append(want, int64(n))
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: rows %v, want %v", v, got, want)
			}
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		file, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for g, group := range file.RowGroups() {
			filter := group.ColumnChunks()[0].BloomFilter()
			if filter == nil || group.ColumnChunks()[1].BloomFilter() != nil {
				t.Fatal("parquet-go sees other filters")
			}
			for i := range 5000 {
				ok, err := filter.Check(parquet.ByteArrayValue(fmt.Append(nil, "id ", i/2)))
				if err != nil {
					t.Fatal(err)
				}
				if there := i/700 == g && i%7 != 0; there && !ok {
					t.Errorf("row group %d does not know row %d", g, i)
				} else if i/700 < g-1 || i/700 > g+1 {
					if ok {
						wrong++
					}
				}
			}
		}
		if wrong > 5 {
			t.Errorf("%d of 30,000 texts seem to be where they are not", wrong)
		}
	}
}

// However text comes, a filter knows all of it.
func TestBloomKnowsAll(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for i := range 40 {
		table := everyType()
		rec := randomRows(r, memory.DefaultAllocator, table, []int{1, 9, 300}[i%3])
		path := saved(t, written(t, table, Options{RowGroupRows: []int{0, 70}[i%2]}, recut(r, memory.DefaultAllocator, rec)...))
		s, err := openFile(path, path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.file.Close()
		at := 0
		for g := range s.meta.RowGroups {
			group := &s.meta.RowGroups[g]
			for k, c := range table.Columns {
				text, ok := rec.Column(k).(*array.String)
				if !ok || !c.Sought {
					continue
				}
				for row := at; row < at+int(group.NumRows); row++ {
					if text.IsNull(row) {
						continue
					}
					if may, err := s.mayHold(&group.Columns[k].MetaData, slices.Values([][]byte{[]byte(text.Value(row))})); !may || err != nil {
						t.Fatalf("file %d, row %d: %s %q: %v", i, row, c.Name, text.Value(row), err)
					}
				}
			}
			at += int(group.NumRows)
		}
		if at != int(rec.NumRows()) {
			t.Fatalf("%d rows of %d", at, rec.NumRows())
		}
	}
}

// A row group that has none of the values is not read at all: its damage is not seen.
func TestBloomSkips(t *testing.T) {
	path := soughtFile(t, pipeline.StringType, 2000, Options{RowGroupRows: 1000})
	s, err := openFile(path, path)
	if err != nil {
		t.Fatal(err)
	}
	at, bloom := s.meta.RowGroups[1].Columns[0].MetaData.DataPageOffset, s.meta.RowGroups[0].Columns[0].MetaData.BloomFilterOffset
	s.file.Close()
	damage := func(at int64) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, at); err != nil {
			t.Fatal(err)
		}
	}
	read := func(v string) error {
		_, err := pipeline.Collect(ReadAs(context.Background(), path, []arrow.Field{{Name: "n", Type: pipeline.Int64Type}}, listed(v)))
		return err
	}
	damage(at)
	if err := read("id 17"); err != nil {
		t.Errorf("the second row group was read: %v", err)
	}
	if err := read("id 700"); !named(err, path, "id") {
		t.Errorf("a damaged page: %v", err)
	}
	damage(bloom)
	if err := read("id 17"); !named(err, path, "id") {
		t.Errorf("a damaged filter: %v", err)
	}
}
