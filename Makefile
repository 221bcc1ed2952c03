.PHONY: judges judges-spark bench soak
ROWS ?= 10000000
RUNS ?= 3
LARGE ?= 100000000
judges: ## install what recomputes smelt's tables, for internal/judge, and what reads its artefacts of dbt and Power BI and its DAGs for Airflow
	scripts/judges.sh
	scripts/judges.sh --dbt
	scripts/judges.sh --powerbi
	scripts/judges.sh --airflow
judges-spark: judges ## install Spark with Delta, which then judges Delta tables, and which make bench measures too
	scripts/judges.sh --spark
bench: judges ## smelt beside DuckDB, Polars and Spark; writes the README's table (ROWS, RUNS, LARGE)
	LARGE=$(LARGE) scripts/bench.sh $(ROWS) $(RUNS) --readme
soak: judges ## the full sizes: a million lines judged, long fuzzing, 10 million lines beside DuckDB and Polars, 100 million in 1 GiB
	scripts/soak.sh
