package gold_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// benchShop is what gold gets of a generated shop: the fact's batches and the
// dimensions.
type benchShop struct {
	batches             []arrow.Record
	lines               int64
	customers, products arrow.Record
	rfm                 bronze.RFM
}

const benchLines = 1_000_000

// The shops are made once. The shuffled one has the same lines in random order.
var (
	orderedShop  = sync.OnceValues(func() (*benchShop, error) { return makeShop(false) })
	shuffledShop = sync.OnceValues(func() (*benchShop, error) { return makeShop(true) })
)

func makeShop(shuffle bool) (*benchShop, error) {
	dir, err := os.MkdirTemp("", "smelt")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	made, err := synth.Generate(context.Background(), filepath.Join(dir, "shop"), synth.Options{Rows: benchLines, Seed: 1, Messy: synth.DefaultMessy}, nil)
	if err != nil {
		return nil, err
	}
	if shuffle {
		for _, f := range made.Files[2:] {
			if err := shuffleLines(filepath.Join(made.Dir, f.Name)); err != nil {
				return nil, err
			}
		}
	}
	m, err := bronze.LoadMapping(made.Config)
	if err != nil {
		return nil, err
	}
	s := &benchShop{rfm: m.Rules.RFM}
	keep := pipeline.Map(func(rec arrow.Record) (arrow.Record, error) {
		rec.Retain()
		s.batches, s.lines = append(s.batches, rec), s.lines+rec.NumRows()
		rec.Retain()
		return rec, nil
	})
	_, err = gold.Run(context.Background(), m, csvio.Open, &dimensions{counter{rows: map[string]int64{}}, s}, gold.Workers(1), gold.Stages(keep))
	return s, err
}

// shuffleLines puts a CSV file's lines in random order; its header stays.
func shuffleLines(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	rows := lines[1 : len(lines)-1]
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return os.WriteFile(path, bytes.Join(lines, nil), 0o666)
}

// dimensions is a sink that keeps the dimensions only.
type dimensions struct {
	counter
	shop *benchShop
}

func (d *dimensions) Create(t *pipeline.Table, part int) (pipeline.Writer, error) {
	w, err := d.counter.Create(t, part)
	return &dimension{w, d.shop, t.Name}, err
}

type dimension struct {
	pipeline.Writer
	shop *benchShop
	name string
}

func (d *dimension) Write(rec arrow.Record) error {
	switch {
	case strings.HasSuffix(d.name, "dim_customers"):
		rec.Retain()
		d.shop.customers = rec
	case strings.HasSuffix(d.name, "dim_products"):
		rec.Retain()
		d.shop.products = rec
	}
	return d.Writer.Write(rec)
}

func (s *benchShop) add(b *testing.B, workers int) *gold.Aggregation {
	a, err := gold.NewAggregation(gold.Seed(), workers, nil)
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(s.batches)); i = next.Add(1) - 1 {
				if err := a.Add(w, s.batches[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return a
}

func eachShop(b *testing.B, f func(b *testing.B, s *benchShop, workers int)) {
	for _, c := range []struct {
		name string
		shop func() (*benchShop, error)
	}{{"ordered", orderedShop}, {"shuffled", shuffledShop}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				s, err := c.shop()
				if err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				f(b, s, workers)
			})
		}
	}
}

func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// cpu returns the seconds that the process has computed: a busy machine
// changes it less than the time on the clock.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func BenchmarkAdd(b *testing.B) {
	eachShop(b, func(b *testing.B, s *benchShop, workers int) {
		before := liveBytes()
		a := s.add(b, workers)
		live := liveBytes() - before
		a.Release()
		start := cpu(b)
		for b.Loop() {
			s.add(b, workers).Release()
		}
		b.ReportMetric((cpu(b)-start)*1e9/float64(b.N)/float64(s.lines), "cpu-ns/line")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.lines), "ns/line")
		b.ReportMetric(float64(live)/float64(s.lines), "live-B/line")
	})
}

func BenchmarkTables(b *testing.B) {
	eachShop(b, func(b *testing.B, s *benchShop, workers int) {
		spent := 0.0
		for b.Loop() {
			b.StopTimer()
			a := s.add(b, workers)
			runtime.GC()
			b.StartTimer()
			start := cpu(b)
			in := gold.Inputs{Customers: s.customers, Products: s.products, RFM: s.rfm}
			totals, err := a.Totals(in)
			if err != nil {
				b.Fatal(err)
			}
			_, err = totals.Tables(in, func(t *pipeline.Table) (pipeline.Writer, error) {
				return (&counter{rows: map[string]int64{}}).Create(t, 0)
			})
			if err != nil {
				b.Fatal(err)
			}
			spent += cpu(b) - start
			a.Release()
		}
		b.ReportMetric(spent*1e9/float64(b.N)/float64(s.lines), "cpu-ns/line")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.lines), "ns/line")
	})
}
