package dashboard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// generated is an index of so many lines, in orders of three, without a lake.
func generated(b *testing.B, lines int) *Index {
	x := &Index{workers: 2, iso: map[string]string{}, rules: bronze.RFM{Grid: bronze.DefaultGrid}}
	l := newLoader(x)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range lines / 50 {
		x.customers = append(x.customers, customer{id: fmt.Sprintf("c%08d", i), first: -1, segment: uint32(r.IntN(4))})
	}
	for i := range lines / 200 {
		x.products = append(x.products, product{id: fmt.Sprintf("p%08d", i), category: fmt.Sprint("category ", i%8)})
		x.subOf = append(x.subOf, uint32(i%40))
	}
	for i := range 40 {
		x.subs = append(x.subs, subcategory{fmt.Sprint("category ", i%8), fmt.Sprint("sub ", i)})
	}
	for dim, n := range map[int]int{byCountry: 12, byState: 60, byCategory: 9, byChannel: 4, bySegment: 4} {
		for i := range n {
			l.words[dim].of([]byte(fmt.Sprint("value ", i)))
		}
		x.words[dim] = l.words[dim].list
	}
	const batch = 10_000
	for at := 0; at < lines; at += batch {
		c := &chunk{}
		var who, order, country uint32
		var day int32
		for i := range batch {
			if i%3 == 0 {
				who, country, day = uint32(r.IntN(len(x.customers))), uint32(r.IntN(12)), int32(19000+r.IntN(730))
				shard := uint32(r.IntN(orderShards))
				order = uint32(l.orders[shard].dict.Code([]byte(fmt.Sprint(at, i))))*orderShards + shard
			}
			p := uint32(r.IntN(len(x.products)))
			of := combination{byCountry: country, byState: country*5 + uint32(r.IntN(5)), byCategory: p % 8, byChannel: order % 3, bySegment: x.customers[who].segment}
			kind, ok := l.kinds[of]
			if !ok {
				kind = uint32(2 * len(l.kinds))
				l.kinds[of] = kind
			}
			if r.IntN(20) == 0 {
				kind++
			}
			c.order, c.customer, c.product, c.kind, c.day = append(c.order, order), append(c.customer, who), append(c.product, p), append(c.kind, kind), append(c.day, day)
			for _, n := range []*column{&c.amount, &c.discount, &c.units, &c.cost} {
				n.small = append(n.small, int32(r.IntN(1_000_000)))
			}
		}
		l.chunks = append(l.chunks, c)
	}
	x.nameKinds(l)
	if err := l.arrange(context.Background()); err != nil {
		b.Fatal(err)
	}
	x.group()
	return x
}

// BenchmarkFigures answers filters of a million lines. A second holds ten million.
func BenchmarkFigures(b *testing.B) {
	x := generated(b, 1_000_000)
	for name, f := range map[string]Filter{
		"all":     {},
		"year":    {From: (x.first + 365).String()},
		"country": {In: map[string][]string{"country": {"value 3"}}},
		"month":   {From: (x.first + pipeline.Date(300)).String(), To: (x.first + pipeline.Date(330)).String()},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Figures(context.Background(), f); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.lines)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
		})
	}
}
