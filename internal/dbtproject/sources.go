package dbtproject

import (
	"fmt"
	"strings"
)

// sources adds what makes views of the files: models/sources.yml, a macro for each
// group of files, and create_files, which a run begins with.
func (p *Project) sources(add func(path, text string)) {
	if len(p.Sources) == 0 {
		return
	}
	var yml, all strings.Builder
	yml.WriteString("version: 2\n\nsources:\n  - name: files\n    description: The shop's files, as views that the macro create_files makes.\n    schema: files\n    tables:\n")
	all.WriteString("{#- Makes a view of each group of the shop's files, before anything reads them. -#}\n{% macro create_files() %}\n{%- if execute %}\n    {%- do run_query('create schema if not exists files') %}\n")
	for _, s := range p.Sources {
		fmt.Fprintf(&yml, "      - name: %s\n        description: %s\n        columns:\n", s.Name, described(strings.TrimSuffix(s.Doc, ".")+": "+strings.Join(s.Files, ", ")+"."))
		for _, c := range append(s.Columns, "_source_file", "_source_row") {
			fmt.Fprintf(&yml, "          - {name: %s}\n", scalar(c))
		}
		text := s.SQL
		if p.Target == Databricks {
			text = s.Databricks
		}
		add("macros/files_"+s.Name+".sql", fmt.Sprintf("{#- %s -#}\n{%% macro files_%s() -%%}\n%s\n{%%- endmacro %%}\n", s.Doc, s.Name, strings.TrimSpace(text)))
		fmt.Fprintf(&all, "    {%%- do run_query('create or replace view files.%s as ' ~ files_%s()) %%}\n", s.Name, s.Name)
	}
	all.WriteString("{%- endif %}\n{% endmacro %}\n")
	add("macros/create_files.sql", all.String())
	add("models/sources.yml", yml.String())
}

// HasSources reports whether a macro makes the sources before a run.
func (p *Project) HasSources() bool { return len(p.Sources) > 0 }
