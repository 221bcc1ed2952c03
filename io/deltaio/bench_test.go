package deltaio

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// manyFiles makes a table of n files that are not there, with a checkpoint, and some
// commits after it.
func manyFiles(b *testing.B, n, after int) string {
	b.Helper()
	s := empty(b.TempDir())
	m, err := MetadataOf(items.Table)
	if err != nil {
		b.Fatal(err)
	}
	s.Metadata, s.protocol, s.Version = *m, plainProtocol, 99
	t := table{dir: s.Dir}
	if err := t.disk.mkdir(t.logDir()); err != nil {
		b.Fatal(err)
	}
	stats := statsOf(7, nil, items.Table, nil)
	for i := range n {
		f := &File{Path: fmt.Sprintf("part-%05d-%s.snappy.parquet", i, newUUID()), Size: 1 << 20, Rows: 7, Stats: stats + fmt.Sprintf("%1000d", i)}
		s.at[f.Path] = len(s.files)
		s.files = append(s.files, f)
		s.live++
	}
	if err := t.checkpoint(s, time.Now()); err != nil {
		b.Fatal(err)
	}
	for i := range after {
		text, err := encodeActions([]action{{Add: (&File{Path: fmt.Sprint(i), Stats: stats}).action(true)}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := t.disk.putNew(t.commitPath(int64(100+i)), text); err != nil {
			b.Fatal(err)
		}
	}
	return s.Dir
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n, "files"), func(b *testing.B) {
			dir := manyFiles(b, n, 9)
			for b.Loop() {
				s, err := Load(context.Background(), dir)
				if err != nil || s.live != n+9 {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	dir := b.TempDir() + "/t"
	w, err := Write(context.Background(), dir, sales.Table, Append, pipeline.Of(), WriteOptions{})
	if err != nil || w != 0 {
		b.Fatal(err)
	}
	base := int64(0)
	for b.Loop() {
		if base, err = Commit(context.Background(), dir, &Change{ID: newUUID(), Mode: Append, DataChange: true, Operation: "WRITE", Base: base}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpsert matches every fiftieth of a million rows, and writes the
// others of their files again.
func BenchmarkUpsert(b *testing.B) {
	ctx := context.Background()
	rows := make([]sale, 1_000_000)
	for i := range rows {
		rows[i] = sale{ID: fmt.Sprintf("k%07d", i), Amount: pipeline.Some(pipeline.Price(i))}
	}
	all := sales.Record(nil, rows)
	defer all.Release()
	var few []sale
	for i := 0; i < len(rows); i += 50 {
		few = append(few, sale{ID: rows[i].ID})
	}
	update := sales.Record(nil, few)
	defer update.Release()
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir() + "/t"
		if _, err := Write(ctx, dir, sales.Table, Append, pipeline.Of(all), WriteOptions{}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := Upsert(ctx, dir, sales.Table, []string{"id"}, pipeline.Of(update), WriteOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
