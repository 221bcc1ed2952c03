package deltaio

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// TestSource reads a partitioned table record by record, in segments of one
// file and in one: the records and their numbers are the same.
func TestSource(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/items"
	for _, prefix := range []string{"a", "b"} {
		rec := items.Record(nil, oddItems(prefix, 4))
		if _, err := Write(ctx, dir, items.Table, Append, pipeline.Of(rec), WriteOptions{PartitionBy: []string{"small"}}); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	src, err := Open(ctx, pipeline.File{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if len(src.Columns()) != len(items.Columns) {
		t.Fatalf("columns %v", src.Columns())
	}
	var fields []pipeline.Field
	for _, name := range []string{"small", "id", "small"} {
		i := slices.Index(src.Columns(), name)
		cast := pipeline.Cast{Type: pipeline.StringType}
		parser, err := pipeline.NewParser(cast)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, pipeline.Field{Column: i, Cast: parser})
	}
	read := func(size int64, only []int64) (out []string, segments int) {
		list, err := src.Split(ctx, size)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range list {
			for b, err := range g.Scan(ctx, pipeline.Scan{Fields: fields, Rows: only, BatchRows: 3}) {
				if err != nil {
					t.Fatal(err)
				}
				for i, n := range b.Rows {
					out = append(out, fmt.Sprint(n, b.Record.Column(0).ValueStr(i), b.Record.Column(1).ValueStr(i), b.Record.Column(2).ValueStr(i)))
				}
			}
		}
		return out, len(list)
	}
	whole, one := read(1<<40, nil)
	cut, many := read(1, nil)
	if one != 1 || many < 10 || len(whole) != 2*len(oddTexts) {
		t.Fatalf("%d and %d segments, %d records", one, many, len(whole))
	}
	equal(t, "in segments", cut, whole)
	some, _ := read(1, []int64{2, 30})
	equal(t, "some records", some, []string{whole[1], whole[29]})
	if _, err := Open(ctx, pipeline.File{Path: t.TempDir()}); err == nil {
		t.Error("a folder without a table was opened")
	}
}

// TestScanPartitionsOnly counts rows where no column of the files is wanted.
func TestScanPartitionsOnly(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/items"
	rec := items.Record(nil, oddItems("a", 4))
	defer rec.Release()
	if _, err := Write(ctx, dir, items.Table, Append, pipeline.Of(rec), WriteOptions{PartitionBy: []string{"region"}}); err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, dir)
	count := func(columns []string, where ...pipeline.Where) (n int64) {
		for rec, err := range Scan(ctx, s, columns, where...) {
			if err != nil {
				t.Fatal(err)
			}
			n += rec.NumRows()
		}
		return n
	}
	if n := count([]string{"region"}); n != int64(len(oddTexts)) {
		t.Errorf("%d rows", n)
	}
	if n := count([]string{}); n != int64(len(oddTexts)) {
		t.Errorf("%d rows without columns", n)
	}
	is := func(column, text string) pipeline.Where {
		return pipeline.Where{Column: column, Wants: func(v []byte) bool { return string(v) == text }}
	}
	if n := count([]string{"region"}, is("region", "100%")); n != 1 {
		t.Errorf("%d rows of a partition", n)
	}
	if n := count([]string{"day"}, is("region", "100%"), is("id", "a000")); n != 2 {
		t.Errorf("%d rows of a partition or an id", n)
	}
	for _, column := range []string{"nothing", "day"} {
		for _, err := range Scan(ctx, s, nil, is(column, "x")) {
			if err == nil {
				t.Errorf("a condition on %s", column)
			}
		}
	}
}

// TestScanSkips opens only files that may hold what is wanted: the others are gone.
func TestScanSkips(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/sales"
	var base *Snapshot
	for i := range 5 {
		commitSales(t, dir, base, Append, sale{ID: fmt.Sprintf("k%d", i)})
		base = mustLoad(t, dir)
	}
	for i, f := range base.Files() {
		if i != 3 {
			if err := (disk{}).remove(dir + "/" + f.Path); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := pipeline.Where{Column: "id", Wants: func(v []byte) bool { return string(v) == "k3" }, Min: []byte("k3"), Max: []byte("k3")}
	equal(t, "k3", scanned(t, base, []string{"id"}, w), []string{`id="k3" `})
	var failed error
	for _, err := range Scan(ctx, base, nil) {
		failed = err
	}
	if failed == nil {
		t.Error("a missing file goes unseen")
	}
}

// TestUpsertTouchesLittle rewrites only the file that holds a matched key.
func TestUpsertTouchesLittle(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/sales"
	var base *Snapshot
	for i := range 6 {
		var rows []sale
		for k := range 10 {
			rows = append(rows, sale{ID: fmt.Sprintf("k%d%d", i, k), Amount: pipeline.Some(pipeline.Price(i))})
		}
		commitSales(t, dir, base, Append, rows...)
		base = mustLoad(t, dir)
	}
	rec := sales.Record(nil, []sale{{ID: "k33", Amount: pipeline.Some(pipeline.Price(99))}, {ID: "k3x"}})
	defer rec.Release()
	if _, err := Upsert(ctx, dir, sales.Table, []string{"id"}, pipeline.Of(rec), WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	h, err := History(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if c := h[0]; c.FilesRemoved != 1 || c.FilesAdded != 2 || c.RowsAdded != 11 || c.RowsRemoved != 10 || c.Metrics["numTargetRowsUpdated"] != "1" || c.Metrics["numTargetRowsInserted"] != "1" || c.Metrics["numTargetRowsCopied"] != "9" {
		t.Errorf("%+v", c)
	}
	for want, rows := range map[string][]sale{"two of the new rows": {{ID: "a"}, {ID: "a"}}} {
		rec := sales.Record(nil, rows)
		_, err := Upsert(ctx, dir, sales.Table, []string{"id"}, pipeline.Of(rec), WriteOptions{})
		rec.Release()
		if err == nil {
			t.Error(want)
		}
	}
}

// TestSchemaChanges adds nullable columns and refuses everything else.
func TestSchemaChanges(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/sales"
	commitSales(t, dir, nil, Append, sale{ID: "a"})
	with := func(edit func([]pipeline.Column) []pipeline.Column) *pipeline.Table {
		out, err := pipeline.NewTable("silver.sales", "One row per sale.", nil, edit(slices.Clone(sales.Columns)))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for want, edit := range map[string]func([]pipeline.Column) []pipeline.Column{
		"new and NOT NULL": func(c []pipeline.Column) []pipeline.Column {
			return append(c, pipeline.Column{Name: "x", Type: pipeline.Int64Type})
		},
		"is a long, in the table a decimal(18,4)": func(c []pipeline.Column) []pipeline.Column { c[1].Type = pipeline.Int64Type; return c },
		"nullable, in the table NOT NULL":         func(c []pipeline.Column) []pipeline.Column { c[0].Nullable = true; return c },
	} {
		if _, err := AddColumns(ctx, dir, with(edit)); err == nil || !containsAll(err.Error(), want, "\n") {
			t.Errorf("error %v, want %q and a hint", err, want)
		}
	}
	if v, err := AddColumns(ctx, dir, sales.Table); v != 0 || err != nil {
		t.Errorf("nothing new: version %d, %v", v, err)
	}
	wide := with(func(c []pipeline.Column) []pipeline.Column {
		return append(c, pipeline.Column{Name: "added", Type: pipeline.DateType, Nullable: true, Doc: "New."})
	})
	if v, err := AddColumns(ctx, dir, wide); v != 1 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	equal(t, "the old row", scanned(t, mustLoad(t, dir), []string{"id", "added"}), []string{`id="a" `})
	other := pipeline.Declare[item]("silver.sales", "Other rows.")
	rec := other.Record(nil, []item{{ID: "z"}})
	defer rec.Release()
	if _, err := Write(ctx, dir, other.Table, Overwrite, pipeline.Of(rec), WriteOptions{}); err == nil {
		t.Error("other columns were written")
	}
	if _, err := Write(ctx, dir, other.Table, Overwrite, pipeline.Of(rec), WriteOptions{OverwriteSchema: true, PartitionBy: []string{"ok"}}); err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, dir)
	equal(t, "overwritten", scanned(t, s, nil), []string{`id="z" `})
	if table, err := s.Table(); err != nil || len(table.Columns) != len(items.Columns) || s.PartitionColumns[0] != "ok" || table.Columns[0].Doc != "Key." {
		t.Errorf("%+v, %v", table, err)
	}
	if old, err := LoadVersion(ctx, dir, 1); err != nil || len(scanned(t, old, nil)) != 1 {
		t.Errorf("the table of before: %v", err)
	}
}
