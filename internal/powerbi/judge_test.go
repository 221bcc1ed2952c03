package powerbi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/export"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// read is what Microsoft's library found in a model (testdata/tom.py).
type read struct {
	Errors        []string
	Expressions   map[string]string
	Tables        []readTable
	Relationships []string
}

type readTable struct {
	Name, Doc, Category, Query string
	Columns                    []readColumn
	Measures                   []readMeasure
	Hierarchies                []Hierarchy
}

type readColumn struct {
	Name, Doc, Type, Format, Sum, SortBy, Category, Source string
	Hidden, Key                                            bool
}

type readMeasure struct{ Name, Doc, DAX, Format, Folder string }

// wanted is what it must find.
func wanted(m *Model) read {
	r := read{Errors: []string{}, Expressions: map[string]string{}}
	for _, e := range m.Expressions {
		r.Expressions[e.Name] = e.M
	}
	for _, t := range m.Tables {
		table := readTable{Name: t.Name, Doc: t.Doc, Query: t.Query, Columns: []readColumn{}, Measures: []readMeasure{}, Hierarchies: append([]Hierarchy{}, t.Hierarchies...)}
		if t.IsDate {
			table.Category = "Time"
		}
		for _, c := range t.Columns {
			sum := "None"
			if c.Sum {
				sum = "Sum"
			}
			table.Columns = append(table.Columns, readColumn{c.Name, c.Doc, strings.ToLower(string(c.Type)), c.Format, sum, c.SortBy, c.Category, c.Name, c.Hidden, c.Key})
		}
		for _, x := range t.Measures {
			table.Measures = append(table.Measures, readMeasure{x.Name, x.Doc + "\nFormula: " + x.Formula + "\nUnit: " + x.Unit, x.DAX, x.Format, x.Folder})
		}
		r.Tables = append(r.Tables, table)
	}
	for _, x := range m.Relationships {
		many, direction := "Many", "OneDirection"
		if x.One {
			many, direction = "One", "BothDirections"
		}
		r.Relationships = append(r.Relationships, fmt.Sprintf("%s %s %s One %s True", x.From, many, x.To, direction))
	}
	return r
}

// TestJudged has Microsoft's library read the model, its parser all M, its command
// line and pbir-utils the report, and tmdl-parser the tables, for each source.
func TestJudged(t *testing.T) {
	judges := judgetest.PowerBI(t)
	models := map[string]*Model{}
	for name, s := range sources {
		models[name] = model(t, s)
	}
	poor, err := New(Options{Name: "poor", Tables: declared(t), Source: sources["local"], Personal: true,
		Lacking: map[string][]string{"silver.fact_sales": {"customer_id", "cost", "margin", "country", "state", "city", "category"}}})
	if err != nil {
		t.Fatal(err)
	}
	models["poor"] = poor
	names := slices.Sorted(maps.Keys(models))
	var folders, projects []string
	for _, name := range names {
		m := models[name]
		files, err := Files(m)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "project")
		if err := export.Write(dir, files); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, filepath.Join(dir, m.Name+".SemanticModel", "definition"))
		projects = append(projects, filepath.Join(dir, m.Name+".pbip"))
	}
	python := filepath.Join(judges, "bin", "python")

	queries := map[string]string{}
	lines := json.NewDecoder(bytes.NewReader(run(t, nil, python, append([]string{"-B", filepath.Join("testdata", "tom.py")}, folders...)...)))
	for _, name := range names {
		var got read
		if err := lines.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted(models[name]), got); diff != "" {
			t.Errorf("%s: Microsoft's library reads another model (-want +got):\n%s", name, diff)
		}
		for _, table := range got.Tables {
			queries[name+": "+table.Name] = table.Query
		}
		for e, text := range got.Expressions {
			queries[name+": "+e] = text
		}
	}

	queries["a wrong one"] = "let a = in a"
	texts, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	parser, err := filepath.Abs(filepath.Join(judges, "node", "node_modules", "@microsoft", "powerquery-parser"))
	if err != nil {
		t.Fatal(err)
	}
	refused := string(run(t, texts, "node", filepath.Join("testdata", "m.js"), parser))
	if !strings.HasPrefix(refused, "a wrong one: ") || strings.Count(refused, "\n") != 1 {
		t.Errorf("Microsoft's parser of M refuses:\n%s", refused)
	}

	for i, name := range names {
		if name == "local" || name == "poor" { // the others have the same report
			run(t, nil, filepath.Join(judges, "node", "node_modules", ".bin", "powerbi-report-author"), "validate", "--no-schema", projects[i])
			run(t, nil, filepath.Join(judges, "bin", "pbir-utils"), "validate", "--strict", strings.TrimSuffix(projects[i], ".pbip")+".Report")
		}
	}
	const tables = `import sys, tmdlparser
for name, parts in sorted(tmdlparser.TMLDParser(sys.argv[1]).parse_all_tables().items()):
    print(name, sum(p.element.startswith("column ") for t in parts for p in t.properties), sum(p.element.startswith("measure ") for t in parts for p in t.properties))
`
	var want []string
	for _, table := range models[names[0]].Tables {
		want = append(want, fmt.Sprintf("%s.tmdl %d %d\n", table.Name, len(table.Columns), len(table.Measures)))
	}
	slices.Sort(want)
	if diff := cmp.Diff(strings.Join(want, ""), string(run(t, nil, python, "-B", "-c", tables, projects[0]))); diff != "" {
		t.Errorf("tmdl-parser finds other columns and measures (-want +got):\n%s", diff)
	}
}

// TestTheJudgeRefuses shows that Microsoft's library finds what is wrong.
func TestTheJudgeRefuses(t *testing.T) {
	judges := judgetest.PowerBI(t)
	changes := [][2]string{
		{"\t\tisKey\n", "\t\tisKeyed\n"}, // a property that there is not
		{"sortByColumn: month_start", "sortByColumn: decade"},
		{"\t\t\t\tlet\n", "\tlet\n"}, // too shallow
	}
	args := []string{"-B", filepath.Join("testdata", "tom.py")}
	for _, change := range changes {
		m := model(t, sources["local"])
		files, err := Files(m)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			if strings.HasSuffix(f.Path, "/calendar.tmdl") {
				files[i].Data = []byte(strings.Replace(string(f.Data), change[0], change[1], 1))
			}
		}
		dir := filepath.Join(t.TempDir(), "project")
		if err := export.Write(dir, files); err != nil {
			t.Fatal(err)
		}
		args = append(args, filepath.Join(dir, m.Name+".SemanticModel", "definition"))
	}
	answers := json.NewDecoder(bytes.NewReader(run(t, nil, filepath.Join(judges, "bin", "python"), args...)))
	for _, change := range changes {
		var got read
		if err := answers.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if len(got.Errors) == 0 {
			t.Errorf("%q is read", change[1])
		}
	}
}

// run returns what a judge says; one that fails, fails the test.
func run(t *testing.T, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "NO_COLOR=1")
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s%s", filepath.Base(name), err, out, errors.String())
	}
	return out
}
