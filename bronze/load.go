package bronze

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// LoadMapping reads and checks a smelt.yml. Its folder becomes the mapping's
// data folder. The first thing that is wrong is returned as a *pipeline.Error
// of kind ErrConfig with its line and column.
func LoadMapping(path string) (*Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: path, Msg: "cannot be read", Err: err}
	}
	m, err := ParseMapping(path, text)
	if err != nil {
		return nil, err
	}
	m.Dir = filepath.Dir(path)
	return m, nil
}

// ParseMapping is LoadMapping on a text; name is what errors call it. The
// mapping's data folder is left to the caller.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	root, err := parseYAML(name, text)
	if err != nil {
		return nil, err
	}
	if root.kind == nothing {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: name, Line: 1, Col: 1, Msg: "is empty",
			Hint: "list at least one of the shop's files under sources"}
	}
	d := &decoder{name: name, places: map[string]place{"": {key: root, value: root}}}
	m := &Mapping{File: name}
	if err := mappingBlock.decode(d, root, "", m); err != nil {
		return nil, err
	}
	d.placeSpecs(m)
	if p := m.check(); p != nil {
		at := d.place(p)
		p.err.File, p.err.Line, p.err.Col = name, at.line, at.col
		return nil, p.err
	}
	return m, nil
}

// decoder fills a Mapping from nodes and remembers where each value stands, by
// its path ("sources[0].columns.order_id"), so that Check, which knows paths
// only, can be given lines and columns.
type decoder struct {
	name   string
	places map[string]place
}

type place struct{ key, value *node }

// place finds the node that a problem is about: its path's, else that of the
// nearest part of the path that the text has.
func (d *decoder) place(p *problem) *node {
	path := p.path
	for {
		if at, ok := d.places[path]; ok {
			if p.key && path == p.path {
				return at.key
			}
			return at.value
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// placeSpecs tells the parts of the mapping where they stand.
func (d *decoder) placeSpecs(m *Mapping) {
	at := func(path string, line, col *int) {
		if p, ok := d.places[path]; ok {
			*line, *col = p.value.line, p.value.col
		}
	}
	columns := func(path string, specs []ColumnSpec) {
		for i := range specs {
			at(path+"."+specs[i].Column, &specs[i].Line, &specs[i].Col)
		}
	}
	for name, l := range m.Lookups {
		at("lookups."+name, &l.Line, &l.Col)
		m.Lookups[name] = l
	}
	for i := range m.Sources {
		s, path := &m.Sources[i], fmt.Sprintf("sources[%d]", i)
		at(path, &s.Line, &s.Col)
		columns(path+".columns", s.Columns)
		columns(path+".customers", s.Customers)
		columns(path+".products", s.Products)
	}
	for i := range m.Checks {
		at(fmt.Sprintf("checks[%d]", i), &m.Checks[i].Line, &m.Checks[i].Col)
	}
	for i := range m.Tests {
		t, path := &m.Tests[i], fmt.Sprintf("tests[%d]", i)
		at(path, &t.Line, &t.Col)
		for k := range t.Given {
			at(fmt.Sprintf("%s.given[%d]", path, k), &t.Given[k].Line, &t.Given[k].Col)
		}
		for k := range t.Expect {
			at(fmt.Sprintf("%s.expect[%d]", path, k), &t.Expect[k].Line, &t.Expect[k].Col)
		}
	}
	for i := range m.Dashboard.Pages {
		at(fmt.Sprintf("dashboard.pages[%d]", i), &m.Dashboard.Pages[i].Line, &m.Dashboard.Pages[i].Col)
	}
	for i := range m.Rules.ReturnedOrders {
		r, path := &m.Rules.ReturnedOrders[i], fmt.Sprintf("returns.orders[%d]", i)
		at(path, &r.Line, &r.Col)
		columns(path+".columns", r.Columns)
	}
}

// each walks a mapping: f gets each key, its value and the value's path. A
// repeated key is an error; a key's own value overrides a merged one.
func (d *decoder) each(n *node, path, kind string, f func(k, v *node, path string) error) error {
	if n.kind != mapNode {
		return d.wrong(n, path, kind)
	}
	own := map[string]bool{}
	for _, p := range n.pairs {
		if !p.merged && own[p.key.text] {
			return d.fail(p.key, fmt.Sprintf("key %q is repeated", p.key.text), "keep one of the two")
		}
		own[p.key.text] = own[p.key.text] || !p.merged
	}
	merged := map[string]bool{}
	for _, p := range n.pairs {
		if p.merged && (own[p.key.text] || merged[p.key.text]) {
			continue
		}
		merged[p.key.text] = p.merged
		inner := below(path, p.key.text)
		d.places[inner] = place{p.key, p.value}
		if p.value.kind == nothing {
			return d.fail(p.key, fmt.Sprintf("%q has no value", p.key.text), "give it one, or leave the key out")
		}
		if err := f(p.key, p.value, inner); err != nil {
			return err
		}
	}
	return nil
}

// item notes the place of a list's item and returns its path.
func (d *decoder) item(path string, i int, n *node) string {
	path = fmt.Sprintf("%s[%d]", path, i)
	d.places[path] = place{n, n}
	return path
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// wrong says that a value has the wrong form.
func (d *decoder) wrong(n *node, path, want string) error {
	what := path[strings.LastIndexByte(path, '.')+1:]
	if what == "" {
		what = "the file"
	}
	got := n.kind.String()
	if n.kind == textNode || n.kind == wordNode {
		got = fmt.Sprintf("%q", n.text)
	}
	return d.fail(n, fmt.Sprintf("%s: want %s, not %s", what, want, got), "")
}

func (d *decoder) fail(n *node, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, File: d.name, Line: n.line, Col: n.col, Msg: msg, Hint: hint}
}

// at gives an error the place of a node.
func (d *decoder) at(n *node, err error) error {
	var e *pipeline.Error
	if errors.As(err, &e) {
		return d.fail(n, e.Msg, e.Hint)
	}
	return d.fail(n, err.Error(), "")
}
