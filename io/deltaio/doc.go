// Package deltaio reads and writes Delta Lake tables: folders of Parquet files
// with a transaction log that Spark, Databricks, delta-rs, DuckDB and Polars read.
package deltaio
