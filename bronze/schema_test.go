package bronze

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func configSchema(t testing.TB) object {
	var s object
	if err := json.Unmarshal(ConfigSchema(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// declared is a block without its type.
type declared struct {
	name, doc string
	keys      []declaredKey
}

type declaredKey struct {
	name, kind, value, example, doc string
	parse                           func(yaml string) error
}

func declare[T any](b *block[T]) declared {
	out := declared{name: b.name, doc: b.doc}
	for _, k := range b.keys {
		out.keys = append(out.keys, declaredKey{k.name, k.kind, k.value, k.example, k.doc, func(text string) error {
			n, err := parseYAML("example", []byte(text))
			if err != nil {
				return err
			}
			return b.decode(&decoder{name: "example", places: map[string]place{}}, n, "", new(T))
		}})
	}
	return out
}

// blocks are all blocks of smelt.yml.
func blocks() []declared {
	return []declared{declare(mappingBlock), declare(lookupBlock), declare(sourceBlock), declare(columnBlock), declare(numberBlock),
		declare(returnsBlock), declare(returnedBlock), declare(datesBlock), declare(rfmBlock), declare(checkBlock),
		declare(testBlock), declare(givenBlock), declare(expectBlock), declare(dashboardBlock), declare(pageBlock)}
}

// The schema has the decoder's keys, each with its meaning, and no others.
func TestSchemaKeys(t *testing.T) {
	s := configSchema(t)
	for _, b := range blocks() {
		o := s
		if b.name != "mapping" {
			o = s["$defs"].(object)[b.name].(object)
		}
		var want []string
		for _, k := range b.keys {
			want = append(want, k.name)
			if d, _ := o["properties"].(object)[k.name].(object)["description"].(string); !strings.HasPrefix(d, k.doc) {
				t.Errorf("%s.%s: description %q", b.name, k.name, d)
			}
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(o["properties"].(object))); !slices.Equal(got, want) || o["additionalProperties"] != false {
			t.Errorf("%s: schema has %v, the decoder %v", b.name, got, want)
		}
	}
	for name, table := range tables {
		got := slices.Sorted(maps.Keys(s["$defs"].(object)[name].(object)["properties"].(object)))
		want := columnNames(mappable(table, nil))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("columns of %s: %v, want %v", name, got, want)
		}
	}
}

// What the schema and the docs call required, the loader misses.
func TestRequired(t *testing.T) {
	const text = `
lookups: {t: {files: t.csv, key: K}}
sources: [{table: products, files: p.csv, columns: {product_id: Id}}]
returns: {orders: [{files: r.csv, columns: {order_id: O}}]}
checks: [{table: silver.fact_sales, kind: row_count, min: 1}]
tests: [{name: t, given: [{input: products, rows: [{Id: 1}]}], expect: [{table: bronze.products, rows: [{product_id: 1}]}]}]
dashboard: {pages: [{title: Brands, table: gold.brands}]}
`
	if _, err := ParseMapping("x", []byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, drop := range []string{"files: t.csv, ", ", key: K", "table: products, ", "files: p.csv, ", ", columns: {product_id: Id}", "files: r.csv, ", ", columns: {order_id: O}", "table: silver.fact_sales, ", "kind: row_count, ", "name: t, ", ", expect: [{table: bronze.products, rows: [{product_id: 1}]}]",
		"title: Brands, ", ", table: gold.brands", "input: products, ", ", rows: [{Id: 1}]", "table: bronze.products, ", ", rows: [{product_id: 1}]", "sources: [{table: products, files: p.csv, columns: {product_id: Id}}]"} {
		if _, err := ParseMapping("x", []byte(strings.Replace(text, drop, "", 1))); err == nil {
			t.Errorf("loads without %s", drop)
		}
	}
	needed := 0
	for _, b := range blocks() {
		for _, k := range b.keys {
			if k.value == required {
				needed++
			}
		}
	}
	if needed != 18 {
		t.Errorf("%d keys are required: this test knows 18", needed)
	}
}

func TestSchemaAcceptsTheSamples(t *testing.T) {
	s := configSchema(t)
	for _, path := range mappings(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := validateYAML(s, string(text)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, b := range blocks() {
		o := s
		if b.name != "mapping" {
			o = s["$defs"].(object)[b.name].(object)
		}
		o = maps.Clone(o)
		delete(o, "required")
		for _, k := range b.keys {
			text := k.name + ": " + k.example
			if err := k.parse(text); err != nil {
				t.Errorf("example of %s: %v", b.name, err)
			}
			o["$defs"] = s["$defs"]
			if err := validateYAML(o, text); err != nil {
				t.Errorf("example of %s, %s: %v", b.name, text, err)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := configSchema(t)
	for _, text := range []string{
		"output: x\n", // no sources
		"sources: {}\n",
		"sources: []\nouput: x\n",
		"sources: [{table: sale, files: a, columns: {}}]\n",
		"sources: [{table: sales, columns: {}}]\n",
		"sources: [{table: sales, files: a, columns: {contry: C}}]\n",
		"sources: [{table: products, files: a, columns: {order_id: C}}]\n", // another table's
		"sources: [{table: sales, files: a, columns: {}, customers: {customer_id: C}}]\n",
		"sources: []\nreturns: {orders: [{files: a, columns: {quantity: Q}}]}\n",
		"sources: [{table: sales, files: a, columns: {}, header: 1}]\n",
		"sources: []\nrfm: {segments: {A: R6 F1}}\n",
		"sources: []\nlookups: {t: {files: a}}\n",
	} {
		if err := validateYAML(s, text); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
	}
}

func validateYAML(schema object, text string) error {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	return validate(schema, schema, v, "")
}

// validate checks a value against the part of JSON Schema that ours uses; any
// other keyword is an error.
func validate(root, s object, v any, path string) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: "+format, append([]any{path}, args...)...)
	}
	for keyword, arg := range s {
		switch keyword {
		case "$schema", "$defs", "title", "description", "examples", "format", "then", "minimum":
		case "$ref":
			target, ok := root["$defs"].(object)[strings.TrimPrefix(arg.(string), "#/$defs/")].(object)
			if !ok {
				return fail("no definition %v", arg)
			}
			if err := validate(root, target, v, path); err != nil {
				return err
			}
		case "type":
			kinds, ok := arg.([]any)
			if !ok {
				kinds = []any{arg}
			}
			if !slices.ContainsFunc(kinds, func(k any) bool { return isType(v, k.(string)) }) {
				return fail("%v is no %v", v, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				return fail("%v is none of %v", v, arg)
			}
		case "const":
			if !reflect.DeepEqual(arg, v) {
				return fail("%v is not %v", v, arg)
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				return fail("%q does not match %v", text, arg)
			}
		case "required":
			if o, ok := v.(object); ok {
				for _, k := range arg.([]any) {
					if _, ok := o[k.(string)]; !ok {
						return fail("no %v", k)
					}
				}
			}
		case "items":
			if list, ok := v.([]any); ok {
				for i, item := range list {
					if err := validate(root, arg.(object), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
						return err
					}
				}
			}
		case "properties", "additionalProperties":
			o, ok := v.(object)
			if !ok {
				continue
			}
			properties, _ := s["properties"].(object)
			for k, item := range o {
				p, known := properties[k].(object)
				if known != (keyword == "properties") {
					continue
				}
				if !known {
					if arg == false {
						return fail("unknown key %q", k)
					}
					p, _ = arg.(object)
				}
				if err := validate(root, p, item, path+"."+k); err != nil {
					return err
				}
			}
		case "anyOf":
			if !slices.ContainsFunc(arg.([]any), func(o any) bool { return validate(root, o.(object), v, path) == nil }) {
				return fail("%v fits none of the forms", v)
			}
		case "allOf":
			for _, o := range arg.([]any) {
				if err := validate(root, o.(object), v, path); err != nil {
					return err
				}
			}
		case "if":
			if validate(root, arg.(object), v, path) == nil {
				if err := validate(root, s["then"].(object), v, path); err != nil {
					return err
				}
			}
		default:
			return fail("unknown keyword %s", keyword)
		}
	}
	return nil
}

func isType(v any, name string) bool {
	switch v.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number"
	case int64, uint64, int:
		return name == "number" || name == "integer"
	case object:
		return name == "object"
	case []any:
		return name == "array"
	}
	return false
}
