package sql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline/sql"
)

var scope = &sql.Scope{
	Dialect: sql.Spark,
	Macros: map[string]*sql.Macro{
		"twice": {Name: "twice", Args: []string{"value"}, Body: "({{ value }} * 2)"},
		"more":  {Name: "more", Args: []string{"a", "by"}, Body: "{{ twice(a) }} + {{ by }} + {{ twice('x') }}", DuckDB: "no"},
	},
	Call: func(name string, args []string) (string, error) {
		if name != "ref" {
			return "", fmt.Errorf("what is %s?", name)
		}
		return "lake." + strings.Join(args, "."), nil
	},
}

func TestExpand(t *testing.T) {
	got, err := scope.Expand(`SELECT {{ more("coalesce(y, 'none')", 3) }} FROM {{ ref('fact') }} -- ok`)
	want := `SELECT (coalesce(y, 'none') * 2) + 3 + (x * 2) FROM lake.fact -- ok`
	if err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestExpandErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{{ twice('a') ":      "without }}",
		"{{ value }}":         "no argument",
		"{{ twice(value) }}":  "no argument",
		"{{ twice('a, 1) }}":  "not closed",
		"{{ twice('a' 1) }}":  "comma",
		"{{ twice(1, 2) }}":   "takes 1 arguments, not 2",
		"{{ thrice('a') }}":   "what is thrice",
		"{{ more('a', 'b' }}": "",
	} {
		_, err := scope.Expand(text)
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, not %q", text, err, want)
		}
	}
}

func TestCall(t *testing.T) {
	m := scope.Macros["more"]
	text := m.Call("coalesce(y, 'none')", "b")
	if want := `{{ more("coalesce(y, 'none')", 'b') }}`; text != want {
		t.Errorf("got %s, not %s", text, want)
	}
}
