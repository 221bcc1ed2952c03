// Package airflow writes a shop's pipeline as a DAG of Apache Airflow: a Python file
// for Airflow 3, which 2.10 reads too, of BashOperators that call smelt, or dbt.
//
// It is text for people who go on from there: everything in it stands where a person
// would have written it, and what they may want to change stands first.
package airflow

import (
	"bytes"
	"embed"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Granularity says what a task does.
type Granularity string

// A task that makes all tables is one pass over the files. The others publish a layer
// or a table each, and each makes the pass again.
const (
	Pipeline Granularity = "pipeline"
	Layer    Granularity = "layer"
	Table    Granularity = "table"
)

// Options say what a DAG is about.
type Options struct {
	Name        string            // of the shop: "alpine sports"
	Shop        string            // folder of smelt.yml, as Airflow's workers see it: an absolute path
	Config      string            // smelt.yml's own name
	Zone        string            // that the days of the schedule are of, "Europe/Vienna"
	Tables      []*pipeline.Table // in the order that they are published: gold.Declarations
	Granularity Granularity
	DBT         *DBT // the dbt project that makes the tables; nil = smelt does
}

// ID is the name that Airflow knows the DAG by: the shop's, of letters, digits and
// underscores.
func (o *Options) ID() string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r < utf8.RuneSelf && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, o.Name), "_-")
	if name == "" {
		return "shop"
	}
	return name
}

// table is a table as the templates see it.
type table struct {
	Name, Base, Doc string
	From            []string // base names of the tables before it that it is made of, without those that these are made of
}

// MadeOf writes From in Python.
func (t table) MadeOf() string {
	if len(t.From) == 1 {
		return t.From[0]
	}
	return "[" + strings.Join(t.From, ", ") + "]"
}

//go:embed templates/*.py
var texts embed.FS

// DAG writes the file. The same options give the same bytes. A granularity that there
// is not, or that the dbt project's engine cannot have, and a path that Airflow would
// change are ErrConfig.
func DAG(o Options) ([]byte, error) {
	if !slices.Contains([]Granularity{Pipeline, Layer, Table}, o.Granularity) {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: string(o.Granularity), Msg: "--granularity: there is no such", Hint: "write pipeline, layer or table"}
	}
	paths := []string{o.Shop, o.Config}
	if o.DBT != nil {
		paths = append(paths, o.DBT.Dir)
		if o.DBT.Target == "spark" && o.Granularity == Table {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: "table", Msg: "--granularity: a session of Spark ends with its task, and its tables with it", Hint: "write pipeline or layer, or export the dbt project for databricks"}
		}
		o.Tables = slices.DeleteFunc(slices.Clone(o.Tables), func(t *pipeline.Table) bool { return t.Name == "bronze.rejects" }) // which SQL has not
	}
	for _, path := range paths {
		// Airflow renders commands and folders as Jinja templates.
		if !utf8.ValidString(path) || strings.Contains(path, "{{") || strings.Contains(path, "{%") || strings.Contains(path, "{#") || strings.ContainsAny(path, "\n\r") {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: path, Msg: "Airflow would not take the path as it is", Hint: "call it something without {{, {%, {# and line ends"}
		}
	}
	tables, err := tablesOf(o.Tables)
	if err != nil {
		return nil, err
	}
	name, config := "smelt.py", ""
	if o.DBT != nil {
		name = "dbt.py"
	}
	if o.Config != "smelt.yml" {
		config = " -c " + quoted(o.Config)
	}
	t, err := template.New("").Delims("[[", "]]").Funcs(template.FuncMap{"py": literal}).ParseFS(texts, "templates/*.py")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.ExecuteTemplate(&b, name, struct {
		*Options
		Description, Run, Test string
		Tables                 []table
	}{&o, "The bronze, silver and gold tables of " + o.ID() + ".", " run" + config + "{{ ' --full-refresh' if params.full_refresh else '' }}", " test" + config, tables})
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n'), err
}

// tablesOf says which tables each is made of. Tables that are made of each other are
// wired in the order that they are published.
func tablesOf(declared []*pipeline.Table) ([]table, error) {
	out := make([]table, 0, len(declared))
	before := map[string]map[string]bool{} // all that a table is made of, by base name
	for _, t := range declared {
		edges, err := lineage.Of(t)
		if err != nil {
			return nil, err
		}
		var direct []string
		before[t.Base()] = map[string]bool{}
		for _, o := range out {
			if slices.ContainsFunc(edges, func(e lineage.Edge) bool { return e.From.Table == o.Name }) {
				direct = append(direct, o.Base)
				before[t.Base()][o.Base] = true
				for of := range before[o.Base] {
					before[t.Base()][of] = true
				}
			}
		}
		out = append(out, table{t.Name, t.Base(), t.Doc, slices.DeleteFunc(slices.Clone(direct), func(from string) bool {
			return slices.ContainsFunc(direct, func(other string) bool { return before[other][from] })
		})})
	}
	return out, nil
}

// literal writes a text as Python does.
func literal(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "�")) }

// quoted writes a word of a command for a shell.
func quoted(s string) string {
	if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
