// Package openlineage tells lineage servers what a run did, in events of the
// OpenLineage specification 2-0-2: https://openlineage.io/spec/2-0-2/OpenLineage.json.
//
// A run of smelt is a run of one job, named after the shop, and of one job below
// it for each table that it wrote: "shop", "shop.silver.fact_sales". The first
// carries what is true of the whole (when, how it ended, which engine, who
// started it), the others what a table was made of, column by column. One job
// with all files as inputs and all tables as outputs would lose which came from
// which; dbt's integration cuts its runs in the same way. Checks read the tables:
// they are a third kind of job, "shop.test", whose inputs carry the assertions.
//
// Only the job of the whole reports while the run goes on. The jobs of the tables
// follow once these are published, so a run that publishes nothing says of no
// table that it was written.
package openlineage
