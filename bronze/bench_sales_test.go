//go:build unix

package bronze_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// BenchmarkSales reads a generated shop's sales as a run does: the cuts into
// segments, the narrow scan of the lines' keys, and the full scan. SMELT_SHOP
// names the folder of another shop, a large one for instance.
func BenchmarkSales(b *testing.B) {
	ctx := context.Background()
	dir := os.Getenv("SMELT_SHOP")
	if dir == "" {
		dir = b.TempDir()
		if _, err := synth.Generate(ctx, dir, synth.Options{Rows: 300_000, Seed: 1, Messy: synth.DefaultMessy}, nil); err != nil {
			b.Fatal(err)
		}
	}
	m, err := bronze.LoadMapping(filepath.Join(dir, "smelt.yml"))
	if err != nil {
		b.Fatal(err)
	}
	inputs, err := bronze.OpenInputs(ctx, m, csvio.Open)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bronze.CloseInputs(inputs) }()
	var segments []pipeline.Segment // of the last sales file
	var in *bronze.Input
	for _, i := range inputs {
		if i.Spec.Table == "sales" {
			in = i
		}
	}
	lines, size := int64(0), int64(0)
	measure := func(name string, f func() int64) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := processorTime()
			for b.Loop() {
				lines = cmp.Or(f(), lines)
			}
			spent := float64(processorTime() - start)
			b.ReportMetric(spent/float64(b.N)/float64(lines), "cpu-ns/line")
			b.ReportMetric(float64(size)*float64(b.N)/spent*1e3, "MB/cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
	if segments, err = in.Source.Split(ctx, 48<<20); err != nil {
		b.Fatal(err)
	}
	for _, s := range segments {
		size += s.Bytes()
	}
	mem := new(pipeline.Pool)
	read := func(dicts bronze.Dictionaries, target bronze.Target) (n int64) {
		for _, s := range segments {
			plan, err := in.Bind(m, nil, target)
			if err != nil {
				b.Fatal(err)
			}
			r := plan.NewReader(mem, "batch-1", dicts)
			for _, err := range r.Scan(ctx, s, nil) {
				if err != nil {
					b.Fatal(err)
				}
			}
			n += r.Counts().Records
			r.Release()
		}
		return n
	}
	dicts := bronze.Dictionaries{}
	lines = read(dicts, in.Main()) // the dictionaries know most texts then
	measure("cuts", func() int64 {
		if _, err := in.Source.Split(ctx, 48<<20); err != nil {
			b.Fatal(err)
		}
		return 0
	})
	measure("keys", func() int64 { return read(bronze.Dictionaries{}, in.Keys("order_id", "line_number")) })
	measure("full", func() int64 { return read(dicts, in.Main()) })
}

// processorTime is what the process has used: other programs disturb it less
// than they do the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
