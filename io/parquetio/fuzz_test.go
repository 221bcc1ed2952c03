package parquetio

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
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
// file, but neither panic nor take much memory. Checksums are taken out, so that
// the damage reaches the decoders.
func FuzzSource(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, codec := range []string{"snappy", "zstd", "none"} {
		table := everyType()
		f.Add(written(f, table, Options{Compression: codec, RowGroupRows: 40}, randomRows(r, memory.DefaultAllocator, table, 60)), false)
	}
	for _, file := range peerFiles(f) {
		f.Add(file, false)
	}
	f.Add([]byte("PAR1PAR1"), true)
	f.Fuzz(func(t *testing.T, file []byte, _ bool) {
		if len(file) > 64<<10 {
			return
		}
		path := filepath.Join(t.TempDir(), "test.parquet")
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
		})
		if n > 4<<30 {
			t.Errorf("%d bytes are allocated for a file of %d", n, len(file))
		}
	})
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
