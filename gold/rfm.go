package gold

import (
	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// RFM is what a customer with sales is scored by.
type RFM struct {
	Recency   int64          // days from the last sale to the reference date
	Frequency int64          // distinct orders
	Monetary  pipeline.Total // the sum that rfm.measure names, unscaled
}

// RFMScores scores customers as gold.customer_segmentation does: by customer, its
// scores of recency, frequency and monetary value, each 1 to 5. The customers are all
// that have a sale, ascending by customer_id in byte order.
func RFMScores(rules bronze.RFM, customers []RFM) [][3]uint8 {
	buyers := make([]buyer, len(customers))
	values := [3]func(int) pipeline.Total{
		func(k int) pipeline.Total { return pipeline.TotalOf(-customers[k].Recency) },
		func(k int) pipeline.Total { return pipeline.TotalOf(customers[k].Frequency) },
		func(k int) pipeline.Total { return customers[k].Monetary },
	}
	for i, how := range []string{rules.Recency, rules.Frequency, rules.Monetary} {
		scoreBy(buyers, i, how, values[i])
	}
	scores := make([][3]uint8, len(buyers))
	for k, b := range buyers {
		scores[k] = b.scores
	}
	return scores
}

// MonetaryMeasure returns the measure that customers' monetary value is.
func MonetaryMeasure(rules bronze.RFM) *metrics.Measure { return monetary[rules.MonetaryMeasure] }
