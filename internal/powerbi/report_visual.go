package powerbi

import (
	"fmt"
	"slices"
	"strings"
)

// visualFile is a visual.json.
type visualFile struct {
	Schema   string        `json:"$schema"`
	Name     string        `json:"name"`
	Position position      `json:"position"`
	Visual   visual        `json:"visual"`
	Filters  *filterConfig `json:"filterConfig,omitempty"`
}

// position is in pixels of the page. Z is what covers what, TabOrder the order for
// the keyboard and for screen readers: both follow the reading order.
type position struct {
	X        int `json:"x"`
	Y        int `json:"y"`
	Z        int `json:"z"`
	Height   int `json:"height"`
	Width    int `json:"width"`
	TabOrder int `json:"tabOrder"`
}

type visual struct {
	Type      string              `json:"visualType"`
	Query     *query              `json:"query,omitempty"`
	Objects   map[string][]object `json:"objects,omitempty"`
	Container map[string][]object `json:"visualContainerObjects"`
	Sync      *syncGroup          `json:"syncGroup,omitempty"`
	Drill     bool                `json:"drillFilterOtherVisuals"`
}

// syncGroup makes slicers of different pages one: what one chooses, all choose.
type syncGroup struct {
	Name   string `json:"groupName"`
	Field  bool   `json:"fieldChanges"`
	Filter bool   `json:"filterChanges"`
}

// object is a group of settings; props are their values.
type object struct {
	Properties props `json:"properties"`
	Selector   any   `json:"selector,omitempty"`
}

type props map[string]any

func literal(v string) any { return props{"expr": props{"Literal": props{"Value": v}}} }
func str(s string) any     { return literal("'" + strings.ReplaceAll(s, "'", "''") + "'") }
func yes(b bool) any       { return literal(fmt.Sprint(b)) }
func integer(n int) any    { return literal(fmt.Sprintf("%dL", n)) }

// colour is one of the theme's: 0 the background, 1 the text, 2 and on the series.
func colour(id int) props { return props{"ThemeDataColor": props{"ColorId": id, "Percent": 0}} }

// heat colours by a measure, from the paper to the pale accent: text stays readable.
func heat(by ref) any {
	return props{"solid": props{"color": props{"expr": props{"FillRule": props{
		"Input": by.expr(),
		"FillRule": props{"linearGradient2": props{
			"min":                  props{"color": colour(0)},
			"max":                  props{"color": colour(4)},
			"nullColoringStrategy": props{"strategy": props{"Literal": props{"Value": "'noColor'"}}},
		}},
	}}}}}
}

// each selects every value but the totals.
func each(metadata string) any {
	s := props{"data": []props{{"dataViewWildcard": props{"matchingOption": 1}}}}
	if metadata != "" {
		s["metadata"] = metadata
	}
	return s
}

// standing selects what holds for the visual as a whole, in visuals that ask for it.
var standing = props{"id": "default"}

// chart is a visual before it is laid out. Fields that the model lacks are left out
// of it, and it is left out itself where a role that it needs has none.
type chart struct {
	kind    string // as Power BI calls it
	name    string // of its folder, unique on the page: letters, digits and "_"
	title   string // what it shows
	says    string // what there is to see, for who cannot see it
	width   int    // of twelve columns
	roles   []role
	sort    ref // of a field of its own; "" = as Power BI does
	falling bool
	best    best // only the first of something; none where n is 0
	look    func() map[string][]object
}

// best keeps those n values of a column that have most of a measure.
type best struct {
	n      int
	of, by ref
}

type role struct {
	name string
	refs []ref
}

// optional are the roles that a chart can do without.
var optional = []string{"Tooltips", "Details", "Size"}

// of declares a role.
func of(name string, refs ...ref) role { return role{name, refs} }

// resolve returns c with what m has of it; false where it has too little.
func (c chart) resolve(m *Model) (chart, bool) {
	if c.best.n > 0 && len(resolve(m, []ref{c.best.of, c.best.by})) < 2 {
		return c, false
	}
	var roles []role
	for _, r := range c.roles {
		have := resolve(m, r.refs)
		if have == nil && !slices.Contains(optional, r.name) {
			return c, false
		}
		if have != nil {
			roles = append(roles, role{r.name, have})
		}
	}
	c.roles = roles
	return c, true
}

// query returns the fields of c in their roles.
func (c chart) query() *query {
	q := &query{State: map[string]roleState{}}
	for _, r := range c.roles {
		var state roleState
		for i, f := range r.refs {
			state.Projections = append(state.Projections, f.projection(i == 0))
		}
		q.State[r.name] = state
	}
	if c.sort.Name != "" {
		direction := "Ascending"
		if c.falling {
			direction = "Descending"
		}
		q.Sort = &sortDefinition{Sort: []sortBy{{Field: c.sort.expr(), Direction: direction}}}
	}
	return q
}

// projection returns r for a role. Groups are active where they are the first.
func (r ref) projection(first bool) projection {
	p := projection{Field: r.expr(), Ref: r.queryRef(), Native: r.title(), Active: first && r.kind != aMeasure && r.kind != anAverage}
	if r.kind != aMeasure {
		p.Display = r.title()
	}
	return p
}

func (c chart) filters(page string) *filterConfig {
	if c.best.n == 0 {
		return nil
	}
	return topFilter(page+"_"+c.name, c.best)
}

func (c chart) visual(m *Model) visual {
	v := visual{Type: c.kind, Query: c.query(), Container: container(c.title, c.title+". "+c.says), Drill: true}
	if c.look != nil {
		v.Objects = c.look()
	}
	if help := c.help(m); help != "" {
		v.Container["visualHeader"] = []object{{Properties: props{"show": yes(true), "showTooltipButton": yes(true)}}}
		v.Container["visualHeaderTooltip"] = []object{{Properties: props{"text": str(help)}}}
	}
	return v
}

// help says what the measures of c are, on the sign in its corner.
func (c chart) help(m *Model) string {
	var said []string
	for _, r := range c.roles {
		for _, f := range r.refs {
			if x := m.Measure(f.Name); f.kind == aMeasure && x != nil {
				said = append(said, x.Name+" = "+x.Formula+". "+x.Doc)
			}
		}
	}
	return strings.Join(said, "\n")
}

// container says the title of a visual, "" for none, and its text for screen readers.
func container(title, alt string) map[string][]object {
	t := props{"show": yes(title != "")}
	if title != "" {
		t["text"] = str(title)
	}
	return map[string][]object{
		"title":   {{Properties: t}},
		"general": {{Properties: props{"altText": str(alt)}}},
	}
}

func heading(title string) visual {
	run := props{"value": title, "textStyle": props{"fontSize": "18pt", "fontWeight": "bold"}}
	return visual{
		Type:      "textbox",
		Objects:   map[string][]object{"general": {{Properties: props{"paragraphs": []props{{"textRuns": []props{run}}}}}}},
		Container: container("", "Title of the page: "+title),
		Drill:     true,
	}
}

// navigator is a row of buttons, one for each page; that of this page is filled.
func navigator() visual {
	fill := func(id int) any { return props{"solid": props{"color": props{"expr": colour(id)}}} }
	here := props{"id": "selected"}
	return visual{
		Type: "pageNavigator",
		Objects: map[string][]object{
			"layout":  {{Properties: props{"cellPadding": integer(gap)}}},
			"outline": {{Properties: props{"show": yes(false)}, Selector: standing}},
			"fill": {
				{Properties: props{"show": yes(false)}, Selector: standing},
				{Properties: props{"show": yes(true), "fillColor": fill(2)}, Selector: here},
			},
			"text": {
				{Properties: props{"fontColor": fill(1), "fontSize": literal("10D")}, Selector: standing},
				{Properties: props{"fontColor": fill(0), "bold": yes(true)}, Selector: here},
			},
		},
		Container: container("", "Buttons for the pages of this report"),
		Drill:     true,
	}
}

// keyFigures shows measures as cards beside each other.
func keyFigures(m *Model, cards []ref) visual {
	c := chart{kind: "cardVisual", title: "Key figures", roles: []role{of("Data", cards...)}}
	names := make([]string, len(cards))
	for i, r := range cards {
		names[i] = r.Name
	}
	c.says = strings.Join(names, ", ") + " of what the filters leave."
	c.look = func() map[string][]object { return cardsBeside(len(cards), len(cards)) }
	v := c.visual(m)
	v.Container["title"] = []object{{Properties: props{"show": yes(false)}}}
	return v
}

// cardsBeside shows all cards, columns of them beside each other.
func cardsBeside(columns, all int) map[string][]object {
	return map[string][]object{"layout": {{
		Properties: props{"columnCount": integer(columns), "maxTiles": integer(all)}, Selector: standing,
	}}}
}

// slicer is a filter that a reader chooses.
type slicer struct {
	name  string // of what is in step on all pages
	title string
	field ref
}

// choose shows s: a range of dates, or a list to choose from.
func choose(s slicer) visual {
	mode := "Dropdown"
	objects := map[string][]object{
		"header": {{Properties: props{"show": yes(true), "text": str(s.title)}}},
	}
	if s.field.Table == CalendarTable {
		mode = "Between"
		objects["slider"] = []object{{Properties: props{"show": yes(false)}}}
	}
	objects["data"] = []object{{Properties: props{"mode": str(mode)}}}
	c := chart{roles: []role{of("Values", s.field)}}
	return visual{
		Type: "slicer", Query: c.query(), Objects: objects, Drill: true,
		Container: container("", s.title+": filters every page."),
		Sync:      &syncGroup{Name: s.name, Field: true, Filter: true},
	}
}
