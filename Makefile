.PHONY: judges soak
judges: ## install what recomputes smelt's tables, for internal/judge
	scripts/judges.sh
soak: judges ## the full sizes: a million lines judged, long fuzzing, 10 million lines beside DuckDB
	scripts/soak.sh
