package parquetio

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/smeltdata/smelt/pipeline"
)

// othersRow is a table as others write it: other widths, units and scales.
type othersRow struct {
	Small   int32            `parquet:"small"`
	Large   int64            `parquet:"large"`
	Huge    uint64           `parquet:"huge"`
	Millis  int64            `parquet:"millis,timestamp(millisecond)"`
	Nanos   int64            `parquet:"nanos,optional,timestamp(nanosecond)"`
	Old     deprecated.Int96 `parquet:"old"`
	Local   int64            `parquet:"local,timestamp(microsecond:local)"`
	Bytes   []byte           `parquet:"bytes"`
	Coded   []byte           `parquet:"coded,dict"`
	Price32 int32            `parquet:"price32,decimal(2:9)"`
	Price64 int64            `parquet:"price64,decimal(6:18)"`
	Price96 [12]byte         `parquet:"price96,decimal(4:28)"`
}

func othersFile(t *testing.T, rows []othersRow) string {
	t.Helper()
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[othersRow](&buf)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return saved(t, buf.Bytes())
}

// TestReadAsOthers reads what others write as our types, and what these cannot
// hold as an error that names the row.
func TestReadAsOthers(t *testing.T) {
	good := othersRow{Small: -7, Large: 1 << 40, Huge: 9, Millis: -1500, Nanos: 1_700_000_000_123_456_000, Old: deprecated.Int96{0x01, 0, 2_440_589},
		Bytes: []byte("Zoë"), Coded: []byte("ü"), Price32: 1250, Price64: 1_250_000, Price96: [12]byte{11: 5}}
	read := func(rows []othersRow, column string, typ arrow.DataType) (arrow.Array, error) {
		b, err := pipeline.Collect(ReadAs(context.Background(), othersFile(t, rows), []arrow.Field{{Name: column, Type: typ}}))
		if err != nil {
			return nil, err
		}
		return b[0].Column(0), nil
	}
	d4 := func(digits int32) arrow.DataType { return &arrow.Decimal128Type{Precision: digits, Scale: 4} }
	for _, c := range []struct {
		column string
		typ    arrow.DataType
		want   string
		bad    func(*othersRow) // "" = every value fits
		msg    string
	}{
		{"small", pipeline.Int64Type, "-7", nil, ""},
		{"large", pipeline.Int32Type, "5", func(r *othersRow) { r.Large = math.MinInt32 - 1 }, "int32 cannot hold the value"},
		{"huge", pipeline.Int64Type, "9", func(r *othersRow) { r.Huge = 1 << 63 }, "int64 cannot hold the value"},
		{"millis", pipeline.TimestampType, "1969-12-31 23:59:58.5Z", func(r *othersRow) { r.Millis = math.MaxInt64 / 10 }, "cannot hold the value"},
		{"nanos", pipeline.TimestampType, "2023-11-14 22:13:20.123456Z", func(r *othersRow) { r.Nanos++ }, "cannot hold the value"},
		{"old", pipeline.TimestampType, "1970-01-02 00:00:00Z", nil, ""},
		{"bytes", pipeline.StringType, "Zoë", func(r *othersRow) { r.Bytes = []byte("\xff") }, "is not UTF-8"},
		{"bytes", pipeline.CodeType, "Zoë", func(r *othersRow) { r.Bytes = []byte("\xc3") }, "is not UTF-8"},
		{"coded", pipeline.CodeType, "ü", func(r *othersRow) { r.Coded = []byte("\xc3") }, "is not UTF-8"},
		{"coded", pipeline.StringType, "ü", func(r *othersRow) { r.Coded = []byte("\xbc") }, "is not UTF-8"},
		{"price32", pipeline.PriceType, "12.5", nil, ""},
		{"price32", d4(6), "12.5", func(r *othersRow) { r.Price32 = 10_000 }, "cannot hold the value"},
		{"price64", pipeline.PriceType, "1.25", func(r *othersRow) { r.Price64 = 1_250_001 }, "cannot hold the value"},
		{"price96", pipeline.SumType, "0.0005", func(r *othersRow) { r.Price96 = [12]byte{0x7f} }, "cannot hold the value"},
		{"price96", pipeline.PriceType, "0.0005", func(r *othersRow) { r.Price96 = [12]byte{2: 1} }, "cannot hold the value"},
	} {
		row := good
		if c.column == "large" {
			row.Large = 5
		}
		rows := []othersRow{row, row, row}
		a, err := read(rows, c.column, c.typ)
		if err != nil || a.Len() != 3 || strings.TrimSpace(text(a, 2)) != c.want || !arrow.TypeEqual(a.DataType(), c.typ) {
			t.Errorf("%s as %s: %v, %v", c.column, c.typ, a, err)
		}
		if c.bad == nil {
			continue
		}
		c.bad(&rows[1])
		_, err = read(rows, c.column, c.typ)
		var e *pipeline.Error
		if !errors.As(err, &e) || e.Row != 2 || e.Column != c.column || e.File == "" || e.Value == "" || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%s as %s: %v", c.column, c.typ, err)
		}
	}
	if _, err := read([]othersRow{good}, "local", pipeline.TimestampType); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("a time without a zone: %v", err)
	}
}

func TestFits(t *testing.T) {
	for _, v := range []decimal128.Num{decimal128.FromI64(0), decimal128.FromI64(99), decimal128.FromI64(-99), decimal128.FromI64(100), decimal128.FromI64(-100),
		decimal128.FromI64(math.MaxInt64), decimal128.FromI64(math.MinInt64), decimal128.New(0, 1<<63), decimal128.New(-1, 1), decimal128.New(1<<60, 5)} {
		for p := int32(1); p <= 38; p++ {
			if v != decimal128.FromI64(math.MinInt64) && fits(v, p) != v.FitsInPrecision(p) {
				t.Errorf("%v in %d digits: %v", v.BigInt(), p, fits(v, p))
			}
		}
	}
	if v := decimal128.FromI64(math.MinInt64); fits(v, 18) || !fits(v, 19) {
		t.Error("the least int64 has 19 digits")
	}
}

// TestIndices reads indices at any positions out of random runs.
func TestIndices(t *testing.T) {
	var x indices
	// Width 3: two of 5, eight packed, an empty run, then packed ones cut short.
	src := []byte{3, 2 << 1, 5, 1<<1 | 1, 0b10_001_000, 0b1_100_011_0, 0b111_110_10, 0, 6, 2<<1 | 1, 0b10_001_000}
	want := []int32{5, 5, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1}
	if err := x.parse(src, len(want), 8); err != nil {
		t.Fatal(err)
	}
	for _, at := range [][]int32{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {11}, {-1, 0, -1, 9, -1}, {}, {-1}, {1, 2, 10}} {
		got := append([]int32{}, at...)
		if err := x.read(got); err != nil {
			t.Fatal(err)
		}
		for i, k := range at {
			if k >= 0 && got[i] != want[k] || k < 0 && got[i] != -1 {
				t.Errorf("%v are %v", at, got)
			}
		}
	}
	if err := x.parse(src, len(want), 7); err != nil {
		t.Fatal(err)
	}
	if err := x.read([]int32{8, 9}); err == nil {
		t.Error("an index beyond the dictionary passes")
	}
	for _, bad := range [][]byte{{}, {33}, {3, 2 << 1}, {3, 2 << 1, 8}, {3, 1<<1 | 1}, {0, 2 << 1}} {
		if err := x.parse(bad, 2, 0); err == nil {
			t.Errorf("%v passes", bad)
		}
	}
}
