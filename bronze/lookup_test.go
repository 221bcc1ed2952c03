package bronze

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

func TestLookups(t *testing.T) {
	ctx := context.Background()
	load := func(files_ string, f files) (*Lookup, error) {
		m := &Mapping{Lookups: map[string]LookupSpec{"l": {Files: strings.Fields(files_), Key: "Key"}}}
		l, err := LoadLookups(ctx, m, f.open)
		return l["l"], err
	}
	// Keys and values are trimmed, records without a key passed over; a file may
	// have other columns than the next.
	l, err := load("memory://a memory://b", files{"memory://a": "Key | A\n 1 | x \n|y\n2|∅\n3|z", "memory://b": "B|Key\nb|3\nc|4"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, column, want string }{
		{"1", "A", "x"}, {"1", "B", ""}, {"2", "A", ""}, {"3", "A", ""}, {"3", "B", "b"}, {"4", "A", ""}, {"4", "B", "c"},
		{"", "A", ""}, {"5", "A", ""}, {"1", "C", ""}, {"1", "Key", "1"},
	} {
		if got := l.Find(c.key, c.column); got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.column, c.key, got, c.want)
		}
	}
	if l.Repeated != "3" {
		t.Errorf("repeated key %q", l.Repeated)
	}
	// A key that repeats with the same values is no matter.
	if l, err := load("memory://a", files{"memory://a": "Key|A\n1|x\n1| x\n2|y"}); err != nil || l.Repeated != "" || l.Find("1", "A") != "x" {
		t.Errorf("%+v %v", l, err)
	}
	if l, err := load("memory://a", files{"memory://a": "Key|A\n1|x\n1|z\n2|y"}); err != nil || l.Repeated != "1" || l.Find("1", "A") != "z" {
		t.Errorf("%+v %v", l, err)
	}
	fill := &Mapping{Lookups: map[string]LookupSpec{"l": {Files: []string{"memory://a"}, Key: "Key", Fill: true}}}
	got, err := LoadLookups(ctx, fill, files{"memory://a": "Key|A|B\n1|x|p\n1||q\n2||\n2|y|"}.open)
	if l := got["l"]; err != nil || l.Repeated != "" || l.Find("1", "A") != "x" || l.Find("1", "B") != "q" || l.Find("2", "A") != "y" {
		t.Errorf("%+v %v", l, err)
	}
	if l, err := load("memory://a", files{"memory://a": "Key|A"}); err != nil || l.Find("1", "A") != "" {
		t.Errorf("%+v %v", l, err)
	}
	for text, want := range map[string]string{
		"Ky|A\n1|x":     `memory://a: column "Key": the file has no such column` + "\n  did you mean \"Ky\"? the file's columns are: Ky, A",
		"Key|Key\n1|x":  `memory://a: column "Key": columns 1 and 2 of the file have this name` + "\n  give the columns names of your own: names: [Key, Key 2]; in a Parquet file, rename one",
		"Key|A\n1|\xff": `memory://a: record 1: column "A": not a text (value "` + "�" + `")` + "\n  a reference file must be read whole: mend the record or its reading options",
		"Key|A\n!x":     "memory://a: record 1: ragged\n  a reference file must be read whole: mend the record or its reading options",
	} {
		_, err := load("memory://a", files{"memory://a": text})
		if !errors.Is(err, pipeline.ErrInput) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if _, err := load("memory://none", nil); !errors.Is(err, pipeline.ErrInput) {
		t.Error(err)
	}
}

func TestReturnedOrders(t *testing.T) {
	m := parse(t, `
timezone: Europe/Berlin
sources: [{table: products, files: memory://p, columns: {product_id: Id}}]
returns:
  orders:
    - files: [memory://a, memory://b]
      columns: {order_id: {from: [Order, No]}, product_id: Item, returned_at: {from: When, dates: ["%d.%m.%Y", "%Y-%m-%d"]}}
    - {files: memory://c, timezone: UTC, columns: {order_id: Id, returned_at: At}}
`)
	f := files{
		"memory://a": "Order|No|Item|When\n o1 ||i1|01.02.2024\n|n2|∅|\n||i3|01.02.2024",
		"memory://b": "When|Item|No|Order\n2024-07-01||n4|",
		"memory://c": "Id|At\no5|2024-01-01T10:00:00",
	}
	got, err := LoadReturned(context.Background(), m, f.open)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range got {
		at := ""
		if r.ReturnedAt.Valid {
			at = r.ReturnedAt.V.String()
		}
		rows = append(rows, r.OrderID+"|"+r.ProductID+"|"+at)
	}
	want := []string{"o1|i1|2024-01-31T23:00:00Z", "n2||", "n4||2024-06-30T22:00:00Z", "o5||2024-01-01T10:00:00Z"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	// An error names the file and the record that it is about.
	f["memory://b"] = "When|Item|No|Order\n2024-07-01||n4|\n7/1/2024||n5|"
	_, err = LoadReturned(context.Background(), m, f.open)
	if want := `memory://b: record 2: column "returned_at": not a date (value "7/1/2024")`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	f["memory://b"] = "When|Itm|No|Order"
	_, err = LoadReturned(context.Background(), m, f.open)
	if want := `memory://b: column "Item": the file has no such column`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
