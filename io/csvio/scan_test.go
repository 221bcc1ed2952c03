package csvio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// typed is a scan of one column in each type, in their order.
func typed(t testing.TB, types ...arrow.DataType) pipeline.Scan {
	sc := pipeline.Scan{}
	for i, typ := range types {
		sc.Fields = append(sc.Fields, pipeline.Field{Column: i, Cast: parser(t, pipeline.Cast{Type: typ})})
	}
	return sc
}

func TestTypes(t *testing.T) {
	f := write(t, "x.csv", "s,c,i,j,b,d,t,p,r\n"+
		"a,\"x\",1,-2,true,2024-02-29,2024-02-29 10:20:30,12.5,0.1\n"+
		",,,,,,,,\n"+
		"\"b\"\"\",x,2.0,\"3\",N,2024-03-01,2024-03-01T00:00:00Z,-0.00005,1\n"+
		"c,y,9223372036854775808,2147483648,maybe,2024-13-45,soon,\"1\"\"\",1000\n"+
		"d,x,5,6,0,1969-12-31,1969-12-31,99999999999999.9999,-999.999999\n")
	s := open(t, f)
	defer s.Close()
	sc := typed(t, pipeline.StringType, pipeline.CodeType, pipeline.Int64Type, pipeline.Int32Type, pipeline.BoolType,
		pipeline.DateType, pipeline.TimestampType, pipeline.PriceType, pipeline.RateType)
	sc.Fields = append(sc.Fields, pipeline.Field{Column: 0, Cast: parser(t, pipeline.Cast{Type: pipeline.CodeType})}) // a column twice
	for _, size := range []int64{whole, 1} {
		for _, rows := range []int{0, 1, 2} {
			sc.BatchRows = rows
			r := scan(t, s, size, sc)
			equal(t, "rows", r.rows, []string{
				"1|a|x|1|-2|true|2024-02-29|2024-02-29T10:20:30Z|12.5000|0.100000|a",
				"2|∅|∅|∅|∅|∅|∅|∅|∅|∅|∅",
				"3|b\"|x|2|3|false|2024-03-01|2024-03-01T00:00:00Z|-0.0001|1.000000|b\"",
				"4|c|y|∅|∅|∅|∅|∅|∅|∅|c",
				"5|d|x|5|6|false|1969-12-31|1969-12-31T00:00:00Z|99999999999999.9999|-999.999999|d",
			})
			equal(t, "rescued", r.rescued, []string{`4.2: "9223372036854775808"`, `4.3: "2147483648"`, `4.4: "maybe"`, `4.5: "2024-13-45"`, `4.6: "soon"`, `4.7: "1\""`, `4.8: "1000"`})
			if !slices.Equal(r.rounded, []int64{0, 0, 0, 0, 0, 0, 0, 1, 0, 0}) {
				t.Errorf("rounded %v", r.rounded)
			}
		}
	}
}

// TestRowsByMarks: some records of a dirty file, found from marks, are those that
// reading all of it gives.
func TestRowsByMarks(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := "h,i,j\n" // no piece is the header again: what is damaged after one depends on where segments begin
		for range rapid.IntRange(1, 5).Draw(rt, "times") {
			text += dirty(rt)
		}
		if refused(text) {
			return
		}
		f := pipeline.File{Path: filepath.Join(dir, "x.csv"), Name: "x.csv", Comment: "#"}
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			rt.Fatal(err)
		}
		s := open(t, f)
		defer s.Close()
		s.grid, s.chunk, s.window = rapid.Int64Range(1, 50).Draw(rt, "grid"), rapid.Int64Range(1, 300).Draw(rt, "chunk"), rapid.IntRange(1, 300).Draw(rt, "window")
		size := s.grid * rapid.Int64Range(1, 100).Draw(rt, "size")
		all := scan(t, s, size, texts(t, s))
		step, first := rapid.Int64Range(1, 20).Draw(rt, "step"), rapid.Int64Range(1, 20).Draw(rt, "first")
		var rows []int64
		for i := first; i < int64(len(all.rows)+len(all.rejects))+2; i += step {
			rows = append(rows, i)
		}
		some := func(lines []string) (out []string) {
			for _, line := range lines {
				var row int64
				fmt.Sscanf(line, "%d", &row)
				if slices.Contains(rows, row) {
					out = append(out, line)
				}
			}
			return out
		}
		sc := texts(t, s)
		sc.Rows, sc.BatchRows = append(rows, 1<<40), rapid.IntRange(1, 5).Draw(rt, "batch")
		got := scan(t, s, size, sc)
		if have, want := fmt.Sprint(got.rows, got.rejects), fmt.Sprint(some(all.rows), some(all.rejects)); have != want {
			rt.Fatalf("%q, rows %v:\n%s\nwant\n%s", text, rows, have, want)
		}
	})
}

// TestRows scans only some records, in every segmentation.
func TestRows(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	for i := 1; i <= 500; i++ {
		switch {
		case i%50 == 7:
			text.WriteString("ragged\n\n")
		case i%3 == 0:
			fmt.Fprintf(&text, "\"%d\",\"x\ny\"\n", i)
		default:
			fmt.Fprintf(&text, "%d,x\r\n", i)
		}
	}
	s := open(t, write(t, "x.csv", text.String()))
	defer s.Close()
	for _, size := range []int64{whole, 1, 100, 1000} {
		sc := texts(t, s)
		all := scan(t, s, size, sc)
		if len(all.rows) != 490 || len(all.rejects) != 10 || all.skipped != 10 {
			t.Fatalf("%d rows, %d rejects, %d skipped", len(all.rows), len(all.rejects), all.skipped)
		}
		for _, rows := range [][]int64{{}, {1}, {500}, {7}, {8}, {1, 2, 3, 7, 99, 100, 499}, {501, 502}} {
			sc.Rows = rows
			var want []string
			for _, r := range all.rows {
				var n int64
				fmt.Sscanf(r, "%d|", &n)
				if slices.Contains(rows, n) {
					want = append(want, r)
				}
			}
			got := scan(t, s, size, sc)
			equal(t, fmt.Sprint("rows ", rows), got.rows, want)
			if (len(got.rejects) > 0) != slices.Contains(rows, 7) || got.skipped != 0 {
				t.Errorf("rows %v: rejects %v, skipped %d", rows, got.rejects, got.skipped)
			}
		}
	}
}

// TestDictionary passes a dictionary on from segment to segment.
func TestDictionary(t *testing.T) {
	s := open(t, write(t, "x.csv", "a,b\n"+strings.Repeat("x,\ny,\nx,\nx,\nz,\n", 100)))
	defer s.Close()
	sc := typed(t, pipeline.CodeType)
	sc.Fields[0].Dict = pipeline.NewDictionary()
	if r := scan(t, s, 50, sc); len(r.rows) != 500 || r.rows[499] != "500|z" || sc.Fields[0].Dict.Len() != 3 {
		t.Errorf("%d rows, %d values", len(r.rows), sc.Fields[0].Dict.Len())
	}
}

func TestStop(t *testing.T) {
	s := open(t, write(t, "x.csv", "a,b\n"+strings.Repeat("x,1\n\"y\",2\n", 10_000)))
	defer s.Close()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	sc := typed(t, pipeline.CodeType, pipeline.Int64Type)
	sc.Mem, sc.BatchRows = mem, 100
	segments, err := s.Split(context.Background(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for range segments[0].Scan(context.Background(), sc) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, err = range segments[len(segments)/2].Scan(ctx, sc) {
		n++
		cancel()
	}
	if !errors.Is(err, context.Canceled) || n > 2 {
		t.Errorf("cancelled: %v after %d steps", err, n)
	}
	if _, err := s.Split(ctx, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("Split cancelled: %v", err)
	}
	if _, err := Open(ctx, pipeline.File{Path: s.file.Name()}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open cancelled: %v", err)
	}
	sc.Fields[0].Column = 2
	for _, err = range segments[0].Scan(context.Background(), sc) {
	}
	if !errors.Is(err, pipeline.ErrConfig) {
		t.Errorf("a column that is not there: %v", err)
	}
}

// TestConcurrent scans the segments of a source at the same time.
func TestConcurrent(t *testing.T) {
	s := open(t, write(t, "x.csv", "a,b\n"+strings.Repeat("x,1\n\"y\n\",2\n", 20_000)))
	defer s.Close()
	segments, err := s.Split(context.Background(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	sums := make([]int, len(segments))
	for i, seg := range segments {
		g.Go(func() error {
			for b, err := range seg.Scan(context.Background(), typed(t, pipeline.CodeType, pipeline.Int64Type)) {
				if err != nil {
					return err
				}
				sums[i] += len(b.Rows)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	sum, bytes := 0, int64(0)
	for i, seg := range segments {
		sum, bytes = sum+sums[i], bytes+seg.Bytes()
	}
	if sum != 40_000 || bytes != s.size || len(segments) < 20 {
		t.Errorf("%d rows in %d segments of %d bytes", sum, len(segments), bytes)
	}
}

func TestShrunk(t *testing.T) {
	f := write(t, "x.csv", "a,b\n"+strings.Repeat("x,1\n", 1000))
	s := open(t, f)
	defer s.Close()
	segments, err := s.Split(context.Background(), whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Path, 100); err != nil {
		t.Fatal(err)
	}
	for _, err = range segments[0].Scan(context.Background(), texts(t, s)) {
	}
	if !errors.Is(err, errShrunk) {
		t.Errorf("error %v", err)
	}
}

// TestManyCodes scans a column of more values than stay in the processor's cache,
// which repeat, and are of all lengths, as codes and as texts.
func TestManyCodes(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,n\n")
	for i := range 3 * manyCodes {
		id := fmt.Sprint(i, strings.Repeat("x", i*7%20))
		if i%11 == 0 {
			id = ""
		}
		for k := range i%4 + 1 {
			fmt.Fprintf(&text, "%s,%d\n", id, k)
		}
	}
	s := open(t, write(t, "x.csv", text.String()))
	defer s.Close()
	sc := typed(t, pipeline.CodeType, pipeline.StringType)
	sc.Fields[1].Column = 0
	sc.Fields[0].Dict = pipeline.NewDictionary()
	r := scan(t, s, whole, sc)
	if sc.Fields[0].Dict.Len() < 2*manyCodes || len(r.rows) == 0 {
		t.Fatal(sc.Fields[0].Dict.Len(), "values,", len(r.rows), "rows")
	}
	for _, row := range r.rows {
		if cells := strings.Split(row, "|"); cells[1] != cells[2] {
			t.Fatal(row)
		}
	}
}
