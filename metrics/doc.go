// Package metrics declares every business measure once: its name, what it
// means, its unit, its formula, its type, what has to be accumulated over the
// lines of silver.fact_sales to know it, and how it is finished from that,
// exactly. Gold tables, the documentation and the exporters all read these
// declarations; none of them states a formula of its own.
//
// A measure is one of three things (Measure.Op): an accumulated quantity, such
// as the sum of a column over the sale lines; a sum of other measures; or the
// quotient of two. A measure over no lines is 0 where it counts or sums and
// NULL where it averages, divides or dates.
package metrics
