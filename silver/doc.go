// Package silver cleanses and models: dim_customers and dim_products with one
// row per key, fact_sales with one row per order line and one per return (a
// return's revenue is negative), and quarantine with every row that could not
// be used and the reason.
package silver
