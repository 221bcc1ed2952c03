package bronze

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// shape is one kind of value that smelt.yml holds: how it becomes a V, what
// the documentation calls it and how the JSON Schema describes it. A shape
// judges the form of a value (a list, a number); Check judges its meaning.
type shape[V any] struct {
	kind   string // "a text"
	decode func(d *decoder, n *node, path string, to *V) error
	schema func(s *schemas) object
}

// key is one key of a block: the single declaration that decoding, the JSON
// Schema and docs/configuration.md come from.
type key[T any] struct {
	name     string
	doc      string // one line: what it means
	kind     string
	value    string // the default, as the documentation shows it; required = it has none
	example  string // a value in YAML's flow form
	set      func(d *decoder, n *node, path string, to *T) error
	describe func(s *schemas) object
}

// required as a key's default says that it must be given.
const required = "required"

// block is a mapping with fixed keys that fills a T.
type block[T any] struct {
	name string // "source"
	doc  string
	keys []key[T]
	more func(s *schemas, o object) // what the schema says beyond the keys; may be nil
}

// field declares a key: the place that its value goes to, and its shape.
func field[T, V any](name string, s shape[V], at func(*T) *V, value, example, doc string) key[T] {
	return key[T]{
		name: name, doc: doc, kind: s.kind, value: value, example: example,
		set:      func(d *decoder, n *node, path string, to *T) error { return s.decode(d, n, path, at(to)) },
		describe: s.schema,
	}
}

// decode fills to from a mapping. The keys' order in the text does not matter.
func (b *block[T]) decode(d *decoder, n *node, path string, to *T) error {
	return d.each(n, path, b.kind(), func(k, v *node, path string) error {
		i := slices.IndexFunc(b.keys, func(f key[T]) bool { return f.name == k.text })
		if i < 0 {
			return d.fail(k, fmt.Sprintf("unknown key %q in %s", k.text, b.kind()), suggest(k.text, b.names()))
		}
		return b.keys[i].set(d, v, path, to)
	})
}

func (b *block[T]) kind() string {
	if strings.HasSuffix(b.name, " block") {
		return "the " + b.name
	}
	return "a " + b.name
}

func (b *block[T]) names() []string {
	var names []string
	for _, k := range b.keys {
		names = append(names, k.name)
	}
	return names
}

// inside is the shape of a block.
func inside[T any](b *block[T]) shape[T] {
	return shape[T]{kind: b.kind(), decode: b.decode, schema: func(s *schemas) object { return schemaOf(s, b) }}
}

// scalar is the shape of a value written as one text.
func scalar[V any](kind string, o object, parse func(text string) (V, error)) shape[V] {
	return shape[V]{
		kind: kind,
		decode: func(d *decoder, n *node, path string, to *V) error {
			if n.kind != textNode && n.kind != wordNode || n.null() {
				return d.wrong(n, path, kind)
			}
			v, err := parse(n.text)
			if err != nil {
				return d.at(n, err)
			}
			*to = v
			return nil
		},
		schema: func(*schemas) object { return o },
	}
}

// anyScalar is the schema of a text: YAML takes 007 for a number.
var anyScalar = object{"type": []any{"string", "number", "boolean"}}

var (
	text = scalar("a text", anyScalar, func(s string) (string, error) { return s, nil })

	// characters takes words for what is hard to see or to quote.
	characters = scalar("one or more characters, or tab, space, comma, semicolon, pipe", object{"type": "string"},
		func(s string) (string, error) { return charOf(s), nil })

	separator = scalar("one character, or space", object{"type": "string"}, func(s string) (byte, error) {
		if s = charOf(s); len(s) == 1 {
			return s[0], nil
		}
		return 0, &pipeline.Error{Msg: fmt.Sprintf("%q is not one ASCII character", s)}
	})

	flag = shape[bool]{
		kind: "true or false",
		decode: func(d *decoder, n *node, path string, to *bool) error {
			if v, ok := boolean(n); ok {
				*to = v
				return nil
			}
			return d.wrong(n, path, "true or false")
		},
		schema: func(*schemas) object { return object{"type": "boolean"} },
	}

	wholeNumber = scalar("a whole number", object{"type": "integer", "minimum": 0}, func(s string) (int, error) {
		v, err := strconv.Atoi(s)
		if err != nil || v < 0 {
			return 0, &pipeline.Error{Msg: fmt.Sprintf("%q is not a whole number from 0", s)}
		}
		return v, nil
	})

	rejectLimit = scalar("a whole number or a percentage", object{"type": []any{"integer", "string"}}, ParseRejectLimit)

	day = scalar("a day, YYYY-MM-DD", object{"type": "string", "format": "date"}, func(s string) (pipeline.Date, error) {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return 0, &pipeline.Error{Msg: fmt.Sprintf("%q is not a day", s), Hint: "write it as 2017-06-30"}
		}
		return pipeline.DateOf(t), nil
	})

	zone = scalar("a time zone of the tz database", object{"type": "string", "examples": []any{"Europe/Berlin", "America/New_York", "UTC"}}, zoneOf)

	// texts is a list of texts; one text is a list of one.
	texts = shape[[]string]{
		kind: "a text or a list of texts",
		decode: func(d *decoder, n *node, path string, to *[]string) error {
			list := []string{}
			if n.null() {
				return d.wrong(n, path, "a text or a list of texts")
			}
			if n.kind != listNode {
				n = &node{kind: listNode, line: n.line, col: n.col, items: []*node{n}}
			}
			for i, item := range n.items {
				s := item.text
				// In a list of texts NULL and null are texts, as in nulls: [NULL].
				if at := d.item(path, i, item); !item.null() {
					if err := text.decode(d, item, at, &s); err != nil {
						return err
					}
				}
				list = append(list, s)
			}
			*to = list
			return nil
		},
		schema: func(*schemas) object {
			// NULL in a list of texts is what YAML takes for null.
			item := object{"type": []any{"string", "number", "boolean", "null"}}
			return object{"anyOf": []any{anyScalar, object{"type": "array", "items": item}}}
		},
	}

	textMap = shape[map[string]string]{
		kind: "texts and their replacements",
		decode: func(d *decoder, n *node, path string, to *map[string]string) error {
			m := map[string]string{}
			err := d.each(n, path, "texts and their replacements", func(k, v *node, path string) error {
				if v.null() { // what it replaces means no value
					m[k.text] = ""
					return nil
				}
				var s string
				err := text.decode(d, v, path, &s)
				m[k.text] = s
				return err
			})
			*to = m
			return err
		},
		schema: func(*schemas) object {
			to := object{"type": []any{"string", "number", "boolean", "null"}}
			return object{"type": "object", "additionalProperties": to}
		},
	}
)

// choice is a text of a fixed set; Check holds it to the set.
func choice(values []string) shape[string] {
	var enum []any
	for _, v := range values {
		enum = append(enum, v)
	}
	return shape[string]{kind: strings.Join(values, ", "), decode: text.decode,
		schema: func(*schemas) object { return object{"enum": enum} }}
}

// listOf is a list of blocks.
func listOf[T any](b *block[T]) shape[[]T] {
	kind := "a list, each " + b.kind()
	return shape[[]T]{
		kind: kind,
		decode: func(d *decoder, n *node, path string, to *[]T) error {
			if n.kind != listNode {
				return d.wrong(n, path, kind)
			}
			*to = make([]T, len(n.items))
			for i, item := range n.items {
				if err := b.decode(d, item, d.item(path, i, item), &(*to)[i]); err != nil {
					return err
				}
			}
			return nil
		},
		schema: func(s *schemas) object { return object{"type": "array", "items": schemaOf(s, b)} },
	}
}

// named is names of the user's own, each with a block.
func named[T any](b *block[T]) shape[map[string]T] {
	kind := "names, each " + b.kind()
	return shape[map[string]T]{
		kind: kind,
		decode: func(d *decoder, n *node, path string, to *map[string]T) error {
			m := map[string]T{}
			err := d.each(n, path, kind, func(k, v *node, path string) error {
				var t T
				err := b.decode(d, v, path, &t)
				m[k.text] = t
				return err
			})
			*to = m
			return err
		},
		schema: func(s *schemas) object { return object{"type": "object", "additionalProperties": schemaOf(s, b)} },
	}
}

// optional is a shape whose absence shows.
func optional[V any](s shape[V]) shape[*V] {
	return shape[*V]{kind: s.kind, schema: s.schema, decode: func(d *decoder, n *node, path string, to **V) error {
		*to = new(V)
		return s.decode(d, n, path, *to)
	}}
}

// negated is a flag whose Go side says the opposite.
func negated(s shape[bool]) shape[bool] {
	return shape[bool]{kind: s.kind, schema: s.schema, decode: func(d *decoder, n *node, path string, to *bool) error {
		err := s.decode(d, n, path, to)
		*to = !*to
		return err
	}}
}

// present is a shape whose value is marked as given.
func present[V any](s shape[V]) shape[pipeline.Null[V]] {
	return shape[pipeline.Null[V]]{kind: s.kind, schema: s.schema, decode: func(d *decoder, n *node, path string, to *pipeline.Null[V]) error {
		to.Valid = true
		return s.decode(d, n, path, &to.V)
	}}
}

var charWords = map[string]string{"tab": "\t", `\t`: "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}

func charOf(s string) string {
	if c, ok := charWords[s]; ok {
		return c
	}
	return s
}

// null reports whether the node is one of YAML's words for null.
func (n *node) null() bool {
	_, is := boolean(n)
	return n.kind == wordNode && !is
}

func boolean(n *node) (value, ok bool) {
	low := strings.ToLower(n.text)
	return low == "true", n.kind == wordNode && (low == "true" || low == "false")
}

//go:embed timezones.txt
var zoneNames string

func zoneOf(name string) (*time.Location, error) {
	// Go's names for the machine's own zone would make a run depend on it.
	if name != "" && name != "Local" {
		if l, err := time.LoadLocation(name); err == nil {
			return l, nil
		}
	}
	hint := "write a name such as Europe/Berlin, America/New_York or UTC"
	if near := pipeline.Nearest(strings.ReplaceAll(name, " ", "_"), strings.Fields(zoneNames)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, &pipeline.Error{Msg: fmt.Sprintf("unknown time zone %q", name), Hint: hint}
}

// suggest returns a hint: the nearest of the right names, or a few of them all.
func suggest(wrong string, right []string) string {
	near := pipeline.Nearest(wrong, right)
	for _, r := range right {
		if near == "" && len(wrong) > 1 && strings.HasPrefix(r, strings.ToLower(wrong)) {
			near = r // gz for gzip, order for order_id
		}
	}
	if near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "write one of " + strings.Join(right, ", ")
}
