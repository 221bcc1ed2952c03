package dashboard

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

var (
	factColumns     = []string{"order_id", "customer_id", "product_id", "line_type", "country", "state", "category", "channel", "order_date", "quantity", "discount_amount", "revenue", "cost"}
	customerColumns = []string{"customer_id", "full_name", "country", "segment"}
	productColumns  = []string{"product_id", "product_name", "category", "subcategory"}
)

// loader reads the lines as they come, which is several parts of the table side by
// side, and keeps them in chunks; arrange gives them their places.
type loader struct {
	x     *Index
	words [dimensions]words
	customerOf,
	productOf *pipeline.Dictionary // by id: the places in Index
	orders [orderShards]orders

	mu     sync.Mutex
	kinds  map[combination]uint32
	chunks []*chunk
}

// words gives texts their codes; "" stands for NULL and has the code 0.
type words struct {
	mu   sync.Mutex
	code map[string]uint32
	list []string
}

func (w *words) of(text []byte) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code, ok := w.code[string(text)]; ok {
		return code
	}
	code := uint32(len(w.list))
	w.code[string(text)] = code
	w.list = append(w.list, string(text))
	return code
}

// orders are those whose hash falls to a shard, so that workers seldom meet.
type orders struct {
	mu   sync.Mutex
	dict *pipeline.Dictionary
}

const orderShards = 64

// chunk is a batch of lines.
type chunk struct {
	order, customer, product, kind []uint32
	day                            []int32
	amount, discount, units, cost  column
}

func newLoader(x *Index) *loader {
	l := &loader{x: x, kinds: map[combination]uint32{}, customerOf: pipeline.NewDictionary(), productOf: pipeline.NewDictionary()}
	for i := range l.words {
		l.words[i] = words{code: map[string]uint32{"": 0}, list: []string{""}}
	}
	for i := range l.orders {
		l.orders[i].dict = pipeline.NewDictionary()
	}
	return l
}

// customers reads dim_customers. A customer's country is named as fact_sales names it.
func (l *loader) customers(ctx context.Context, r *reader) error {
	err := r.each(ctx, 1, silver.DimCustomers.Table, func(_ int, rec arrow.Record) error {
		id, name, country, segment := textOf(rec.Column(0)), textOf(rec.Column(1)), textOf(rec.Column(2)), textOf(rec.Column(3))
		for i := range int(rec.NumRows()) {
			c := customer{id: string(id(i)), first: -1, segment: l.words[bySegment].of(segment(i))}
			if l.x.names {
				c.name = string(name(i))
			}
			from := country(i)
			if from == nil {
				from = []byte("Unknown")
			}
			c.country = l.words[byCountry].of(from)
			l.x.customers = append(l.x.customers, c)
		}
		return nil
	})
	byID := func(a, b customer) int { return strings.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(l.x.customers, byID) { // others may have rearranged the table
		slices.SortFunc(l.x.customers, byID)
	}
	return l.keys(err, l.customerOf, silver.DimCustomers.Table, len(l.x.customers), func(i int) string { return l.x.customers[i].id })
}

// products reads dim_products.
func (l *loader) products(ctx context.Context, r *reader) error {
	subs, subOf := map[subcategory]uint32{}, map[string]uint32{}
	err := r.each(ctx, 1, silver.DimProducts.Table, func(_ int, rec arrow.Record) error {
		id, name, category, sub := textOf(rec.Column(0)), textOf(rec.Column(1)), textOf(rec.Column(2)), textOf(rec.Column(3))
		for i := range int(rec.NumRows()) {
			s := subcategory{string(category(i)), string(sub(i))}
			code, ok := subs[s]
			if !ok {
				code = uint32(len(l.x.subs))
				subs[s], l.x.subs = code, append(l.x.subs, s)
			}
			l.x.products = append(l.x.products, product{id: string(id(i)), name: string(name(i)), category: s.category})
			subOf[string(id(i))] = code
		}
		return nil
	})
	byID := func(a, b product) int { return strings.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(l.x.products, byID) {
		slices.SortFunc(l.x.products, byID)
	}
	for _, p := range l.x.products {
		l.x.subOf = append(l.x.subOf, subOf[p.id])
	}
	return l.keys(err, l.productOf, silver.DimProducts.Table, len(l.x.products), func(i int) string { return l.x.products[i].id })
}

// keys gives the keys of a dimension the codes 0, 1, 2 …
func (l *loader) keys(err error, d *pipeline.Dictionary, t *pipeline.Table, n int, id func(int) string) error {
	for i := 0; i < n && err == nil; i++ {
		if code := d.Code([]byte(id(i))); int(code) != i {
			return &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: t.Key[0], Value: id(i), Msg: "is in the table twice", Hint: "smelt run --full-refresh makes the table anew"}
		}
	}
	return err
}

// lines reads fact_sales.
func (l *loader) lines(ctx context.Context, r *reader) error {
	readers := make([]*factReader, l.x.workers)
	for i := range readers {
		readers[i] = newFactReader(l)
	}
	err := r.each(ctx, len(readers), silver.FactSales.Table, func(worker int, rec arrow.Record) error {
		c, err := readers[worker].chunk(rec)
		if err == nil && len(c.order) > 0 {
			l.mu.Lock()
			l.chunks = append(l.chunks, c)
			l.mu.Unlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	l.x.nameKinds(l)
	for i := range l.words {
		l.x.words[i] = l.words[i].list
	}
	return l.arrange(ctx)
}

// nameKinds numbers the kinds of lines anew, so that a customer's lie together: most
// of them differ in a few dimensions only.
func (x *Index) nameKinds(l *loader) {
	x.combinations = slices.SortedFunc(maps.Keys(l.kinds), func(a, b combination) int {
		for _, dim := range []int{bySegment, byCountry, byState, byChannel, byCategory} {
			if a[dim] != b[dim] {
				return cmp.Compare(a[dim], b[dim])
			}
		}
		return 0
	})
	kinds := make([]uint32, len(l.kinds))
	for i, c := range x.combinations {
		kinds[l.kinds[c]/2] = uint32(2 * i)
	}
	for _, c := range l.chunks {
		for i, kind := range c.kind {
			c.kind[i] = kinds[kind/2] | kind&1
		}
	}
}
