// Package gold turns silver.fact_sales into business tables. A gold table is a
// Spec: dimensions, measures and, where it needs them, ranks, shares, scores
// or a calendar, which are ordinary Go over the small aggregated table. The
// five tables of this package and a table that a user declares are the same
// thing.
//
// An Aggregation computes any number of Specs in one pass over the fact's
// batches. What it returns is exact and depends neither on how many workers
// feed it, nor on how the fact is cut into batches, nor on their order.
//
// What it returns are Totals: the groups and what was counted of them. Totals
// make the tables. They can be saved and loaded, and amended by the lines of some
// orders, with the same result as if all lines were counted again: see the example
// of Totals.Amend.
package gold
