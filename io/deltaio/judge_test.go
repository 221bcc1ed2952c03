package deltaio

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/ipc"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

func judge(t *testing.T, script string, args ...string) {
	t.Helper()
	python := judgetest.Python(t, "deltalake", "duckdb", "pyarrow", "polars")
	out, err := exec.Command(python, append([]string{"-B", filepath.Join("testdata", script)}, args...)...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// oddItems are rows with all odd values, their ids behind a prefix.
func oddItems(prefix string, seed uint64) []item {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []item
	for i, text := range oddTexts {
		v := item{ID: fmt.Sprintf("%s%03d", prefix, i), Region: pipeline.Some(text), Code: pipeline.Some(pipeline.Code(oddTexts[len(oddTexts)-1-i])), Day: pipeline.Some(pipeline.Date(i*400 - 4000)),
			At: pipeline.Some(pipeline.Timestamp(r.Int64N(4e15) - 2e15)), Price: pipeline.Some(pipeline.Price(i * 10050)), N: pipeline.Some(r.Int64() - r.Int64()),
			Small: pipeline.Some(int32(i - 5)), OK: pipeline.Some(i%2 == 0), Raw: pipeline.Some(pipeline.Bytes(text))}
		total, _ := pipeline.TotalOf(r.Int64()).Sum()
		v.Total = pipeline.Some(total)
		switch i % 7 {
		case 3:
			v = item{ID: v.ID}
		case 5:
			v.Region, v.At, v.Total, v.OK = pipeline.Null[string]{}, pipeline.Null[pipeline.Timestamp]{}, pipeline.Null[pipeline.Sum]{}, pipeline.Null[bool]{}
		}
		out = append(out, v)
	}
	return out
}

// saveScan writes the rows of a table as an Arrow file: what others must read.
func saveScan(t *testing.T, dir, path string) {
	t.Helper()
	s := mustLoad(t, dir)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var w *ipc.FileWriter
	for rec, err := range Scan(context.Background(), s, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if w == nil {
			if w, err = ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema())); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// judged is a folder of tables of every kind, and what they must hold.
type judged struct {
	folder string
	want   map[string][]string // rows by table
	write  func(name string, mode Mode, rows []item, partitions ...string)
}

// check compares Scan with the rows that were written, and saves them for the judges.
func (j *judged) check(t *testing.T) {
	for _, name := range sortedKeys(j.want) {
		dir := filepath.Join(j.folder, name)
		slices.Sort(j.want[name])
		equal(t, name, scanned(t, mustLoad(t, dir), nil), j.want[name])
		saveScan(t, dir, dir+".arrow")
	}
}

func makeJudged(t *testing.T) *judged {
	ctx := context.Background()
	folder, want := t.TempDir(), map[string][]string{}
	write := func(name string, mode Mode, rows []item, partitions ...string) {
		for i := range rows {
			// delta-rs 1.6.6 hands negative decimals in partitions to pyarrow as "-3.-150".
			if partitions == nil && rows[i].Price.Valid {
				rows[i].Price.V = -rows[i].Price.V / 7
			}
		}
		rec := items.Record(nil, rows)
		defer rec.Release()
		if _, err := Write(ctx, filepath.Join(folder, name), items.Table, mode, pipeline.Of(rec), WriteOptions{PartitionBy: partitions}); err != nil {
			t.Fatal(err)
		}
		if mode == Overwrite {
			want[name] = nil
		}
		want[name] = append(want[name], render(rec, partitions)...)
	}
	kinds := map[string][]string{"plain": nil, "by_region": {"region"}, "by_code_n": {"code", "n"}, "by_price_day": {"price", "day"}, "by_at_ok": {"at", "ok"}, "by_total_small": {"total", "small"}}
	for _, name := range sortedKeys(kinds) {
		write(name, Append, oddItems("gone", 1), kinds[name]...)
		write(name, Overwrite, oddItems("a", 2), kinds[name]...)
		write(name, Append, oddItems("b", 3), kinds[name]...)
	}
	if _, err := Compact(ctx, filepath.Join(folder, "by_region"), CompactOptions{}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		write("ranges", Append, []item{{ID: fmt.Sprintf("r%02d", i)}})
	}
	for i := range 123 {
		write("many", Append, []item{{ID: fmt.Sprintf("m%03d", i), Region: pipeline.Some("x")}}, "region")
	}
	for i := range 47 {
		write("cleaned", Append, []item{{ID: fmt.Sprintf("c%03d", i)}})
	}
	cleaned := table{dir: filepath.Join(folder, "cleaned")}
	for v := range int64(33) {
		old := time.Now().Add(-50 * day)
		if err := os.Chtimes(cleaned.commitPath(v), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := CleanLog(ctx, cleaned.dir); err != nil {
		t.Fatal(err)
	}
	write("evolved", Append, oddItems("a", 5))
	evolved := filepath.Join(folder, "evolved")
	wide, err := pipeline.NewTable("silver.items", "One row per item.", nil, append(slices.Clone(items.Columns), pipeline.Column{Name: "added", Type: pipeline.PriceType, Nullable: true, Doc: "New."}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := AddColumns(ctx, evolved, wide); err != nil {
		t.Fatal(err)
	}
	write("evolved", Append, oddItems("b", 6))
	update := items.Record(nil, []item{{ID: "a001", N: pipeline.Some(int64(7))}, {ID: "new"}})
	defer update.Release()
	if _, err := Upsert(ctx, evolved, items.Table, []string{"id"}, pipeline.Of(update), WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	want["evolved"] = append(slices.DeleteFunc(want["evolved"], func(s string) bool { return strings.HasPrefix(s, `id="a001"`) }), render(update, nil)...)

	j := &judged{folder, want, write}
	j.check(t)
	return j
}

// TestJudge has delta-rs, Polars and DuckDB read tables of every kind, delta-rs
// append to them, and smelt read and append after it.
func TestJudge(t *testing.T) {
	judgetest.Python(t, "deltalake", "duckdb", "pyarrow", "polars")
	j := makeJudged(t)
	folder, want := j.folder, j.want
	judge(t, "read.py", folder, "again-")
	for name, rows := range want {
		for _, r := range slices.Clone(rows) {
			want[name] = append(want[name], strings.Replace(r, `id="`, `id="again-`, 1))
		}
	}
	j.check(t)
	for _, name := range sortedKeys(want) {
		j.write(name, Append, []item{{ID: "last"}}, mustLoad(t, filepath.Join(folder, name)).PartitionColumns...)
	}
	j.check(t)
	judge(t, "read.py", folder)
}

// TestJudgeSpark has Spark with Delta read the tables and change them, and smelt
// go on after it.
func TestJudgeSpark(t *testing.T) {
	python := judgetest.Spark(t)
	j := makeJudged(t)
	for _, name := range []string{"by_code_n", "by_price_day", "ranges"} { // Spark takes its time
		if err := os.RemoveAll(filepath.Join(j.folder, name)); err != nil {
			t.Fatal(err)
		}
		delete(j.want, name)
	}
	out, err := exec.Command(python, "-B", "testdata/spark.py", j.folder).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	for name := range j.want {
		j.want[name] = append(j.want[name], `id="spark-2" `, `id="spark-3" `)
	}
	j.check(t)
	// Spark's checkpoints say all that the commits before them did.
	second := filepath.Join(filepath.Dir(j.folder), "second")
	for _, dir := range []string{filepath.Join(j.folder, "plain"), second} {
		s := mustLoad(t, dir)
		for v := range s.Version {
			if err := (disk{}).remove(table{dir: dir}.commitPath(v)); err != nil {
				t.Fatal(err)
			}
		}
		s = mustLoad(t, dir)
		equal(t, dir, scanned(t, s, nil), j.want["plain"])
		if s.Description == "" || s.Rows() != int64(len(j.want["plain"])) || len(s.tombstones) == 0 {
			t.Errorf("%s: a part of Spark's checkpoint is missing: %d rows, %d tombstones", dir, s.Rows(), len(s.tombstones))
		}
	}
	if l, err := (table{dir: second}).list(); err != nil || !slices.ContainsFunc(l.checkpoints, func(c checkpoint) bool { return len(c.files[0]) > 60 }) {
		t.Errorf("Spark made no checkpoint of the form V2: %+v, %v", l, err)
	}
	ctx := context.Background()
	for _, name := range sortedKeys(j.want) {
		table := filepath.Join(j.folder, name)
		j.write(name, Append, []item{{ID: "last"}}, mustLoad(t, table).PartitionColumns...)
		if _, err := Compact(ctx, table, CompactOptions{}); err != nil {
			t.Fatal(err)
		}
		rec := items.Record(nil, []item{{ID: "spark-3"}, {ID: "after"}})
		if _, err := Upsert(ctx, table, items.Table, []string{"id"}, pipeline.Of(rec), WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		j.want[name] = append(j.want[name], `id="after" `)
		if _, err := Checkpoint(ctx, table); err != nil {
			t.Fatal(err)
		}
	}
	j.check(t)
}

// TestJudgeForeign reads a table of delta-rs: its types, its checkpoint, its
// partition values, its nested columns left out.
func TestJudgeForeign(t *testing.T) {
	folder := t.TempDir()
	judge(t, "write.py", folder)
	f, err := os.Open(filepath.Join(folder, "foreign.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var names, want []string
	for _, f := range r.Schema().Fields() {
		names = append(names, f.Name)
	}
	for i := range r.NumRecords() {
		rec, err := r.RecordAt(i)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, render(rec, nil)...)
	}
	slices.Sort(want)
	dir := filepath.Join(folder, "foreign")
	for from := range 2 { // with the checkpoint, and without what is before it
		s := mustLoad(t, dir)
		equal(t, "foreign", scanned(t, s, names), want)
		if from == 0 && s.protocol.MinWriter != 7 {
			t.Errorf("protocol %+v", s.protocol)
		}
		if _, err := s.Table(); err == nil || !strings.Contains(err.Error(), "does not read") {
			t.Errorf("nested columns: %v", err)
		}
		for v := range int64(4) {
			if err := (disk{}).remove(table{dir: dir}.commitPath(v)); err != nil {
				t.Fatal(err)
			}
		}
	}
	few := pipeline.Where{Column: "id", Wants: func(v []byte) bool { return string(v) == "k17" }, Min: []byte("k17"), Max: []byte("k17")}
	equal(t, "one row", scanned(t, mustLoad(t, dir), []string{"id", "short"}, few), []string{`id="k17" short="1700" `})
	if h, err := History(context.Background(), dir); err != nil || len(h) == 0 || !strings.Contains(h[0].Engine, "delta-rs") {
		t.Errorf("history %+v, %v", h, err)
	}
}
