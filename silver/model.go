package silver

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// Model is what silver knows across batches: both dimensions, the repeated
// keys of the sales lines, the rules, the counts. A run takes it through these
// steps, in order:
//
//  1. AddCustomers and AddProducts, each in record order from one goroutine;
//     the two may run side by side.
//  2. The key scan, where a line_number is mapped, exports may overlap
//     (bronze.SourceSpec.Overlap) or a source derives customers or products
//     (bronze.Mapping.Derives): one KeyScan a worker. Where none does,
//     it may run beside 1. Segments are
//     numbered in record order from 0 and mean the same records in every step;
//     each is scanned by one worker.
//  3. Freeze.
//  4. Resolve for the records that Repeated names, concurrently, then Resolved;
//     both may be left out where nothing is repeated.
//  5. The main scan: one Fact a worker.
//  6. Finish; then DimCustomers, DimProducts and Counts.
//
// Release may be called at any time when no step is under way, also twice; a
// run that fails calls it too.
type Model struct {
	mem              memory.Allocator
	scratch          *pipeline.Scratch
	zone             *pipeline.Zone
	firstDay         int32
	lastDay          int32
	returnValues     map[string]bool // folded
	returnedStatuses map[string]bool // folded
	returnedDated    bool            // a sale with a returned_at came back
	returnPrefix     []byte
	returned         *returnedOrders // nil where no list names any
	currency         string          // cleaned; "" = any one
	checks           []check.Check   // that quarantine

	customers, products *known
	readers             [2]*dimensionReader // of the customers and products files
	frozen              bool
	repeats             repeats

	idle struct { // evaluators of Resolve
		sync.Mutex
		lines []*lines
		facts []*Fact // in their place, where checks quarantine
	}

	newest int32 // day of the newest fact row; minDay without any

	mu     sync.Mutex // of the rest
	facts  []*Fact    // that may hold memory
	counts Counts
}

// Counts says what silver did with the rows, by bronze table: customers,
// products and sales.
type Counts struct {
	Quarantined  map[string]map[string]int64 // rows by table and reason
	Deduplicated map[string]int64            // rows that lost against another of their key, or count in another file
	Added        map[string]int64            // silver rows without a bronze row: inferred or derived keys, mirrored returns
	Rows         map[string]int64            // silver rows: of both dimensions, and those that Stage made
	Currency     string                      // that the fact rows name, where the mapping names none
	Warnings     []string
}

const minDay = math.MinInt32

// New returns a model for a mapping and the returned orders that its lists
// name. The mapping has been checked (bronze.Mapping.Check). mem is where
// quarantined rows are built; nil is Go's heap. Keys and customers' texts go to
// temporary files of scratch when it is full; nil has no limit.
func New(m *bronze.Mapping, returned []bronze.ReturnedOrder, mem memory.Allocator, scratch *pipeline.Scratch) (*Model, error) {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	r := m.Rules
	model := &Model{mem: mem, scratch: scratch, zone: pipeline.NewZone(m.Location), firstDay: int32(r.DateFrom), lastDay: int32(r.DateTo), newest: minDay,
		returnValues:     foldedSet(r.ReturnValues, "return", "returned", "refund", "refunded"),
		returnedDated:    r.ReturnedDated,
		returnedStatuses: foldedSet(r.ReturnedStatuses, "returned", "refunded", "cancelled", "canceled"),
		counts:           Counts{Quarantined: map[string]map[string]int64{}, Deduplicated: map[string]int64{}, Added: map[string]int64{}, Rows: map[string]int64{}},
	}
	if r.DateTo == 0 {
		model.lastDay = 47_846 // 2100-12-31
	}
	var err error
	if model.checks, err = factChecks(m); err != nil {
		return nil, err
	}
	var clean cleaner
	model.returnPrefix = bytes.Clone(clean.clean([]byte(r.ReturnPrefix)))
	model.currency = string(clean.clean([]byte(r.Currency)))
	if len(returned) > 0 {
		if model.returned, err = newReturnedOrders(returned); err != nil {
			return nil, err
		}
	}
	model.customers = newKnown(&customerSpec, m.Fills("customers"), scratch)
	model.products = newKnown(&productSpec, m.Fills("products"), scratch)
	model.readers = [2]*dimensionReader{newDimensionReader(model.customers.dimension, nil), newDimensionReader(model.products.dimension, nil)}
	return model, nil
}

// foldedSet is the set of texts, or of the defaults where they are nil.
func foldedSet(texts []string, defaults ...string) map[string]bool {
	if texts == nil {
		texts = defaults
	}
	var clean cleaner
	set := map[string]bool{}
	for _, t := range texts {
		if v := clean.clean([]byte(t)); len(v) > 0 {
			set[foldCase(v)] = true
		}
	}
	return set
}

func foldCase(v []byte) string { return strings.ToLower(string(v)) }

// AddCustomers adds a batch of bronze.customers. Records come in record order.
// Rows without a key go to quarantine, as a batch that is
// lent.
func (m *Model) AddCustomers(rec arrow.Record, quarantine func(arrow.Record) error) error {
	return m.add(m.readers[0], "customers", rec, quarantine)
}

// AddProducts adds a batch of bronze.products, as AddCustomers does.
func (m *Model) AddProducts(rec arrow.Record, quarantine func(arrow.Record) error) error {
	return m.add(m.readers[1], "products", rec, quarantine)
}

func (m *Model) add(r *dimensionReader, table string, rec arrow.Record, quarantine func(arrow.Record) error) error {
	if m.frozen {
		return errors.New("silver: Add after Freeze")
	}
	q := newQuarantine(table, m.mem)
	repeated, err := r.addLatest(rec, func(i int) error { q.add(rec, i, missingKey); return nil })
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.counts.Deduplicated[table] += repeated
	q.count(m.counts.Quarantined)
	m.mu.Unlock()
	return q.flush(quarantine)
}

// FreezeDimensions ends step 1 and what the scans derive: the dimensions are
// complete afterwards, apart from keys that only fact rows name.
func (m *Model) FreezeDimensions(scans ...*KeyScan) error {
	if m.frozen {
		return errors.New("silver: FreezeDimensions twice")
	}
	m.frozen = true
	for _, r := range m.readers {
		r.release()
	}
	customers := make([]*derived, 0, len(scans))
	products := make([]*derived, 0, len(scans))
	for _, k := range scans {
		customers, products = append(customers, k.customers), append(products, k.products)
	}
	if err := m.customers.freeze(customers); err != nil {
		return err
	}
	if err := m.products.freeze(products); err != nil {
		return err
	}
	for _, column := range []string{"category", "subcategory", "brand"} {
		m.products.unify(column, m.products.inferred)
	}
	// Nobody reads the plain texts before the end.
	return errors.Join(m.customers.kept.putAside(), m.products.kept.putAside())
}

// Freeze ends the key scan: Repeated is known afterwards. It freezes the
// dimensions too, if that has not been done.
func (m *Model) Freeze(scans ...*KeyScan) error {
	if !m.frozen {
		if err := m.FreezeDimensions(scans...); err != nil {
			return err
		}
	}
	return m.repeats.find(scans)
}

// Finish ends the main scan. It fails where the facts hold more than one
// currency and the mapping names none.
func (m *Model) Finish(facts ...*Fact) error {
	currencies := map[string]bool{}
	for _, f := range facts {
		f.finish(currencies)
		f.Release()
	}
	m.mu.Lock()
	m.facts = slices.DeleteFunc(m.facts, func(f *Fact) bool { return slices.Contains(facts, f) })
	m.mu.Unlock()
	if m.currency == "" && len(currencies) > 1 {
		list := make([]string, 0, len(currencies))
		for c := range currencies {
			list = append(list, c)
		}
		slices.Sort(list)
		return &pipeline.Error{Kind: pipeline.ErrData, Table: FactSales.Name, Column: "currency",
			Msg:  fmt.Sprintf("the sales are in %d currencies: %s", len(list), strings.Join(list[:min(len(list), 20)], ", ")),
			Hint: "set currency: to the one that counts (lines of others are quarantined), or convert the amounts first"}
	}
	for c := range currencies {
		m.counts.Currency = c
	}
	for table, k := range map[string]*known{"customers": m.customers, "products": m.products} {
		rows, added := k.count()
		m.counts.Rows[table], m.counts.Added[table] = rows, added
		for c, n := range k.negative {
			if n > 0 {
				m.counts.Warnings = append(m.counts.Warnings, fmt.Sprintf("%s.%s: %d negative values taken as NULL", k.spec.bronze.Name, k.spec.numbers[c].name, n))
			}
		}
	}
	slices.Sort(m.counts.Warnings)
	return nil
}

// CustomerKeys returns the keys of the customers that are known before the main
// scan, ProductKeys those of the products. They grow no more. Freeze comes first.
func (m *Model) CustomerKeys() *pipeline.Dictionary { return m.customers.keys }

// ProductKeys is CustomerKeys for products.
func (m *Model) ProductKeys() *pipeline.Dictionary { return m.products.keys }

// Counts returns the counts; complete after Finish.
func (m *Model) Counts() Counts { return m.counts }

// Release lets go of the memory that the allocators given to the model count.
func (m *Model) Release() {
	for _, r := range m.readers {
		r.release()
	}
	m.releaseIdle()
	m.mu.Lock()
	facts := m.facts
	m.facts = nil
	m.mu.Unlock()
	for _, f := range facts {
		f.lines.release()
		f.releaseLabels()
	}
}
