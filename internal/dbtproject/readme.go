package dbtproject

// TargetName is the target as people say it.
func (p *Project) TargetName() string {
	return map[Target]string{DuckDB: "DuckDB", Spark: "Spark with Delta", Databricks: "Databricks"}[p.Target]
}

// Install is the command that installs dbt with the target's adapter.
func (p *Project) Install() string {
	return map[Target]string{
		DuckDB:     "pip install dbt-core==1.11.* dbt-duckdb==1.11.*",
		Spark:      "pip install dbt-core==1.11.* 'dbt-spark[session]==1.11.*' pyspark==4.0.*",
		Databricks: "pip install dbt-core==1.11.* dbt-databricks",
	}[p.Target]
}

// Before is what has to be there before the commands run.
func (p *Project) Before() string {
	return map[Target]string{
		DuckDB:     "The tables go to `" + p.ProjectName() + ".duckdb`, or where DUCKDB_PATH says.",
		Spark:      "Spark needs Java 17, and fetches Delta's jars by itself.",
		Databricks: "DATABRICKS_HOST, DATABRICKS_HTTP_PATH and DATABRICKS_TOKEN say where, DATABRICKS_CATALOG in which catalog.",
	}[p.Target]
}

// DataYAML is the folder of the files.
func (p *Project) DataYAML() string { return scalar(p.Data) }
