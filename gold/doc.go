// Package gold turns silver.fact_sales into business tables. A gold table is a
// Spec: dimensions, measures and, where it needs them, ranks, shares, scores
// or a calendar, which are ordinary Go over the small aggregated table. The
// five tables of this package and a table that a user declares are the same
// thing.
//
// An Aggregation computes any number of Specs in one pass over the fact's
// batches. What it returns is exact and depends neither on how many workers
// feed it, nor on how the fact is cut into batches, nor on their order.
package gold
