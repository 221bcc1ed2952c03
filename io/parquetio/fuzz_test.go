package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/smeltdata/smelt/pipeline"
)

// FuzzRoundTrip is TestRoundTrip with any seed.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		roundTrip(t, t.Fatalf, seed, filepath.Join(t.TempDir(), "test.parquet"))
	})
}

// FuzzSource reads damaged files. It may fail, with an error that names the
// file, but neither panic nor take much memory.
//
//	go test -fuzz FuzzSource -fuzzminimizetime 10x
func FuzzSource(f *testing.F) {
	for _, file := range damageable(f, 3, 20) {
		f.Add(file)
	}
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) < 64<<10 {
			readDamaged(t, file, filepath.Join(t.TempDir(), "test.parquet"))
		}
	})
}

// TestMutations is FuzzSource with random damage, mostly to page headers and
// footers. SMELT_MUTATIONS is how many files it reads.
func TestMutations(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("SMELT_MUTATIONS"))
	files := damageable(t, 30, 60)
	path := filepath.Join(t.TempDir(), "test.parquet")
	for seed := range max(n, 1000) {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		file := slices.Clone(files[r.IntN(len(files))])
		for range 1 + r.IntN(4) {
			at := r.IntN(len(file))
			if r.IntN(2) == 0 {
				at = len(file) - 9 - r.IntN(min(len(file)-9, 3000))
			}
			switch r.IntN(3) {
			case 0:
				file[at] = byte(r.IntN(256))
			case 1:
				file[at] ^= 1 << r.IntN(8)
			default:
				copy(file[at:], file[r.IntN(len(file)):][:1])
			}
		}
		readDamaged(t, file, path)
		if t.Failed() {
			t.Fatalf("mutation %d", seed)
		}
	}
}

func readDamaged(t *testing.T, file []byte, path string) {
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	n := allocated(func() {
		_, failed, err := readErrors(path)
		if err != nil && !named(err, "test.parquet", "") {
			t.Errorf("not one of ours: %v", err)
		}
		for c, err := range failed {
			if !named(err, "test.parquet", c) {
				t.Errorf("%s: not one of ours: %v", c, err)
			}
		}
		for _, err := range pickErrors(path) {
			var e *pipeline.Error
			if !errors.As(err, &e) || e.File != path {
				t.Errorf("not one of ours: %v", err)
			}
		}
	})
	if n > 2<<30 {
		t.Errorf("%d bytes are allocated for a file of %d", n, len(file))
	}
}

// pickErrors reads each column, text with a dictionary, with and without a where
// that wants some texts of the column, or else of the first one that is text.
func pickErrors(path string) (failed []error) {
	schema, err := Schema(path)
	if err != nil {
		return []error{err}
	}
	by := ""
	for _, f := range schema.Fields() {
		if by == "" && isText(f.Type) {
			by = f.Name
		}
	}
	for _, f := range schema.Fields() {
		w := pipeline.Where{Column: by, Min: []byte("0"), Max: []byte("t"), Wants: func(v []byte) bool { return len(v)%2 == 0 }}
		if isText(f.Type) {
			w.Column, f.Type = f.Name, pipeline.CodeType
		}
		for _, where := range [][]pipeline.Where{nil, {w}} {
			for _, err := range ReadAs(context.Background(), path, []arrow.Field{f}, where...) {
				if err != nil {
					failed = append(failed, err)
				}
			}
		}
	}
	return failed
}

// damageable are small files of every encoding and codec without checksums, so
// that damage reaches the decoders.
func damageable(t testing.TB, columns, rows int) (files [][]byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	every := everyType().Columns
	for i, codec := range []string{"snappy", "zstd", "none"} {
		for from := i; from < len(every); from += 3 * columns {
			var list []testColumn
			for _, c := range every[from:min(from+columns, len(every))] {
				list = append(list, testColumn(c))
			}
			table := mustTable("test.damage", list...)
			files = append(files, written(t, table, Options{Compression: codec, RowGroupRows: 2 * rows / 3}, randomRows(r, memory.DefaultAllocator, table, rows)))
		}
	}
	files = append(files, peerFiles(t)...)
	for _, file := range files {
		dropChecksums(t, file)
		if _, failed, err := readErrors(saved(t, file)); err != nil || len(failed) > 0 {
			t.Fatal(err, failed)
		}
	}
	return files
}

// dropChecksums puts zeros in place of the pages' checksums.
func dropChecksums(t testing.TB, file []byte) {
	t.Helper()
	s, err := openFile(saved(t, file), "test.parquet")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, g := range s.meta.RowGroups {
		for _, c := range g.Columns {
			at := c.MetaData.DataPageOffset
			if d := c.MetaData.DictionaryPageOffset; d != 0 {
				at = min(at, d)
			}
			for end := at + c.MetaData.TotalCompressedSize; at < end; {
				var h format.PageHeader
				n, err := unmarshal(file[at:], &h)
				if err != nil {
					t.Fatal(err)
				}
				crc := binary.AppendVarint(nil, int64(h.CRC))
				if k := bytes.Index(file[at:at+int64(n)], crc); k >= 0 && h.CRC != 0 {
					for i := range crc {
						file[int(at)+k+i] = 0x80
					}
					file[int(at)+k+len(crc)-1] = 0
				}
				at += int64(n) + int64(h.CompressedPageSize)
			}
		}
	}
}

type peerRow struct {
	Plain  *int64   `parquet:"plain,optional"`
	Delta  int32    `parquet:"delta,delta"`
	Split  float64  `parquet:"split,split"`
	Text   *string  `parquet:"text,optional,dict"`
	Front  string   `parquet:"front,delta"`
	Length []byte   `parquet:"length,delta"`
	UUID   [16]byte `parquet:"uuid,uuid"`
	Flag   *bool    `parquet:"flag,optional"`
	Day    int32    `parquet:"day,date"`
}

// peerFiles are small files of parquet-go's writer.
func peerFiles(t testing.TB) (files [][]byte) {
	t.Helper()
	var rows []peerRow
	for i := range 40 {
		n, s, b := int64(i*i), string(rune('a'+i%5)), i%3 == 0
		row := peerRow{Delta: int32(i * 7), Split: float64(i) / 3, Front: "prefix" + s, Length: []byte(s), Day: int32(i)}
		if i%4 > 0 {
			row.Plain, row.Text, row.Flag = &n, &s, &b
		}
		rows = append(rows, row)
	}
	for _, o := range [][]parquet.WriterOption{
		{parquet.DataPageVersion(1)}, {parquet.DataPageVersion(2)}, {parquet.Compression(&parquet.Gzip)}, {parquet.Compression(&parquet.Brotli)}, {parquet.Compression(&parquet.Lz4Raw)}, {parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(2)},
	} {
		var buf bytes.Buffer
		w := parquet.NewGenericWriter[peerRow](&buf, o...)
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		files = append(files, buf.Bytes())
	}
	return files
}
