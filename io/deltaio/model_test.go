package deltaio

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// item has every type that smelt writes.
type item struct {
	ID     string                            `col:"id" doc:"Key."`
	Region pipeline.Null[string]             `col:"region" doc:"Text."`
	Code   pipeline.Null[pipeline.Code]      `col:"code" doc:"Text of few values."`
	Day    pipeline.Null[pipeline.Date]      `col:"day" doc:"Day."`
	At     pipeline.Null[pipeline.Timestamp] `col:"at" doc:"Time."`
	Price  pipeline.Null[pipeline.Price]     `col:"price" doc:"Money."`
	Total  pipeline.Null[pipeline.Sum]       `col:"total" doc:"Much money."`
	N      pipeline.Null[int64]              `col:"n" doc:"Number."`
	Small  pipeline.Null[int32]              `col:"small" doc:"Small number."`
	OK     pipeline.Null[bool]               `col:"ok" doc:"Yes or no."`
	Raw    pipeline.Null[pipeline.Bytes]     `col:"raw" doc:"Bytes."`
}

var items = pipeline.Declare[item]("silver.items", "One row per item.", "id")

// oddTexts are what paths, URIs, JSON and Delta's partitions get wrong.
var oddTexts = []string{"", " ", "a", "b", "a b", "a/b", "a%2Fb", "100%", "é", "日本", "a=b", "12:30", ".", "..", "#?&+;,", "\"quoted\"", "back\\slash", "line\nbreak", "null", "NULL",
	"__HIVE_DEFAULT_PARTITION__x", "\u007f", "<tag>&", strings.Repeat("long ", 30), strings.Repeat("é/", 25), "\U0010FFFF", strings.Repeat("\U0010FFFF", 18), "zz" + strings.Repeat("z", 40)}

func drawItem(t *rapid.T, id string) item {
	maybe := func() bool { return rapid.IntRange(0, 3).Draw(t, "value") > 0 }
	r := item{ID: id}
	if maybe() {
		r.Region = pipeline.Some(rapid.SampledFrom(oddTexts).Draw(t, "region"))
	}
	if maybe() {
		r.Code = pipeline.Some(pipeline.Code(rapid.SampledFrom(oddTexts).Draw(t, "code")))
	}
	if maybe() {
		r.Day = pipeline.Some(pipeline.Date(rapid.Int32Range(-3, 3).Draw(t, "day")))
	}
	if maybe() {
		r.At = pipeline.Some(pipeline.Timestamp(rapid.Int64Range(-2_000_000, 2_000_000).Draw(t, "at")))
	}
	if maybe() {
		r.Price = pipeline.Some(pipeline.Price(rapid.Int64Range(-20, 20).Draw(t, "price") * 5000))
	}
	if maybe() {
		total, _ := pipeline.TotalOf(rapid.Int64().Draw(t, "total")).Sum()
		r.Total = pipeline.Some(total)
	}
	if maybe() {
		r.N = pipeline.Some(rapid.Int64().Draw(t, "n"))
	}
	if maybe() {
		r.Small = pipeline.Some(rapid.Int32Range(-2, 2).Draw(t, "small"))
	}
	if maybe() {
		r.OK = pipeline.Some(rapid.Bool().Draw(t, "ok"))
	}
	if maybe() {
		r.Raw = pipeline.Some(pipeline.Bytes(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "raw")))
	}
	return r
}

// render returns each row as text, without NULLs; an empty text in a partition
// column is a NULL.
func render(rec arrow.Record, partitions []string) []string {
	out := make([]string, rec.NumRows())
	for i := range out {
		for k, f := range rec.Schema().Fields() {
			c := rec.Column(k)
			if c.IsNull(i) || slices.Contains(partitions, f.Name) && c.ValueStr(i) == "" {
				continue
			}
			out[i] += fmt.Sprintf("%s=%q ", f.Name, c.ValueStr(i))
		}
	}
	return out
}

// scanned returns the rows of a snapshot, sorted.
func scanned(t interface{ Fatal(...any) }, s *Snapshot, columns []string, where ...pipeline.Where) []string {
	out := []string{}
	for rec, err := range Scan(context.Background(), s, columns, where...) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, render(rec, nil)...)
	}
	slices.Sort(out)
	return out
}

// model is a table in memory: rows by id.
type model struct {
	rows map[string]string
}

func (m *model) sorted() []string {
	out := slices.Collect(maps.Values(m.rows))
	slices.Sort(out)
	return out
}

func equal(t interface{ Fatalf(string, ...any) }, what string, got, want []string) {
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %d rows, want %d\n got %s\nwant %s", what, len(got), len(want), strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// TestRandomHistories does random operations on a table and on a model of it,
// and compares every version.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		dir, err := os.MkdirTemp(t.TempDir(), "table")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		partitions := rapid.SampledFrom([][]string{nil, {"region"}, {"price", "day"}, {"at", "ok"}, {"total", "small"}, {"code", "n"}}).Draw(rt, "partitions")
		m := model{rows: map[string]string{}}
		past := map[int64][]string{}
		next := 0
		draw := func(fresh bool) (pipeline.Stream, map[string]string, func()) {
			var rows []item
			out := map[string]string{}
			for range rapid.IntRange(0, 6).Draw(rt, "rows") {
				id := fmt.Sprintf("k%d", next)
				if !fresh && next > 0 && rapid.Bool().Draw(rt, "known") {
					id = fmt.Sprintf("k%d", rapid.IntRange(0, next-1).Draw(rt, "key"))
				}
				next++
				if _, ok := out[id]; !ok {
					rows = append(rows, drawItem(rt, id))
					out[id] = ""
				}
			}
			rec := items.Record(nil, rows)
			for i, text := range render(rec, partitions) {
				out[rows[i].ID] = text
			}
			return pipeline.Of(rec), out, rec.Release
		}
		region := func(text string) string { // the partition of a rendered row
			var key []string
			for _, p := range partitions {
				_, rest, ok := strings.Cut(" "+text, " "+p+"=")
				value, _, _ := strings.Cut(rest, "\" ")
				key = append(key, fmt.Sprint(ok, value))
			}
			return strings.Join(key, "|")
		}
		write := func(mode Mode) {
			rows, drawn, release := draw(true)
			defer release()
			if _, err := Write(ctx, dir, items.Table, mode, rows, WriteOptions{PartitionBy: partitions}); err != nil {
				rt.Fatal(err)
			}
			if mode == Overwrite {
				m.rows = map[string]string{}
			}
			maps.Copy(m.rows, drawn)
		}
		write(Append)
		for range rapid.IntRange(1, 12).Draw(rt, "operations") {
			switch op := rapid.SampledFrom([]string{"append", "append", "append", "overwrite", "upsert", "upsert", "partitions", "compact", "checkpoint", "clean", "vacuum"}).Draw(rt, "operation"); op {
			case "append":
				write(Append)
			case "overwrite":
				write(Overwrite)
			case "upsert":
				rows, drawn, release := draw(false)
				if _, err := Upsert(ctx, dir, items.Table, []string{"id"}, rows, WriteOptions{}); err != nil {
					rt.Fatal(err)
				}
				release()
				maps.Copy(m.rows, drawn)
			case "partitions":
				if partitions == nil {
					continue
				}
				rows, drawn, release := draw(true)
				if _, err := OverwritePartitions(ctx, dir, items.Table, rows, WriteOptions{}); err != nil {
					rt.Fatal(err)
				}
				release()
				hit := map[string]bool{}
				for _, text := range drawn {
					hit[region(text)] = true
				}
				maps.DeleteFunc(m.rows, func(_, text string) bool { return hit[region(text)] })
				maps.Copy(m.rows, drawn)
			case "compact":
				if _, err := Compact(ctx, dir, CompactOptions{TargetBytes: 20_000}); err != nil {
					rt.Fatal(err)
				}
			case "checkpoint":
				if _, err := Checkpoint(ctx, dir); err != nil {
					rt.Fatal(err)
				}
			case "clean":
				if err := CleanLog(ctx, dir); err != nil { // nothing is old enough
					rt.Fatal(err)
				}
			case "vacuum":
				if gone, err := Vacuum(ctx, dir, VacuumOptions{}); err != nil || len(gone) > 0 {
					rt.Fatal(gone, err)
				}
			}
			s, err := Load(ctx, dir)
			if err != nil {
				rt.Fatal(err)
			}
			equal(rt, fmt.Sprint(s), scanned(rt, s, nil), m.sorted())
			past[s.Version] = m.sorted()
		}
		for v, want := range past {
			s, err := LoadVersion(ctx, dir, v)
			if err != nil {
				rt.Fatal(err)
			}
			equal(rt, fmt.Sprint(s), scanned(rt, s, nil), want)
		}
		// Rows that are picked are those that a full scan picks.
		s, err := Load(ctx, dir)
		if err != nil {
			rt.Fatal(err)
		}
		for _, column := range []string{"id", "region", "code"} {
			want := rapid.SampledFrom(append([]string{"k1", "k2"}, oddTexts...)).Draw(rt, "wanted")
			w := pipeline.Where{Column: column, Wants: func(v []byte) bool { return string(v) == want }, Min: []byte(want), Max: []byte(want)}
			var picked []string
			for _, text := range m.sorted() {
				if strings.Contains(" "+text, fmt.Sprintf(" %s=%q ", column, want)) {
					picked = append(picked, text)
				}
			}
			equal(rt, column+" = "+want, scanned(rt, s, nil, w), append([]string{}, picked...))
		}
	})
}

// TestOldFiles moves the files' times back, so that Vacuum and CleanLog have
// something to do, and reads the newest version after each.
func TestOldFiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/items"
	old := time.Now().Add(-40 * day)
	var want []string
	for i := range 35 {
		rec := items.Record(nil, []item{{ID: fmt.Sprint(i)}})
		mode := Append
		if i == 20 {
			mode = Overwrite
		}
		if _, err := Write(ctx, dir, items.Table, mode, pipeline.Of(rec), WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		if i >= 20 {
			want = append(want, fmt.Sprintf("id=%q ", fmt.Sprint(i)))
		}
	}
	slices.Sort(want)
	tm := table{dir: dir}
	for v := range int64(28) {
		if err := os.Chtimes(tm.commitPath(v), old, old.Add(time.Duration(v)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := CleanLog(ctx, dir); err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, dir)
	equal(t, "after the clean-up", scanned(t, s, nil), want)
	if _, err := LoadVersion(ctx, dir, 19); err == nil || !strings.Contains(err.Error(), "versions 20 to 34") {
		t.Fatalf("a version that was cleaned up: %v", err)
	}
	if _, err := LoadVersion(ctx, dir, 20); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tm.commitPath(20)); err != nil {
		t.Fatal("the checkpoint's own commit is gone")
	}
	if h, err := History(ctx, dir); err != nil || len(h) != 15 || h[14].Version != 20 || h[0].RowsAdded != 1 {
		t.Fatalf("history %+v, %v", h, err)
	}
	rec := items.Record(nil, []item{{ID: "last"}})
	if _, err := Write(ctx, dir, items.Table, Overwrite, pipeline.Of(rec), WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	rec.Release()
	want = []string{`id="last" `}
	if h, err := History(ctx, dir); err != nil || h[0].RowsRemoved != 15 || h[0].FilesRemoved != 15 {
		t.Fatalf("the last of %+v, %v", h, err)
	}
	if c, err := Changes(ctx, dir, 33); err != nil || len(c) != 2 || c[0].Version != 34 || !c[1].DataChanged || c[1].Operation != "WRITE" {
		t.Fatalf("changes %+v, %v", c, err)
	}
	if _, err := Changes(ctx, dir, 3); err == nil {
		t.Fatal("changes since a version that was cleaned up")
	}
	if at, err := LoadTime(ctx, dir, old.Add(27*time.Second)); err != nil || at.Version != 27 {
		t.Fatalf("%v, %v", at, err)
	}
	if _, err := LoadTime(ctx, dir, old.Add(-time.Hour)); err == nil {
		t.Fatal("a time before the table")
	}
	// Files of before version 20 were removed today: they stay.
	if err := os.WriteFile(dir+"/orphan.parquet", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"/_keep/x.parquet", "/.hidden/x.parquet"} {
		if err := os.MkdirAll(dir+f, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	ageFiles(t, dir, old)
	gone, err := Vacuum(ctx, dir, VacuumOptions{DryRun: true})
	if err != nil || len(gone) != 1 || gone[0].Path != "orphan.parquet" {
		t.Fatalf("%+v, %v", gone, err)
	}
	time.Sleep(2 * time.Millisecond)
	gone, err = Vacuum(ctx, dir, VacuumOptions{Retention: time.Millisecond})
	if err != nil || len(gone) != 36 {
		t.Fatalf("%d, %v", len(gone), err)
	}
	equal(t, "after the vacuum", scanned(t, mustLoad(t, dir), nil), want)
}

// ageFiles makes the data files of a table old.
func ageFiles(t *testing.T, dir string, at time.Time) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			if err := os.Chtimes(dir+"/"+e.Name(), at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
