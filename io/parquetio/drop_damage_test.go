package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/pipeline"
)

// TestCopyWithoutDamaged copies damaged files, most of them without checksums.
// It may fail, with an error that names the file, but neither panic nor take much
// memory. Where a page's checksum tells of the damage, it must fail.
func TestCopyWithoutDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.parquet")
	r := rand.New(rand.NewPCG(1, 41))
	for i, codec := range []string{"snappy", "zstd", "none"} {
		table := everyType()
		o := Options{Compression: codec, RowGroupRows: 200, PageRows: 50}
		whole := written(t, table, o, recut(r, memory.DefaultAllocator, randomRows(r, memory.DefaultAllocator, table, 300))...)
		bare := slices.Clone(whole)
		dropChecksums(t, bare)
		footer := len(whole) - 8 - int(binary.LittleEndian.Uint32(whole[len(whole)-8:]))
		failed := 0
		for round := range 400 {
			file := slices.Clone(bare)
			if round%8 == 0 {
				file = slices.Clone(whole)
			}
			for range 1 + r.IntN(3) {
				at := r.IntN(len(file))
				if r.IntN(2) == 0 {
					at = footer - 4000 + r.IntN(len(file)-footer+4000)
				}
				switch r.IntN(8) {
				case 0:
					file = file[:max(at, len(file)-20)]
				case 1, 2, 3:
					file[at%len(file)] = byte(r.IntN(256))
				default:
					file[at%len(file)] ^= 1 << r.IntN(8)
				}
			}
			if err := os.WriteFile(path, file, 0o666); err != nil {
				t.Fatal(err)
			}
			goes := []int64{3, 60, 61, int64(201 + r.IntN(99))}
			var err error
			if n := allocated(func() {
				w := NewWriter(io.Discard, table, o)
				_, err = w.CopyWithout(context.Background(), path, goes)
				_, _ = w.Close()
			}); n > 1<<30 {
				t.Errorf("codec %d, round %d: %d bytes are allocated", i, round, n)
			}
			if err != nil {
				failed++
			}
			if err != nil && !named(err, path, columnOf(err)) {
				t.Errorf("codec %d, round %d: not one of ours: %v", i, round, err)
			}
		}
		if failed < 100 {
			t.Errorf("%s: %d of 400 fail", codec, failed)
		}
	}
}

func columnOf(err error) string {
	var e *pipeline.Error
	if errors.As(err, &e) {
		return e.Column
	}
	return ""
}

// TestCopyWithoutChecksums damages each page of a file in turn, whether a row of
// it goes or not.
func TestCopyWithoutChecksums(t *testing.T) {
	path, _ := sortedFile(t, 1000, Options{RowGroupRows: 600, PageRows: 200})
	table := mustTable("test.sorted", col("order_id", pipeline.StringType), col("customer_id", pipeline.CodeType), col("n", pipeline.Int64Type))
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i, oi := range f.OffsetIndexes() {
		for _, p := range oi.PageLocations {
			at := p.Offset + int64(p.CompressedPageSize) - 1
			file[at] ^= 0x10
			if err := os.WriteFile(path, file, 0o666); err != nil {
				t.Fatal(err)
			}
			file[at] ^= 0x10
			w := NewWriter(io.Discard, table, Options{})
			_, err := w.CopyWithout(context.Background(), path, []int64{300})
			if !named(err, path, table.Columns[i%3].Name) || !strings.Contains(err.Error(), "checksum") {
				t.Errorf("column %d, page at %d: %v", i, p.Offset, err)
			}
			if _, again := w.Close(); again == nil {
				t.Error("the writer closes well after an error")
			}
		}
	}
}
