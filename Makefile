.PHONY: judges
judges: ## install what recomputes smelt's tables, for internal/judge
	scripts/judges.sh
