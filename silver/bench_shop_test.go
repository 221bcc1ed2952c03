package silver

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
)

// madeShop is a shop of "smelt generate" as silver meets it: batches that the
// bronze reader made, of 250,000 sales records and of ten times as many
// customers and products as such a shop has.
type madeShop struct {
	mapping                    *bronze.Mapping
	customers, products, sales []arrow.Record
	keys                       []arrow.Record // order_id, line_number, _source_row of the sales
	lines                      int64
}

var made struct {
	sync.Mutex
	shops map[float64]*madeShop
}

// makeShop returns the shop with the given share of blemishes. Shops are made
// once and kept.
func makeShop(tb testing.TB, messy float64) *madeShop {
	made.Lock()
	defer made.Unlock()
	if s := made.shops[messy]; s != nil {
		return s
	}
	ctx, dir := context.Background(), tb.TempDir()
	few, err := synth.Generate(ctx, filepath.Join(dir, "few"), synth.Options{Rows: 250_000, Seed: 1, Messy: messy}, nil)
	must(tb, err)
	many, err := synth.Generate(ctx, filepath.Join(dir, "many"), synth.Options{Rows: 2_500_000, Seed: 1, Messy: messy}, nil)
	must(tb, err)
	s := &madeShop{}
	read := func(config string, keep func(table string, recs []arrow.Record)) {
		s.mapping, err = bronze.LoadMapping(config)
		must(tb, err)
		inputs, err := bronze.OpenInputs(ctx, s.mapping, csvio.Open)
		must(tb, err)
		dicts := bronze.Dictionaries{}
		for _, in := range inputs {
			plan, err := in.Bind(s.mapping, nil, in.Main())
			must(tb, err)
			r := plan.NewReader(memory.DefaultAllocator, "b", dicts)
			segments, err := in.Source.Split(ctx, 1<<30)
			must(tb, err)
			for _, seg := range segments {
				for out, err := range r.Scan(ctx, seg, nil) {
					must(tb, err)
					for _, rec := range out.Records {
						rec.Retain()
					}
					keep(in.Spec.Table, out.Records)
				}
			}
		}
	}
	read(many.Config, func(table string, recs []arrow.Record) {
		switch table {
		case "customers":
			s.customers = append(s.customers, recs...)
		case "products":
			s.products = append(s.products, recs...)
		}
	})
	read(few.Config, func(table string, recs []arrow.Record) {
		if table != "sales" {
			return
		}
		for _, rec := range recs {
			s.sales, s.lines = append(s.sales, rec), s.lines+rec.NumRows()
			var columns []arrow.Array
			var fields []arrow.Field
			for _, name := range append([]string{"_source_row"}, KeyColumns...) {
				at := saleIndex(name)
				columns, fields = append(columns, rec.Column(at)), append(fields, rec.Schema().Field(at))
			}
			s.keys = append(s.keys, array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows()))
		}
	})
	if made.shops == nil {
		made.shops = map[float64]*madeShop{}
	}
	made.shops[messy] = s
	return s
}

// model returns a model that has read the shop's dimensions.
func (s *madeShop) model(tb testing.TB, mem memory.Allocator) *Model {
	m, err := New(s.mapping, nil, mem, nil)
	must(tb, err)
	drop := func(arrow.Record) error { return nil }
	for _, rec := range s.customers {
		must(tb, m.AddCustomers(rec, drop))
	}
	for _, rec := range s.products {
		must(tb, m.AddProducts(rec, drop))
	}
	return m
}

// BenchmarkShop is silver's work on a shop of "smelt generate", per row:
//
//   - fact: the fact stage, over lines of which one in a hundred has a
//     blemish and some came back
//   - whole: the fact stage where the fact rows are the lines, one for one
//   - keys: the key scan, and which keys occur again
//   - dimensions: customers and products, from bronze to their tables
func BenchmarkShop(b *testing.B) {
	for _, w := range shopWork {
		b.Run(w.name, func(b *testing.B) {
			run, rows := w.prepare(b)
			run() // every dictionary of a stage is complete
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
}

var shopWork = []struct {
	name    string
	prepare func(tb testing.TB) (run func(), rows int64)
}{
	{"fact", func(tb testing.TB) (func(), int64) { return factOf(tb, makeShop(tb, synth.DefaultMessy), true) }},
	{"whole", func(tb testing.TB) (func(), int64) { return factOf(tb, makeShop(tb, 0), false) }},
	{"keys", func(tb testing.TB) (func(), int64) {
		s := makeShop(tb, synth.DefaultMessy)
		return func() {
			m, err := New(s.mapping, nil, nil, nil)
			must(tb, err)
			k := m.NewKeyScan()
			for _, rec := range s.keys {
				must(tb, k.Sales(0, false, rec))
			}
			must(tb, m.Freeze(k))
		}, s.lines
	}},
	{"dimensions", func(tb testing.TB) (func(), int64) {
		s := makeShop(tb, synth.DefaultMessy)
		var rows int64
		for _, rec := range slices.Concat(s.customers, s.products) {
			rows += rec.NumRows()
		}
		return func() {
			m := s.model(tb, nil)
			must(tb, m.Freeze())
			none := func(arrow.Record) error { return nil }
			must(tb, m.DimCustomers(nil, none))
			must(tb, m.DimProducts(nil, none))
		}, rows
	}},
}

func factOf(tb testing.TB, s *madeShop, mirrored bool) (run func(), rows int64) {
	mem := newPool()
	m := s.model(tb, mem)
	if !mirrored {
		m.returnedStatuses = nil
	}
	must(tb, m.Freeze())
	f := m.NewFact(mem)
	return func() {
		stage := f.Stage(0, false, func(arrow.Record) error { return nil })
		for _, err := range stage(pipeline.Of(s.sales...)) {
			must(tb, err)
		}
	}, s.lines
}

func must(tb testing.TB, err error) {
	if err != nil {
		tb.Fatal(err)
	}
}

// pool is an allocator for one goroutine that gives released memory out again,
// as that of a run does.
type pool struct{ free map[int][][]byte }

func newPool() *pool { return &pool{map[int][][]byte{}} }

func (p *pool) Allocate(size int) []byte {
	class := 64
	for class < size {
		class *= 2
	}
	if f := p.free[class]; len(f) > 0 {
		p.free[class] = f[:len(f)-1]
		return f[len(f)-1][:size]
	}
	return memory.DefaultAllocator.Allocate(class)[:size]
}

func (p *pool) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	out := p.Allocate(size)
	copy(out, b)
	p.Free(b)
	return out
}

func (p *pool) Free(b []byte) {
	class := 64
	for class*2 <= cap(b) {
		class *= 2
	}
	if cap(b) >= 64 {
		p.free[class] = append(p.free[class], b[:0])
	}
}
