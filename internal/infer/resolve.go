package infer

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/smeltdata/smelt/pipeline"
)

// entry is a line of smelt.yml: where a bronze column comes from.
type entry struct {
	target   string
	from     []string // source columns or lookups
	value    string   // a constant
	template string
	replace  [][2]string
	dates    []string
	number   string // a number block of its own
	nulls    []string
	integer  bool

	columns []*column // that from stands for
	in      *layout   // of columns
	sure    float64
	reason  string

	essential bool
	drop      bool     // nothing but leaving it out settles it
	either    bool     // open is whether days or months come first
	chosen    string   // the line that a person chose
	open      string   // what is not known: the entry is written as an error to resolve
	choices   []string // lines to choose from then
}

// place is where a value can be taken from: a column, through links.
type place struct {
	layout *layout
	column *column
	path   []*link // from the source's layout to the column's
	score  float64
}

// resolve finds the columns that a target can be taken from, the best first:
// the layout's own and those of the layouts that its columns are keys of.
func (x *inference) resolve(l *layout, t target, neutral map[string]bool, may func(*link) bool, depth int, skip ...*column) []place {
	var out []place
	for _, c := range l.columns {
		if c.name == "" || l.repeats(c) || slices.Contains(skip, c) {
			continue
		}
		score := 0.0
		for _, p := range t.names {
			score = max(score, p.weight*match(c.words, p.words, neutral))
		}
		switch {
		case isPlace(t) && score > 0 && c.tellsStatus():
			continue // the state of an order is no place
		case isPlace(t) && t.column != "postal_code" && c.filled > 0 && c.numeric > 0.9:
			continue // nor is a number
		case t.column == "status" && score < 0.75 && score*c.fits(t.want, l) < enough && c.tellsStatus():
			score = 0.75
		}
		if score *= c.fits(t.want, l); score >= enough {
			out = append(out, place{l, c, nil, score})
		}
	}
	if depth > 0 {
		for _, k := range l.links {
			if !may(k) || k.repeats > 0.005 || isPlace(t) && !ofPlaces(k) {
				continue
			}
			inner := map[string]bool{}
			for _, m := range []map[string]bool{neutral, k.to.context("name")} {
				for w := range m {
					inner[w] = true
				}
			}
			for _, w := range strings.Fields("ship bill return original") {
				delete(inner, w)
			}
			var reached []place
			if t.want == anyText || t.want == aWord {
				reached = x.named(k, t)
			}
			reached = append(reached, x.resolve(k.to, t, inner, may, depth-1, k.key)...)
			for _, p := range reached {
				p.path = append([]*link{k}, p.path...)
				p.score *= 0.97
				if k.covers < enoughKeys {
					p.score *= 0.9
				}
				out = append(out, p)
			}
		}
	}
	byScore(out, func(p place) float64 { return p.score })
	return out
}

func isPlace(t target) bool {
	return slices.ContainsFunc(geography, func(g target) bool { return g.column == t.column })
}

// ofPlaces reports whether a link leads to what tells where something was sold:
// an order's header, or a list of places.
func ofPlaces(k *link) bool {
	return k.to.role == headerRole || k.to.role == customerRole || slices.ContainsFunc(append(slices.Clone(k.from.words), k.to.stem...), func(w string) bool { return places[w] })
}

var places = set("store territory region country city state location address ship postal geography geo market place area")

// named finds the name that a reference has for its key, where the column that
// holds the key is what the target wants: category_id → name.
func (x *inference) named(k *link, t target) []place {
	own := 0.0
	for _, p := range t.names {
		ws := slices.DeleteFunc(slices.Clone(k.from.words), func(w string) bool { return w == "id" })
		own = max(own, p.weight*match(ws, p.words, set("product order customer name store")))
	}
	if own < enough {
		return nil
	}
	c, score := k.to.pick(patterns("name", 1.0, "english", 0.9, "label", 0.8, "description", 0.7), anyText, k.to.context(strings.Join(k.from.words, " ")+" english"), k.key)
	if c == nil || score < 0.5 {
		return nil
	}
	if c.numeric > 0.9 {
		return nil
	}
	return []place{{k.to, c, nil, own * 1.03}}
}

// expr writes a place as smelt.yml does, and names the lookups on its way.
func (x *inference) expr(p place) string {
	if len(p.path) == 0 {
		return p.column.name
	}
	text := p.path[0].from.name
	for i, k := range p.path {
		next := p.column.name
		if i+1 < len(p.path) {
			next = p.path[i+1].from.name
		}
		text = x.lookup(k) + "[" + text + "]." + next
		k.to.bound[next] = true
	}
	return text
}

// use makes an entry of a place.
func (x *inference) use(t target, p place) *entry {
	e := &entry{target: t.column, from: []string{x.expr(p)}, columns: []*column{p.column}, in: p.layout, sure: p.score, reason: "by its name"}
	if len(p.path) == 0 {
		p.layout.bound[p.column.name] = true
	} else {
		for i, k := range p.path {
			if i == 0 {
				k.from.used = true
			}
		}
		e.reason = p.path[0].reason()
		e.sure = min(e.sure, 0.5+p.path[0].covers/2)
	}
	if p.layout.read.NoHeader {
		e.sure, e.reason = min(e.sure, 0.9), "by what stands in it"
	}
	if p.column.filled == 0 {
		e.sure, e.reason = max(e.sure, 0.7), "by its name; empty in what was read"
	}
	e.finish(t, p.column)
	return e
}

// finish adds how the column's values are written.
func (e *entry) finish(t target, c *column) {
	if t.want == aDate {
		e.dated(c, t.column == "birth_date" || t.column == "signup_date")
	}
	for _, n := range c.nulls {
		if !slices.Contains(certainNulls, n) && !slices.Contains(e.nulls, n) {
			e.nulls = append(e.nulls, n)
		}
	}
	if t.want == anID && c.floatID {
		e.integer = true
		e.reason += "; ids such as " + c.example() + " lose their .0"
	}
}

// example is the first value of a column.
func (c *column) example() string {
	for _, v := range c.values {
		if v != "" && !slices.Contains(c.nulls, v) {
			return v
		}
	}
	return ""
}

// dated adds the patterns of a date column, or asks which they are.
func (e *entry) dated(c *column, day bool) {
	d := &c.dated
	e.dates = d.explicit(c, day)
	if d.reason != "" {
		e.reason += "; " + d.reason
	}
	if !d.unsure {
		return
	}
	e.open = fmt.Sprintf("%s: %s, such as %s", c.name, d.reason, d.first)
	e.either = true
	for _, patterns := range [][]string{d.patterns, d.other} {
		e.choices = append(e.choices, e.with(patterns).text()+note+readAs(d.first, patterns))
	}
}

// note begins what a choice means, behind its line.
const note = "  # "

// readAs says what day a text is by patterns.
func readAs(text string, patterns []string) string {
	p, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.DateType, Dates: patterns})
	if err != nil {
		return ""
	}
	d, status := p.Date([]byte(text))
	if status != pipeline.Parsed {
		return text + " is no date then"
	}
	return text + " is " + d.Time().Format("2 January 2006")
}

func (e *entry) with(patterns []string) *entry {
	o := *e
	o.dates = patterns
	return &o
}

// explicit returns the patterns to write: none for ISO 8601 alone. A day cannot
// have a time of day in ISO 8601, so that one is spelt out.
func (d *dates) explicit(c *column, day bool) []string {
	if len(d.patterns) == 1 && d.patterns[0] == "" && !(day && d.timed) {
		return nil
	}
	var out []string
	for _, p := range d.patterns {
		if p != "" {
			out = append(out, p)
			continue
		}
		for _, iso := range allPatterns() {
			if strings.HasPrefix(iso.pattern, "%Y-%m-%d") && slices.ContainsFunc(c.values, iso.reads) {
				out = append(out, iso.pattern)
			}
		}
		if len(out) == 0 {
			return nil
		}
	}
	return out
}

// lookup names the layout that a link leads to, as a lookup by the link's key.
func (x *inference) lookup(k *link) string {
	for _, u := range x.lookups {
		if u.layout == k.to && u.key == k.key {
			return u.name
		}
	}
	name := x.nameOf(k.to)
	if k.fill {
		name = "order"
	}
	for n := 2; slices.ContainsFunc(x.lookups, func(u *lookup) bool { return u.name == name }); n++ {
		name = fmt.Sprintf("%s_%d", x.nameOf(k.to), n)
	}
	x.lookups = append(x.lookups, &lookup{name, k.to, k.key, k})
	k.to.name = name
	return name
}

// lookup is a reference that the mapping uses.
type lookup struct {
	name   string
	layout *layout
	key    *column
	by     *link
}

// nameOf makes a lookup's name of a file's: without what all files begin with,
// in the singular.
func (x *inference) nameOf(l *layout) string {
	parts := func(l *layout) []string {
		var out []string
		for _, t := range tokens(stemOf(l.files[0].Name)) {
			if !fillers[t] {
				out = append(out, t)
			}
		}
		return out
	}
	mine := parts(l)
	for at := 0; len(mine) > 1 && len(x.layouts) > 2 && !known[meaning(mine[0])[0]]; at++ {
		n := 0 // files that have the word there too: what most begin with says nothing
		for _, o := range x.layouts {
			if other := parts(o); len(other) > at && other[at] == mine[0] {
				n++
			}
		}
		if n*2 <= len(x.layouts) {
			break
		}
		mine = mine[1:]
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || r == '_' {
			return r
		}
		return '_'
	}, strings.Join(mine, "_"))
	switch {
	case name == "":
		name = "reference_" + strings.ToLower(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, path.Base(l.files[0].Name)))
	case strings.HasSuffix(name, "ies"):
		name = name[:len(name)-3] + "y"
	case strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss") && !strings.HasSuffix(name, "us"):
		name = name[:len(name)-1]
	}
	return name
}
