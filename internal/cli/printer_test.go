package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

type sample struct {
	ID    string                       `col:"id" doc:"A text."`
	Kind  pipeline.Null[pipeline.Code] `col:"kind" doc:"A code."`
	Raw   pipeline.Bytes               `col:"raw" doc:"Bytes."`
	Count int32                        `col:"count" doc:"A number."`
	Sum   pipeline.Null[pipeline.Sum]  `col:"sum" doc:"A sum."`
	Rate  pipeline.Ratio               `col:"rate" doc:"A ratio."`
	Good  bool                         `col:"good" doc:"True or false."`
	Day   pipeline.Null[pipeline.Date] `col:"day" doc:"A day."`
	At    pipeline.Timestamp           `col:"at" doc:"A time."`
}

var samples = pipeline.Declare[sample]("silver.samples", "Samples.", "id")

// print prints rows in a format, in two batches.
func printed(t *testing.T, format string, rows []sample) string {
	t.Helper()
	var out bytes.Buffer
	p, err := newPrinter(format, samples.Schema.Fields(), newStream(&out))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]sample{rows[:1], rows[1:]} {
		rec := samples.Record(nil, part)
		var all []int
		for i := range part {
			all = append(all, i)
		}
		if err := p.write(rec, all); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// huge is a sum that 64 bits do not hold.
func huge(text string) pipeline.Null[pipeline.Sum] {
	n, _ := new(big.Int).SetString(text, 10)
	return pipeline.Some(pipeline.Sum{Num: decimal128.FromBigInt(n)})
}

var mixed = []sample{
	{ID: "plain", Kind: pipeline.Some(pipeline.Code("a,b")), Raw: []byte("x\xff\n"), Count: -3, Sum: huge("-1234567890123456789012345678"), Rate: -5, Good: true, Day: pipeline.Some(pipeline.Date(-1)), At: 1_500_000},
	{ID: "", Raw: []byte{0}, Sum: huge("12345")},
	{ID: "\"quoted\" \\ \x1b[31m 李 e\u0301"},
}

func TestCSV(t *testing.T) {
	got := printed(t, "csv", mixed)
	want := "id,kind,raw,count,sum,rate,good,day,at\n" +
		"plain,\"a,b\",\"x\\xff\n\",-3,-123456789012345678901234.5678,-0.000005,true,1969-12-31,1970-01-01T00:00:01.5Z\n" +
		"\"\",,\x00,0,1.2345,0.000000,false,,1970-01-01T00:00:00Z\n" +
		"\"\"\"quoted\"\" \\ \x1b[31m 李 e\u0301\",,\"\",0,,0.000000,false,,1970-01-01T00:00:00Z\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(rows) != 4 || rows[3][0] != mixed[2].ID {
		t.Errorf("read back: %v, %q", err, rows)
	}
}

func TestJSON(t *testing.T) {
	d := json.NewDecoder(strings.NewReader(printed(t, "json", mixed)))
	d.UseNumber()
	for i, want := range []string{
		"map[at:1970-01-01T00:00:01.5Z count:-3 day:1969-12-31 good:true id:plain kind:a,b rate:-0.000005 raw:x\\xff\n sum:-123456789012345678901234.5678]",
		"map[at:1970-01-01T00:00:00Z count:0 day:<nil> good:false id: kind:<nil> rate:0.000000 raw:\x00 sum:1.2345]",
		"map[at:1970-01-01T00:00:00Z count:0 day:<nil> good:false id:" + mixed[2].ID + " kind:<nil> rate:0.000000 raw: sum:<nil>]",
	} {
		var row map[string]any
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(row); got != want {
			t.Errorf("row %d: got\n%q\nwant\n%q", i, got, want)
		}
	}
}

// TestTable lays out more rows than are looked at: one header, and columns that
// stay where they are.
func TestTable(t *testing.T) {
	rows := []sample{mixed[2]}
	for i := range 2*layoutRows + 1 {
		rows = append(rows, sample{ID: strings.Repeat("long ", i/layoutRows*20), Count: int32(i)})
	}
	lines := strings.Split(printed(t, "table", rows), "\n")
	if n := strings.Count(strings.Join(lines, "\n"), "count"); n != 1 {
		t.Errorf("%d headers", n)
	}
	if len(lines) != len(rows)+2 {
		t.Errorf("%d lines", len(lines))
	}
	if strings.ContainsRune(lines[1], '\x1b') || !strings.HasPrefix(lines[1], `"quoted" \ \x1b[31m 李 e`) {
		t.Errorf("%q", lines[1])
	}
	if lines[0] == "" || strings.Index(lines[0], "rate") != strings.Index(lines[900], "0.000000")+4 {
		t.Errorf("numbers do not stand to the right:\n%s\n%s", lines[0], lines[900])
	}
	for _, line := range lines {
		if columns(line) > 150 {
			t.Errorf("a line of %d columns: %s", columns(line), line)
		}
	}
}

func TestTexts(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(-1): "-1", count(999): "999", count(1000): "1,000", count(-1234567): "-1,234,567",
		size(999): "999 B", size(1_500): "1.5 kB", size(2_000_000): "2.0 MB", size(12_340_000_000): "12.34 GB",
		plural(1, "row"): "1 row", plural(2000, "row"): "2,000 rows",
		clip("abcdef", 4): "abc…", clip("李小龍", 5): "李小…", clip("a\tb", 9): `a\tb`,
		wrap("aaa bbb ccc", "  ", 7): "aaa bbb\n  ccc", wrap("aaaaaaaaaa", "", 3): "aaaaaaaaaa",
		several([]string{"a", "b", "c"}): "a, b, c", several([]string{"a", "b", "c", "d"}): "a … d, 4 files",
	} {
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
