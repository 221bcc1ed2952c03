package parquetio

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/smeltdata/smelt/pipeline"
)

// checkDropped compares what a file says of its row groups, which have some rows
// each, and of their pages with the rows, and where it says that pages lie with
// where they do.
func checkDropped(t *testing.T, name, path string, table *pipeline.Table, rec arrow.Record, groups []int) {
	t.Helper()
	s, err := openFile(path, path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(s.meta.RowGroups) != len(groups) {
		t.Fatalf("%s: %d row groups, want %d", name, len(s.meta.RowGroups), len(groups))
	}
	first, offset := 0, int64(len(magic))
	for g, n := range groups {
		var raw, packed int64
		for i := range table.Columns {
			where := fmt.Sprintf("%s, row group %d, column %s %s", name, g, table.Columns[i].Name, table.Columns[i].Type)
			l, err := layoutOf(&table.Columns[i])
			if err != nil {
				t.Fatal(err)
			}
			b := boundsOf(t, l, rec.Column(i), first, first+n)
			c := &column{layout: l, bounds: b, nulls: nullsOf(rec.Column(i), first, first+n)}
			want := c.statistics()
			if got := s.meta.RowGroups[g].Columns[i].MetaData.Statistics; fmt.Sprint(got) != fmt.Sprint(footerBounds(want)) {
				t.Errorf("%s: %.300s, want %.300s", where, fmt.Sprint(got), fmt.Sprint(want))
			}
			chunk := f.Metadata().RowGroups[g].Columns[i]
			end, size := checkPages(t, where, file, chunk, f.ColumnIndexes()[g*len(table.Columns)+i], f.OffsetIndexes()[g*len(table.Columns)+i], offset, l, rec.Column(i), first, n)
			packed, raw, offset = packed+end-offset, raw+size, end
		}
		if rg := f.Metadata().RowGroups[g]; rg.NumRows != int64(n) || int(rg.Ordinal) != g || rg.TotalCompressedSize != packed || rg.TotalByteSize != raw {
			t.Fatalf("%s: row group %d has %d rows, the number %d, and %d of %d bytes, want %d, %d of %d", name, g, rg.NumRows, rg.Ordinal, rg.TotalCompressedSize, rg.TotalByteSize, n, packed, raw)
		}
		for i, c := range f.Metadata().RowGroups[g].Columns { // the Bloom filters
			if c.MetaData.BloomFilterLength == 0 {
				continue
			}
			if c.MetaData.BloomFilterOffset != offset {
				t.Fatalf("%s: row group %d: the filter of column %d lies at %d, want %d", name, g, i, c.MetaData.BloomFilterOffset, offset)
			}
			offset += int64(c.MetaData.BloomFilterLength)
		}
		first += n
	}
}

// checkPages walks through the pages of a chunk of n rows that begins at an
// offset of the file, and returns where it ends, and its size before compression.
func checkPages(t *testing.T, where string, file []byte, chunk format.ColumnChunk, ci format.ColumnIndex, oi format.OffsetIndex, offset int64, l layout, a arrow.Array, first, n int) (end, raw int64) {
	t.Helper()
	m := chunk.MetaData
	row, page, dictionary := 0, 0, int64(0)
	count := map[format.PageEncodingStats]int32{}
	end = offset
	var before *[2][]byte
	up, down := true, true
	for row < n {
		var h format.PageHeader
		k, err := unmarshal(file[end:], &h)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		at, size := end, int64(k)+int64(h.CompressedPageSize)
		end, raw = end+size, raw+int64(k)+int64(h.UncompressedPageSize)
		if h.Type == format.DictionaryPage {
			dictionary = at
			count[format.PageEncodingStats{PageType: h.Type, Encoding: h.DictionaryPageHeader.V.Encoding}]++
			continue
		}
		count[format.PageEncodingStats{PageType: h.Type, Encoding: h.DataPageHeader.V.Encoding}]++
		rows := int(h.DataPageHeader.V.NumValues)
		if page == 0 && m.DataPageOffset != at || page == len(oi.PageLocations) {
			t.Fatalf("%s: page %d of %d lies at %d, the first one at %d", where, page, len(oi.PageLocations), at, m.DataPageOffset)
		}
		if want := (format.PageLocation{Offset: at, CompressedPageSize: int32(size), FirstRowIndex: int64(row)}); oi.PageLocations[page] != want || rows == 0 {
			t.Fatalf("%s: page %d of %d rows is %+v, want %+v", where, page, rows, oi.PageLocations[page], want)
		}
		b := boundsOf(t, l, a, first+row, first+row+rows)
		lo, hi := ci.MinValues[page], ci.MaxValues[page]
		if nulls := nullsOf(a, first+row, first+row+rows); ci.NullCounts[page] != nulls || ci.NullPages[page] != (nulls == int64(rows)) {
			t.Errorf("%s: page %d has %d NULLs and is one of them: %t, want %d of %d", where, page, ci.NullCounts[page], ci.NullPages[page], nulls, rows)
		}
		if b.min != nil {
			if l.compare(lo, b.min) > 0 || l.compare(hi, b.max) < 0 || l.physical != format.ByteArray && (!bytes.Equal(lo, b.min) || !bytes.Equal(hi, b.max)) {
				t.Errorf("%s: the bounds of page %d are %.80q and %.80q, want %.80q and %.80q", where, page, lo, hi, b.min, b.max)
			}
			if before != nil {
				up = up && l.compare(before[0], lo) <= 0 && l.compare(before[1], hi) <= 0
				down = down && l.compare(before[0], lo) >= 0 && l.compare(before[1], hi) >= 0
			}
			before = &[2][]byte{lo, hi}
		}
		row += rows
		page++
	}
	if o := ci.BoundaryOrder; o == format.Ascending && !up || o == format.Descending && !down {
		t.Errorf("%s: the pages are not %s", where, o)
	}
	coded := false
	for _, s := range m.EncodingStats {
		if count[format.PageEncodingStats{PageType: s.PageType, Encoding: s.Encoding}] != s.Count || !slices.Contains(m.Encoding, s.Encoding) {
			t.Errorf("%s: %+v, but there are %+v", where, s, count)
		}
		coded = coded || s.Encoding == format.RLEDictionary
	}
	if len(m.EncodingStats) != len(count) || coded != (dictionary > 0) {
		t.Errorf("%s: %+v, but there are %+v", where, m.EncodingStats, count)
	}
	if row != n || page != len(oi.PageLocations) || m.NumValues != int64(n) || m.DictionaryPageOffset != dictionary || m.TotalCompressedSize != end-offset || m.TotalUncompressedSize != raw {
		t.Fatalf("%s: %d rows of %d in %d pages of %d; %+v", where, row, n, page, len(oi.PageLocations), m)
	}
	return end, raw
}

func nullsOf(a arrow.Array, from, to int) (n int64) {
	for i := from; i < to; i++ {
		if a.IsNull(i) {
			n++
		}
	}
	return n
}

// boundsOf returns the bounds of some rows, as plain values.
func boundsOf(t *testing.T, l layout, a arrow.Array, from, to int) (b bounds) {
	t.Helper()
	if nullsOf(a, from, to) == int64(to-from) {
		return b
	}
	s := newStage(l, 1<<20, &buffers{})
	for from < to {
		s.keep(format.Plain)
		n, err := s.take(a, from, min(to-from, 1000))
		if err != nil {
			t.Fatal(err)
		}
		if nullsOf(a, from, from+n) < int64(n) {
			_, _, part, err := s.page(nil, false)
			if err != nil {
				t.Fatal(err)
			}
			b = l.extend(b, copied(part))
		}
		from += n
	}
	return b
}
