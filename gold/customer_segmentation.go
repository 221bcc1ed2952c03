package gold

import (
	"slices"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// CustomerSegmentation is the table gold.customer_segmentation: recency,
// frequency and monetary value, scored 1 to 5, and the segment that the
// mapping's R × F grid names.
var CustomerSegmentation = &Spec{
	Name:     "gold.customer_segmentation",
	By:       []Dimension{Column("customer_id")},
	Measures: []*metrics.Measure{metrics.Orders, metrics.LastOrderDate, metrics.Revenue, metrics.Sales, metrics.Returns, metrics.Discounts},
	Table: declare("gold.customer_segmentation", "One row per customer with at least one sale.", []string{"customer_id"},
		slices.Concat(from(lineage.Join, "silver.dim_customers", "customer_id"), ofFact(lineage.GroupBy, "customer_id"), ofFact(lineage.Filter, "line_type")),
		attribute("silver.dim_customers", "customer_id"),
		[]pipeline.Column{
			{Name: "recency_days", Type: pipeline.Int32Type, From: accumulated(metrics.LastOrderDate),
				Doc: "Days since the last sale: reference_date − last_order_date."},
			{Name: "frequency", Type: pipeline.Int64Type, From: accumulated(metrics.Orders),
				Doc: "Distinct orders."},
			{Name: "monetary", Type: pipeline.SumType, From: slices.Concat(accumulated(metrics.Revenue), accumulated(metrics.Sales), accumulated(metrics.Returns), accumulated(metrics.Discounts)),
				Doc: "Monetary value in the shop's currency: revenue, or the sum that rfm.measure names."},
			score("r_score", "recency: 5 is the most recent", "recency_days"),
			score("f_score", "frequency: 5 is the most frequent", "frequency"),
			score("m_score", "monetary value: 5 is the highest", "monetary"),
			{Name: "rfm", Type: pipeline.StringType, From: from(lineage.Transformation, "gold.customer_segmentation", "r_score", "f_score", "m_score"),
				Doc: "The three scores in a row: 555 is best."},
			{Name: "rfm_total", Type: pipeline.Int32Type, From: from(lineage.Transformation, "gold.customer_segmentation", "r_score", "f_score", "m_score"),
				Doc: "r_score + f_score + m_score."},
			{Name: "segment", Type: pipeline.StringType, From: from(lineage.Transformation, "gold.customer_segmentation", "r_score", "f_score"),
				Doc: "Segment of the R × F grid."},
		}),
	Finish: finishCustomerSegmentation,
}

// score is a column that ranks all customers by another one, ties by their key.
func score(name, of, by string) pipeline.Column {
	return pipeline.Column{Name: name, Type: pipeline.Int32Type, From: from(lineage.Sort, "gold.customer_segmentation", by, "customer_id"), Doc: "Score 1 to 5 of " + of + "."}
}

// monetary are the sums that rfm.measure may name.
var monetary = map[string]*metrics.Measure{
	"": metrics.Revenue, "revenue": metrics.Revenue, "sales": metrics.Sales, "returns": metrics.Returns, "discounts": metrics.Discounts,
}

// buyer is a customer with sales. There may be millions.
type buyer struct {
	row    int32 // in dim_customers
	scores [3]uint8
}

func finishCustomerSegmentation(f *Finished) error {
	g := f.Groups[0]
	key, err := f.column("silver.dim_customers", "customer_id")
	if err != nil {
		return err
	}
	id, groups := textOf(key), g.findKeys(key)
	var buyers []buyer // in order of their key
	for i, group := range groups {
		if group >= 0 && g.sums.has(group, hasSale) {
			buyers = append(buyers, buyer{row: int32(i)})
		}
	}
	var v metrics.Values
	recency := func(v *metrics.Values) pipeline.Total { // −recency_days
		last, _ := metrics.LastOrderDate.Eval(v)
		return last.Sub(pipeline.TotalOf(int64(f.Reference.V)))
	}
	values := [3]func(*metrics.Values) pipeline.Total{recency, total(metrics.Orders), total(monetary[f.RFM.MonetaryMeasure])}
	for i, how := range []string{f.RFM.Recency, f.RFM.Frequency, f.RFM.Monetary} {
		scoreBy(buyers, i, how, func(k int) pipeline.Total { // more is better
			g.Values(groups[buyers[k].row], &v)
			return values[i](&v)
		})
	}
	b := f.Build(len(buyers))
	for _, c := range buyers {
		g.Values(groups[c.row], &v)
		r, freq, m := c.scores[0], c.scores[1], c.scores[2]
		b.Text(id(int(c.row)))
		b.Number(pipeline.Total{}.Sub(recency(&v)), metrics.Known)
		b.Number(values[1](&v), metrics.Known)
		b.Number(values[2](&v), metrics.Known)
		b.Int(int64(r))
		b.Int(int64(freq))
		b.Int(int64(m))
		b.Text([]byte{'0' + r, '0' + freq, '0' + m})
		b.Int(int64(r + freq + m))
		b.Text([]byte(f.RFM.Grid[r-1][freq-1]))
	}
	return b.Done()
}

// total is a measure that is never NULL.
func total(m *metrics.Measure) func(*metrics.Values) pipeline.Total {
	return func(v *metrics.Values) pipeline.Total {
		t, _ := m.Eval(v)
		return t
	}
}

// scoreBy gives every buyer the score at position i: NTILE(5) over the value
// and then the customer's key ascending, or by type-7 quantiles.
//
// Recency is scored as −recency_days. For ntile that is its descending order.
// For quantile, 6 − (1 + cuts strictly below x) is 1 + the cuts of −x that are
// not above −x: hence atMost.
func scoreBy(buyers []buyer, i int, how string, value func(int) pipeline.Total) {
	order := sortBy(len(buyers), value)
	if how != "quantile" {
		size, rest := len(order)/5, len(order)%5
		place := 0
		for tile := 1; tile <= 5; tile++ {
			n := size
			if tile <= rest {
				n++
			}
			for range n {
				buyers[order[place]].scores[i] = uint8(tile)
				place++
			}
		}
		return
	}
	cuts := quantiles(len(order), func(k int) pipeline.Total { return value(int(order[k])) })
	atMost := i == 0
	for k := range buyers {
		five := times(value(k), 5)
		s := uint8(1)
		for _, cut := range cuts {
			if c := cut.Cmp(five); c < 0 || atMost && c == 0 {
				s++
			}
		}
		buyers[k].scores[i] = s
	}
}

// quantiles returns five times the type-7 quantiles (Hyndman and Fan 1996) at
// 20, 40, 60 and 80 % of n sorted values, which are whole: with h = (n − 1)·k/5
// it is x⌊h⌋ + (h − ⌊h⌋)·(x⌊h⌋₊₁ − x⌊h⌋).
func quantiles(n int, value func(int) pipeline.Total) []pipeline.Total {
	if n == 0 {
		return nil
	}
	var out []pipeline.Total
	for k := 1; k <= 4; k++ {
		i, rest := (n-1)*k/5, (n-1)*k%5
		q := times(value(i), 5-rest)
		if rest > 0 {
			q.Merge(times(value(i+1), rest))
		}
		out = append(out, q)
	}
	return out
}

func times(t pipeline.Total, n int) pipeline.Total {
	var out pipeline.Total
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			out.Merge(t)
		}
		t.Merge(t)
	}
	return out
}
