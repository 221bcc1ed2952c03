package silver

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
)

// shop is what one run reads.
type shop struct {
	mapping   bronze.Mapping
	customers []bronze.Customer
	products  []bronze.Product
	segments  []segment
	returned  []bronze.ReturnedOrder
	scratch   *pipeline.Scratch
}

// segment is a piece of a sales source. The lines may describe customers and
// products; both are as long as lines then.
type segment struct {
	returns   bool
	overlap   bool // the source has overlap: max; lines of returns are another's then
	file      int
	lines     []bronze.Sale
	customers []bronze.Customer
	products  []bronze.Product
}

// result is what a run gives.
type result struct {
	customers  []Customer
	products   []Product
	facts      [][]FactSale // by segment
	quarantine []Quarantined
	counts     Counts
}

// run takes a shop through the model as a runner does: workers share the
// segments, and batches are cut at random.
func (s *shop) run(t memory.TestingT, rng *rand.Rand, workers int) (result, error) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	m, err := New(&s.mapping, s.returned, mem, s.scratch)
	if err != nil {
		return result{}, err
	}
	defer m.Release()
	var out result
	collect := func(rec arrow.Record) error {
		rows, err := Quarantine.Rows(rec)
		out.quarantine = append(out.quarantine, rows...)
		return err
	}
	for _, rec := range cut(rng, bronze.Customers, s.customers) {
		if err := m.AddCustomers(rec, collect); err != nil {
			return out, err
		}
	}
	for _, rec := range cut(rng, bronze.Products, s.products) {
		if err := m.AddProducts(rec, collect); err != nil {
			return out, err
		}
	}
	owner := make([][]int, workers)
	for i := range s.segments {
		w := rng.IntN(workers)
		owner[w] = append(owner[w], i)
		rng.Shuffle(len(owner[w]), func(a, b int) { owner[w][a], owner[w][b] = owner[w][b], owner[w][a] })
	}
	seeds := make([]uint64, workers)
	for w := range seeds {
		seeds[w] = rng.Uint64()
	}
	each := func(work func(w int, rng *rand.Rand) error) error {
		var g errgroup.Group
		for w := range workers {
			g.Go(func() error { return work(w, rand.New(rand.NewPCG(seeds[w], 0))) })
		}
		return g.Wait()
	}
	scans := make([]*KeyScan, workers)
	spec := &s.mapping.Sources[len(s.mapping.Sources)-1]
	if err := each(func(w int, rng *rand.Rand) error {
		scans[w] = m.NewKeyScan()
		for _, i := range owner[w] {
			seg := &s.segments[i]
			for _, rec := range cut(rng, bronze.Sales, seg.lines) {
				if err := seg.scan(scans[w], i, rec); err != nil {
					return err
				}
			}
			if s.mapping.Derives("customers", spec) {
				for _, rec := range cut(rng, bronze.Customers, seg.customers) {
					if err := scans[w].DeriveCustomers(i, rec); err != nil {
						return err
					}
				}
			}
			if s.mapping.Derives("products", spec) {
				for _, rec := range cut(rng, bronze.Products, seg.products) {
					if err := scans[w].DeriveProducts(i, rec); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}); err != nil {
		return out, err
	}
	if err := m.Freeze(scans...); err != nil {
		return out, err
	}
	if err := each(func(w int, rng *rand.Rand) error {
		for _, i := range owner[w] {
			rows := m.Repeated(i)
			if rows == nil {
				continue
			}
			var lines []bronze.Sale
			for _, l := range s.segments[i].lines {
				if slices.Contains(rows, l.SourceRow) {
					lines = append(lines, l)
				}
			}
			for _, rec := range cut(rng, bronze.Sales, lines) {
				if err := m.Resolve(i, s.segments[i].returns, rec); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return out, err
	}
	if err := m.Resolved(); err != nil {
		return out, err
	}
	facts := make([]*Fact, workers)
	out.facts = make([][]FactSale, len(s.segments))
	quarantined := make([][]Quarantined, len(s.segments))
	if err := each(func(w int, rng *rand.Rand) error {
		facts[w] = m.NewFact(mem)
		for _, i := range owner[w] {
			stage := facts[w].Stage(i, s.segments[i].returns, func(rec arrow.Record) error {
				rows, err := Quarantine.Rows(rec)
				quarantined[i] = append(quarantined[i], rows...)
				return err
			})
			for rec, err := range stage(pipeline.Of(cut(rng, bronze.Sales, s.segments[i].lines)...)) {
				if err != nil {
					return err
				}
				rows, err := FactSales.Rows(rec)
				if err != nil {
					return err
				}
				out.facts[i] = append(out.facts[i], rows...)
			}
		}
		return nil
	}); err != nil {
		return out, err
	}
	for _, rows := range quarantined {
		out.quarantine = append(out.quarantine, rows...)
	}
	if err := m.Finish(facts...); err != nil {
		return out, err
	}
	if err := m.DimCustomers(mem, func(rec arrow.Record) error {
		rows, err := DimCustomers.Rows(rec)
		out.customers = append(out.customers, rows...)
		return err
	}); err != nil {
		return out, err
	}
	if err := m.DimProducts(mem, func(rec arrow.Record) error {
		rows, err := DimProducts.Rows(rec)
		out.products = append(out.products, rows...)
		return err
	}); err != nil {
		return out, err
	}
	out.counts = m.Counts()
	return out, nil
}

// scan takes a batch of the segment's lines to the key scan.
func (seg *segment) scan(k *KeyScan, index int, rec arrow.Record) error {
	if seg.overlap {
		return k.WholeLines(index, seg.source(), seg.file, rec)
	}
	return k.Sales(index, seg.returns, rec)
}

func (seg *segment) source() int {
	if seg.returns {
		return 1
	}
	return 0
}

// cut makes batches of rows, cut at random. They live on Go's heap.
func cut[T any](rng *rand.Rand, table *pipeline.TableOf[T], rows []T) []arrow.Record {
	whole := table.Record(nil, rows)
	if rng == nil {
		return []arrow.Record{whole}
	}
	return stagetest.Recut(rng, []arrow.Record{whole})
}

// all returns the facts of all segments.
func (r *result) all() []FactSale { return slices.Concat(r.facts...) }

// conserved checks that no row was lost.
func (r *result) conserved(s *shop) error {
	lines := 0
	for _, seg := range s.segments {
		lines += len(seg.lines)
	}
	for _, c := range []pipeline.Conservation{
		{Table: "customers", Bronze: int64(len(s.customers)), Silver: int64(len(r.customers))},
		{Table: "products", Bronze: int64(len(s.products)), Silver: int64(len(r.products))},
		{Table: "sales", Bronze: int64(lines), Silver: int64(len(r.all()))},
	} {
		c.Records, c.Added, c.Deduplicated, c.Reasons = c.Bronze, r.counts.Added[c.Table], r.counts.Deduplicated[c.Table], r.counts.Quarantined[c.Table]
		for _, n := range c.Reasons {
			c.Quarantined += n
		}
		if !c.Check() || r.counts.Rows[c.Table] != c.Silver {
			return fmt.Errorf("rows were lost: %+v, counted %d", c, r.counts.Rows[c.Table])
		}
	}
	return nil
}
