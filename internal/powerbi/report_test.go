package powerbi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shopModel is the model of a shop that has everything, with the names of its
// customers where personal says so.
func shopModel(t *testing.T, personal bool) *Model {
	t.Helper()
	m, err := New(Options{Name: "shop", Tables: declared(t), Source: sources["local"], Personal: personal})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reported is a report as a reader of its files sees it: visuals by page, in their
// reading order.
type reported struct {
	pages   []string
	visuals map[string][]seen
}

type seen struct {
	visual visualFile
	phone  mobileFile
	raw    any
}

func reportOn(t *testing.T, m *Model) reported {
	t.Helper()
	files, err := report(m)
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string][]byte{}
	for _, f := range files {
		if byPath[f.Path] != nil {
			t.Errorf("%s: written twice", f.Path)
		}
		byPath[f.Path] = f.Data
	}
	decode := func(name string, v any) {
		if err := json.Unmarshal(byPath["shop.Report/definition/pages/"+name], v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	var order pagesFile
	decode("pages.json", &order)
	r := reported{order.Order, map[string][]seen{}}
	for _, f := range files {
		dir, base := path.Split(strings.TrimPrefix(f.Path, "shop.Report/definition/pages/"))
		if base != "visual.json" {
			continue
		}
		var s seen
		decode(dir+base, &s.visual)
		decode(dir+base, &s.raw)
		decode(dir+"mobile.json", &s.phone)
		page, rest, _ := strings.Cut(dir, "/")
		if rest != "visuals/"+s.visual.Name+"/" || !strings.HasPrefix(s.visual.Name, page) {
			t.Errorf("%s holds visual %s", f.Path, s.visual.Name)
		}
		r.visuals[page] = append(r.visuals[page], s)
	}
	return r
}

// Each column, level and measure that a visual names, wherever in it, is in the
// model, and is one that its readers see.
func TestReportNamesWhatTheModelHas(t *testing.T) {
	for _, personal := range []bool{false, true} {
		m := shopModel(t, personal)
		r, named := reportOn(t, m), 0
		for page, visuals := range r.visuals {
			for _, s := range visuals {
				for f, kind := range fields(s.raw) {
					named++
					if err := m.Field(f); err != nil {
						t.Errorf("%s/%s: %v", page, s.visual.Name, err)
						continue
					}
					c := m.Column(f)
					if (kind == "Measure") != (c == nil) {
						t.Errorf("%s/%s: %s as a %s", page, s.visual.Name, f, kind)
					}
					if c != nil && c.Hidden {
						t.Errorf("%s/%s: %s is hidden", page, s.visual.Name, f)
					}
				}
			}
		}
		if named < 100 {
			t.Errorf("only %d names were found", named)
		}
	}
}

// fields finds what an expression anywhere below v names, and how. It knows nothing
// of visuals: a name is a Property of an Expression that ends in a table, or a Level.
func fields(v any) map[Field]string {
	found := map[Field]string{}
	tables := map[string]string{} // by the alias of a filter
	var walk func(v any)
	var table func(v any) string
	table = func(v any) string {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["SourceRef"].(map[string]any); ok {
				if e, ok := s["Entity"].(string); ok {
					return e
				}
				return tables[fmt.Sprint(s["Source"])]
			}
			for _, x := range v {
				if t := table(x); t != "" {
					return t
				}
			}
		}
		return ""
	}
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if e, ok := v["Entity"].(string); ok && v["Name"] != nil {
				tables[fmt.Sprint(v["Name"])] = e
			}
			if from, ok := v["From"]; ok { // before what names its aliases
				walk(from)
			}
			for kind, x := range v {
				if x, ok := x.(map[string]any); ok && x["Expression"] != nil {
					for _, key := range []string{"Property", "Level"} {
						if name, ok := x[key].(string); ok {
							found[Field{table(x["Expression"]), name}] = kind
						}
					}
				}
				walk(x)
			}
		}
	}
	walk(v)
	return found
}

// A misspelt name would only leave a field out: of a shop that has everything,
// nothing is left out.
func TestPagesAreWhole(t *testing.T) {
	m := shopModel(t, true)
	whole := func(where string, refs ...ref) {
		for _, r := range refs {
			if resolve(m, []ref{r}) == nil {
				t.Errorf("%s: the model has no %s%s", where, r.Field, r.hierarchy)
			}
		}
	}
	for _, s := range slicers {
		whole("slicers", s.field)
	}
	for _, p := range pages() {
		whole(p.name, figures(p.cards...)...)
		for _, row := range p.rows {
			width := 0
			for _, c := range row {
				width += c.width
				for _, r := range c.roles {
					whole(c.name, r.refs...)
				}
				if c.sort.Name != "" && !slices.ContainsFunc(c.roles, func(r role) bool { return slices.Contains(r.refs, c.sort) }) {
					t.Errorf("%s: %s is sorted by %s, which it does not show", p.name, c.name, c.sort.Field)
				}
				if c.best.n > 0 {
					whole(c.name, c.best.of, c.best.by)
				}
			}
			if width != columns {
				t.Errorf("%s: a row of %d columns", p.name, width)
			}
		}
	}
}

func TestReportLayout(t *testing.T) {
	for _, personal := range []bool{false, true} {
		for page, visuals := range reportOn(t, shopModel(t, personal)).visuals {
			inOrder(t, page, visuals)
			for i, a := range visuals {
				p, q := a.visual.Position, a.phone.Position
				if p.X < 0 || p.Y < 0 || p.X+p.Width > pageWidth || p.Y+p.Height > pageHeight || q.X < 0 || q.X+q.Width > phoneWidth {
					t.Errorf("%s: %s: %+v, on a phone %+v, is not on the page", page, a.visual.Name, p, q)
				}
				if p.X%4 != 0 || p.Y%4 != 0 || p.Width%4 != 0 || p.Height%4 != 0 || p.Width < 96 || p.Height < 48 {
					t.Errorf("%s: %s: %+v is off the grid of 4 pixels", page, a.visual.Name, p)
				}
				for _, b := range visuals[:i] {
					if overlap(p, b.visual.Position) || overlap(q, b.phone.Position) {
						t.Errorf("%s: %s overlaps %s", page, a.visual.Name, b.visual.Name)
					}
				}
			}
			fullRows(t, page, visuals)
		}
	}
}

// fullRows checks that each row ends where the page does, whatever is left out of it.
func fullRows(t *testing.T, page string, visuals []seen) {
	t.Helper()
	right := map[int]int{}
	for _, s := range visuals {
		p := s.visual.Position
		right[p.Y] = max(right[p.Y], p.X+p.Width)
	}
	for y, x := range right {
		if x != pageWidth-margin {
			t.Errorf("%s: the row at %d ends at %d", page, y, x)
		}
	}
}

// inOrder checks that the keyboard goes where the eye goes.
func inOrder(t *testing.T, page string, visuals []seen) {
	t.Helper()
	slices.SortFunc(visuals, func(a, b seen) int { return a.visual.Position.TabOrder - b.visual.Position.TabOrder })
	for i := 1; i < len(visuals); i++ {
		a, b := visuals[i-1].visual, visuals[i].visual
		if a.Position.TabOrder == b.Position.TabOrder {
			t.Errorf("%s: %s and %s have one tab order", page, a.Name, b.Name)
		}
		if p, q := a.Position, b.Position; q.Y < p.Y || q.Y == p.Y && q.X < p.X {
			t.Errorf("%s: %s comes after %s", page, b.Name, a.Name)
		}
	}
}

func overlap(a, b position) bool {
	return a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height
}

// Who cannot see a visual is told what it is, and who can reads a title of a chart.
func TestReportSaysWhatItShows(t *testing.T) {
	said := func(o map[string][]object, group, name string) string {
		b, _ := json.Marshal(o[group])
		var have []struct {
			Properties map[string]struct {
				Expr struct{ Literal struct{ Value string } }
			}
		}
		if json.Unmarshal(b, &have) != nil || len(have) == 0 {
			return ""
		}
		return have[0].Properties[name].Expr.Literal.Value
	}
	for page, visuals := range reportOn(t, shopModel(t, false)).visuals {
		texts := map[string]string{}
		for _, s := range visuals {
			v := s.visual.Visual
			alt := said(v.Container, "general", "altText")
			if len(alt) < 12 || len(alt) > 250 {
				t.Errorf("%s/%s: %d characters for screen readers: %s", page, s.visual.Name, len(alt), alt)
			}
			if texts[alt] != "" {
				t.Errorf("%s/%s: says what %s says", page, s.visual.Name, texts[alt])
			}
			texts[alt] = s.visual.Name
			if slices.Contains([]string{"textbox", "pageNavigator", "slicer", "cardVisual"}, v.Type) {
				continue
			}
			if title := said(v.Container, "title", "text"); len(title) < 10 {
				t.Errorf("%s/%s: title %s", page, s.visual.Name, title)
			}
			if help := said(v.Container, "visualHeaderTooltip", "text"); !strings.Contains(help, " = ") && s.visual.Name != "customers_lifetime_value" && s.visual.Name != "products_pareto" {
				t.Errorf("%s/%s: says no formula: %s", page, s.visual.Name, help)
			}
		}
	}
}

// What a shop lacks is left out, with what cannot be without it, and the rest is whole.
func TestReportLeavesOutWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		lacking map[string][]string
		pages   string
		gone    string // visuals
		stay    string
	}{
		{map[string][]string{"silver.fact_sales": {"cost", "margin", "channel"}}, "sales customers products regions",
			"sales_slicer_channel", "products_key_figures products_products regions_slicer_country"},
		{map[string][]string{"silver.fact_sales": {"state", "city"}, "silver.dim_products": {"subcategory", "product_name"}}, "sales customers products regions",
			"products_top_products products_return_rate", "products_categories products_products regions_map regions_countries regions_places"},
		{map[string][]string{"silver.fact_sales": {"country", "state", "city"}}, "sales customers products",
			"sales_slicer_country", "sales_by_month sales_slicer_date"},
		{map[string][]string{"silver.fact_sales": {"customer_id"}}, "sales products regions",
			"sales_customers sales_slicer_segment", "sales_by_month regions_places"},
	} {
		m, err := New(Options{Name: "shop", Tables: declared(t), Source: sources["local"], Lacking: c.lacking})
		if err != nil {
			t.Fatal(err)
		}
		r := reportOn(t, m)
		if got := strings.Join(r.pages, " "); got != c.pages {
			t.Errorf("without %v: pages %s, not %s", c.lacking, got, c.pages)
		}
		names := map[string]bool{}
		for page, visuals := range r.visuals {
			fullRows(t, fmt.Sprintf("without %v: %s", c.lacking, page), visuals)
			for _, s := range visuals {
				names[s.visual.Name] = true
				for f := range fields(s.raw) {
					if err := m.Field(f); err != nil {
						t.Errorf("without %v: %s: %v", c.lacking, s.visual.Name, err)
					}
				}
			}
		}
		for name := range strings.FieldsSeq(c.gone) {
			if names[name] {
				t.Errorf("without %v it shows %s", c.lacking, name)
			}
		}
		for name := range strings.FieldsSeq(c.stay) {
			if !names[name] {
				t.Errorf("without %v it does not show %s", c.lacking, name)
			}
		}
	}

	bare := &Model{Name: "shop"}
	if r := reportOn(t, bare); len(r.pages) > 0 || len(r.visuals) > 0 {
		t.Errorf("of nothing it shows %v", r.pages)
	}
}

// Slicers act on every page: those of one name filter by one field, in one group.
func TestReportSlicersAreInStep(t *testing.T) {
	r := reportOn(t, shopModel(t, false))
	by := map[string][]string{}
	for _, page := range r.pages {
		for _, s := range r.visuals[page] {
			if v := s.visual.Visual; v.Type == "slicer" {
				by[v.Sync.Name] = append(by[v.Sync.Name], v.Query.State["Values"].Projections[0].Ref)
			}
		}
	}
	if len(by) != 5 {
		t.Errorf("groups %v", by)
	}
	for group, refs := range by {
		if len(refs) != len(r.pages) || len(slices.Compact(slices.Sorted(slices.Values(refs)))) != 1 {
			t.Errorf("%s filters by %q", group, refs)
		}
	}
}

func TestReportIsTheSameEachTime(t *testing.T) {
	a, _ := report(shopModel(t, true))
	for range 5 {
		b, _ := report(shopModel(t, true))
		if !slices.EqualFunc(a, b, func(x, y File) bool { return x.Path == y.Path && bytes.Equal(x.Data, y.Data) }) {
			t.Fatal("two reports on one model differ")
		}
	}
}

// The theme has the colours of smelt's own pages, and no others.
func TestThemeIsOfThePages(t *testing.T) {
	css, err := os.ReadFile("../pagekit/files/base.css")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(theme())
	if err != nil {
		t.Fatal(err)
	}
	colours := regexp.MustCompile(`#[0-9a-f]{6}`).FindAllString(string(b), -1)
	if len(colours) < 15 {
		t.Fatalf("only %q", colours)
	}
	for _, c := range colours {
		if !bytes.Contains(css, []byte(c)) {
			t.Errorf("base.css has no %s", c)
		}
	}
}
