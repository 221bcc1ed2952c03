package bronze

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Check reports the first thing that is wrong with the mapping, as a
// *pipeline.Error of kind ErrConfig, and fills in the defaults: Output,
// Location, the Rules, and the columns' order. LoadMapping has called it; a
// mapping built in Go calls it before use, from one goroutine. Checking again
// changes nothing.
func (m *Mapping) Check() error {
	p := m.check()
	if p == nil {
		return nil
	}
	if p.path != "" {
		p.err.Msg = p.path + ": " + p.err.Msg
	}
	return p.err
}

// problem is what is wrong with the part of a mapping at a path, such as
// sources[0].columns.order_id.
type problem struct {
	path string
	key  bool // the key is wrong, not its value
	err  *pipeline.Error
}

func bad(path, msg, hint string) *problem {
	return &problem{path: path, err: &pipeline.Error{Kind: pipeline.ErrConfig, Msg: msg, Hint: hint}}
}

// first returns the first problem of several checks; later ones do not run.
func first(checks ...func() *problem) *problem {
	for _, c := range checks {
		if p := c(); p != nil {
			return p
		}
	}
	return nil
}

func (m *Mapping) check() *problem {
	if m.Output == "" {
		m.Output = "lake"
	}
	if m.Format == "" {
		m.Format = "delta"
	}
	if !slices.Contains(outputFormats, m.Format) {
		return bad("format", fmt.Sprintf("there is no format %q", m.Format), "write one of "+strings.Join(outputFormats, ", "))
	}
	if m.Location == nil {
		m.Location = time.UTC
	}
	for _, name := range slices.Sorted(maps.Keys(m.Lookups)) {
		if p := m.checkLookup("lookups."+name, name, m.Lookups[name]); p != nil {
			return p
		}
	}
	if len(m.Sources) == 0 {
		return bad("sources", "no source is given", "list at least one of the shop's files under sources")
	}
	for i := range m.Sources {
		if p := m.checkSource(fmt.Sprintf("sources[%d]", i), &m.Sources[i]); p != nil {
			return p
		}
	}
	if p := m.checkRules(&m.Rules); p != nil {
		return p
	}
	return first(m.checkChecks, m.checkTests, m.checkDashboard)
}

var lookupName = regexp.MustCompile(`^[\pL_][\pL\d_-]*$`)

func (m *Mapping) checkLookup(path, name string, l LookupSpec) *problem {
	if !lookupName.MatchString(name) {
		p := bad(path, fmt.Sprintf("%q cannot name a lookup", name), "use letters, digits, _ and -, a letter first")
		p.key = true
		return p
	}
	if l.Key == "" {
		return bad(path+".key", "the lookup has no key", "name the file's column that holds the key")
	}
	return first(
		func() *problem { return checkFiles(path, l.Files) },
		func() *problem { return checkRead(path, l.Files, l.Read) })
}

func (m *Mapping) checkSource(path string, s *SourceSpec) *problem {
	table, ok := tables[s.Table]
	if !ok {
		return checkChoice(path+".table", "table", s.Table, tableNames)
	}
	for _, k := range []struct {
		key, value string
		right      []string
	}{{"kind", s.Kind, kinds}, {"bad_records", s.BadRecords, badRecords}, {"overlap", s.Overlap, overlaps}} {
		if k.value == "" {
			continue
		}
		if p := checkChoice(path+"."+k.key, k.key, k.value, k.right); p != nil {
			return p
		}
	}
	if s.Table != "sales" {
		for _, extra := range []struct {
			key   string
			given bool
		}{{"kind", s.Kind != ""}, {"customers", len(s.Customers) > 0}, {"products", len(s.Products) > 0}, {"overlap", s.Overlap != ""}} {
			if extra.given {
				return bad(path+"."+extra.key, fmt.Sprintf("%s belongs to a source of table sales, not %s", extra.key, s.Table), "")
			}
		}
	}
	needed := map[string][]string{"customers": {"customer_id"}, "products": {"product_id"}, "sales": {"order_id", "product_id", "quantity", "ordered_at"}}[s.Table]
	if s.Kind == "returns" {
		needed = needed[1:]
		if hasColumn(s.Columns, "returned_at") {
			needed = needed[:2] // it dates the return
		}
	}
	return first(
		func() *problem { return checkFiles(path, s.Files) },
		func() *problem { return checkRead(path, s.Files, s.Read) },
		func() *problem { return checkNumber(path+".number", s.Number) },
		func() *problem { return m.checkColumns(path+".columns", s, s.Columns, table, nil, needed) },
		func() *problem {
			return m.checkColumns(path+".customers", s, s.Customers, Customers.Table, []string{"customer_id"}, nil)
		},
		func() *problem {
			return m.checkColumns(path+".products", s, s.Products, Products.Table, []string{"product_id"}, nil)
		},
		func() *problem {
			if len(s.Customers) > 0 && !hasColumn(s.Columns, "customer_id") {
				return bad(path+".customers", "customers stand on the lines but columns has no customer_id", "map customer_id under columns")
			}
			return nil
		},
		func() *problem {
			if s.Overlap != "" && hasColumn(s.Columns, "line_number") {
				return bad(path+".overlap", "overlap is for lines without a number: line_number is mapped, by which lines of several files are one already",
					"leave overlap out, or line_number if it is no number of the line in its order")
			}
			return nil
		})
}

// hasColumn reports whether a column is among the specs.
func hasColumn(specs []ColumnSpec, column string) bool {
	return slices.ContainsFunc(specs, func(c ColumnSpec) bool { return c.Column == column })
}

// checkColumns checks the columns of a table and brings them into its order.
func (m *Mapping) checkColumns(path string, s *SourceSpec, specs []ColumnSpec, table *pipeline.Table, except, needed []string) *problem {
	open := columnNames(mappable(table, except))
	seen := map[string]bool{}
	for i := range specs {
		c := &specs[i]
		at := path + "." + c.Column
		if !slices.Contains(open, c.Column) {
			msg, hint := fmt.Sprintf("%s has no column %q to map", table.Name, c.Column), suggest(c.Column, open)
			if slices.Contains(except, c.Column) {
				msg, hint = fmt.Sprintf("%s is the key: it stands under columns", c.Column), ""
			}
			p := bad(at, msg, hint)
			p.key = true
			return p
		}
		if seen[c.Column] {
			return bad(at, "the column is mapped twice", "")
		}
		seen[c.Column] = true
		if p := m.checkColumn(at, s, c, table.Columns[table.MustIndex(c.Column)].Type); p != nil {
			return p
		}
	}
	for _, column := range needed {
		if !seen[column] {
			hint := fmt.Sprintf("say which column of the files it is, as in %s: TheirColumn", column)
			if column == "quantity" {
				hint = "if each record is one unit, write quantity: {value: 1}"
			}
			return bad(path, fmt.Sprintf("%s needs %s, which is not mapped", table.Name, column), hint)
		}
	}
	slices.SortStableFunc(specs, func(a, b ColumnSpec) int { return table.Index(a.Column) - table.Index(b.Column) })
	return nil
}

func (m *Mapping) checkColumn(path string, s *SourceSpec, c *ColumnSpec, typ arrow.DataType) *problem {
	given := 0
	for _, is := range []bool{len(c.From) > 0, c.Value != nil, c.Template != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return bad(path, fmt.Sprintf("%s wants one of from, value and template, not %d of them", c.Column, given), "")
	}
	for i, text := range c.From {
		if _, err := ParseExpr(text, m.Lookups); err != nil {
			return wrap(fmt.Sprintf("%s.from[%d]", path, i), err)
		}
	}
	if c.Template != "" {
		if _, err := ParseTemplate(c.Template, m.Lookups); err != nil {
			return wrap(path+".template", err)
		}
	}
	// A key that would do nothing is a mistake somewhere.
	name := pipeline.TypeName(typ)
	dated := name == "date" || name == "ts"
	for _, k := range []struct {
		key   string
		given bool
		fits  bool
		for_  string
	}{
		{"dates", c.Dates != nil, dated, "dates and times"},
		{"timezone", c.Location != nil, name == "ts", "times"},
		{"number", c.Number != nil, !dated && name != "string", "numbers"},
		{"integer", c.Integer, name == "string", "texts"},
		{"map", c.Map != nil && c.Value != nil, false, "source values"},
		{"nulls", c.Nulls != nil && c.Value != nil, false, "source values"},
	} {
		if k.given && !k.fits {
			what := c.Column + " is " + typeWords[name]
			if k.for_ == "source values" {
				what = fmt.Sprintf("%s is a constant", c.Column)
			}
			return bad(path+"."+k.key, fmt.Sprintf("%s is for %s: %s", k.key, k.for_, what), "leave it out")
		}
	}
	if c.Number != nil {
		if p := checkNumber(path+".number", *c.Number); p != nil {
			return p
		}
	}
	cast := m.Cast(s, c, typ)
	parser, err := pipeline.NewParser(cast)
	if err != nil {
		for i, pattern := range c.Dates { // which one is it?
			cast.Dates = []string{pattern}
			if _, err := pipeline.NewParser(cast); err != nil {
				return wrap(fmt.Sprintf("%s.dates[%d]", path, i), err)
			}
		}
		return wrap(path, err)
	}
	if c.Value != nil && parseConstant(parser, []byte(*c.Value)) != pipeline.Parsed {
		return bad(path+".value", fmt.Sprintf("%q is no value for %s, %s", *c.Value, c.Column, typeWords[name]), "write it plainly: "+constants[name])
	}
	return nil
}

// typeWords says what the types of bronze columns are, for errors, and
// constants how one is written.
var (
	typeWords = map[string]string{"string": "a text", "int64": "a whole number", "int32": "a whole number", "date": "a day", "ts": "a time", "price": "an amount", "rate": "a rate"}
	constants = map[string]string{"string": "web", "int64": "1", "int32": "1", "date": "2017-06-30", "ts": "2017-06-30 12:00", "price": "12.50, at most four decimals", "rate": "0.19, at most six decimals"}
)

// parseConstant tells what becomes of a constant.
func parseConstant(p *pipeline.Parser, text []byte) (s pipeline.Status) {
	switch t := p.Cast.Type; pipeline.TypeName(t) {
	case "string":
		_, s = p.Text(text, nil)
	case "int64":
		_, s = p.Int64(text)
	case "int32":
		_, s = p.Int32(text)
	case "date":
		_, s = p.Date(text)
	case "ts":
		_, s = p.Timestamp(text)
	default:
		_, s = p.Decimal(text)
	}
	return s
}

// Cast returns how the source text of a column becomes its type: what the
// column says, else the source, else the mapping. A constant is written
// plainly, whatever the source's files look like.
func (m *Mapping) Cast(s *SourceSpec, c *ColumnSpec, typ arrow.DataType) pipeline.Cast {
	cast := pipeline.Cast{Type: typ, Dates: c.Dates, Location: m.Location, Integer: c.Integer}
	if c.Value == nil {
		cast.Number, cast.Nulls = s.Number, s.Nulls
	}
	if s.Location != nil {
		cast.Location = s.Location
	}
	if c.Location != nil {
		cast.Location = c.Location
	}
	if c.Number != nil {
		cast.Number = *c.Number
	}
	if c.Nulls != nil {
		cast.Nulls = c.Nulls
	}
	return cast
}

func (m *Mapping) checkRules(r *Rules) *problem {
	if r.ReturnValues == nil {
		r.ReturnValues = []string{"return", "returned", "refund", "refunded"}
	}
	if r.ReturnedStatuses == nil {
		r.ReturnedStatuses = []string{"returned", "refunded", "cancelled", "canceled"}
	}
	for _, list := range []struct {
		key    string
		values []string
	}{{"values", r.ReturnValues}, {"statuses", r.ReturnedStatuses}} {
		if i := slices.IndexFunc(list.values, func(v string) bool { return strings.TrimSpace(v) == "" }); i >= 0 {
			return bad(fmt.Sprintf("returns.%s[%d]", list.key, i), "an empty text is no value of a line", "")
		}
	}
	for i := range r.ReturnedOrders {
		list, path := &r.ReturnedOrders[i], fmt.Sprintf("returns.orders[%d]", i)
		source := &SourceSpec{Location: list.Location}
		except := without(columnNames(Sales.Columns), returnedColumns)
		if p := first(
			func() *problem { return checkFiles(path, list.Files) },
			func() *problem { return checkRead(path, list.Files, list.Read) },
			func() *problem {
				for _, c := range list.Columns {
					at := path + ".columns." + c.Column
					if !slices.Contains(returnedColumns, c.Column) {
						p := bad(at, fmt.Sprintf("a list of returned orders has no column %q", c.Column), suggest(c.Column, returnedColumns))
						p.key = true
						return p
					}
					lookup := slices.ContainsFunc(c.From, func(text string) bool {
						e, err := ParseExpr(text, m.Lookups)
						return err == nil && e.Key != nil
					})
					if lookup || len(c.From) == 0 || c.Map != nil || c.Nulls != nil || c.Integer {
						return bad(at, "a list of returned orders takes its columns as they stand", "write a column's name, or {from: …, dates: […]}")
					}
				}
				return m.checkColumns(path+".columns", source, list.Columns, Sales.Table, except, returnedColumns[:1])
			}); p != nil {
			return p
		}
	}
	if r.DateTo == 0 {
		r.DateTo = pipeline.DateOf(time.Date(2100, 12, 31, 0, 0, 0, 0, time.UTC))
	}
	if r.DateFrom > r.DateTo {
		return bad("dates", fmt.Sprintf("the first day %s is after the last, %s", r.DateFrom, r.DateTo), "")
	}
	return checkRFM(&r.RFM)
}

func checkRFM(r *RFM) *problem {
	for _, k := range []struct {
		key, what string
		value     *string
		right     []string
	}{
		{"recency", "scoring", &r.Recency, scorings},
		{"frequency", "scoring", &r.Frequency, scorings},
		{"monetary", "scoring", &r.Monetary, scorings},
		{"measure", "measure", &r.MonetaryMeasure, measures},
	} {
		if *k.value == "" {
			*k.value = k.right[0]
		}
		if p := checkChoice("rfm."+k.key, k.what, *k.value, k.right); p != nil {
			return p
		}
	}
	if r.Grid == [5][5]string{} {
		r.Grid = DefaultGrid
	}
	for i, row := range r.Grid {
		for j, segment := range row {
			if segment == "" {
				return bad("rfm.segments", fmt.Sprintf("no segment has R%d F%d", i+1, j+1), "name each of the 25 cells, as in Champions: R5 F4-5")
			}
		}
	}
	return nil
}

// wrap gives an error of another part of smelt its path.
func wrap(path string, err error) *problem {
	if e, ok := err.(*pipeline.Error); ok {
		return &problem{path: path, err: &pipeline.Error{Kind: pipeline.ErrConfig, Value: e.Value, Msg: e.Msg, Hint: e.Hint, Err: e.Err}}
	}
	return bad(path, err.Error(), "")
}

func checkChoice(path, what, value string, right []string) *problem {
	if slices.Contains(right, value) {
		return nil
	}
	if value == "" {
		return bad(path, "the "+what+" is missing", "write one of "+strings.Join(right, ", "))
	}
	return bad(path, fmt.Sprintf("unknown %s %q", what, value), suggest(value, right))
}
