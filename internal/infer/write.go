package infer

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// The words for how sure a decision is.
const (
	surely     = 0.93
	enoughSure = 0.68
)

func confidence(x float64) string {
	switch {
	case x >= surely:
		return "sure"
	case x >= enoughSure:
		return "likely"
	}
	return "unsure"
}

// page is smelt.yml as it grows: lines with comments, which are aligned block
// by block.
type page struct {
	out   bytes.Buffer
	lines [][2]string
}

func (p *page) line(text, comment string) { p.lines = append(p.lines, [2]string{text, comment}) }

// flush writes the lines of a block with their comments in one column.
func (p *page) flush() {
	const most = 62
	width := 0
	for _, l := range p.lines {
		if n := len([]rune(l[0])); l[1] != "" && n <= most {
			width = max(width, n)
		}
	}
	for _, l := range p.lines {
		p.out.WriteString(l[0])
		if l[1] != "" {
			p.out.WriteString(strings.Repeat(" ", max(1, width+1-len([]rune(l[0])))))
			p.out.WriteString("# " + clean(l[1]))
		}
		p.out.WriteByte('\n')
	}
	p.lines = nil
}

// clean keeps a comment on its line: values that it shows may hold anything.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfffd || r == 0xfeff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if r := []rune(s); len(r) > 220 {
		s = string(r[:220]) + " …"
	}
	return s
}

// yaml writes smelt.yml.
func (x *inference) yaml() []byte {
	p := &page{}
	p.out.WriteString(`# Written by smelt init, from a look at the files. Left of a colon stands smelt's
# name of a column, right of it the files' own; behind it, how sure that is and why.
`)
	if x.open > 0 {
		p.out.WriteString("# Search for \"unsure:\" and settle those lines: smelt run stops at them until then.\n")
	}
	p.out.WriteByte('\n')
	p.line("output: lake", "the folder that the tables are written to")
	p.line("timezone: UTC", x.zoneComment())
	p.flush()
	if len(x.lookups) > 0 {
		p.out.WriteString("\nlookups:\n")
		for _, u := range x.lookups {
			keys := []string{"files: " + filesText(u.layout), "key: " + quoted(u.key.name, true)}
			if u.by.fill {
				keys = append(keys, "fill: true")
			}
			for _, o := range options(u.layout.read) {
				keys = append(keys, o.key+": "+o.value)
			}
			p.line("  "+u.name+": {"+strings.Join(keys, ", ")+"}", certain(u.by)+": "+u.by.reason())
		}
		p.flush()
	}
	p.out.WriteString("\nsources:\n")
	if len(x.blocks) == 0 {
		p.line("  []", "unsure: neither customers, products nor sales were found")
		p.flush()
	}
	for i, b := range x.blocks {
		if i > 0 {
			p.out.WriteByte('\n')
		}
		x.source(p, b)
	}
	x.rules(p)
	if left := x.leftOut(); len(left) > 0 {
		p.out.WriteString("\n# Left out:\n")
		for _, o := range left {
			p.out.WriteString("#   " + clean(o.name+": "+o.why) + "\n")
		}
	}
	return p.out.Bytes()
}

func certain(k *link) string {
	if k.covers >= enoughKeys {
		return "sure"
	}
	return "likely"
}

func (x *inference) zoneComment() string {
	for _, b := range x.blocks {
		if e := b.has("ordered_at"); e != nil && len(e.columns) == 1 && e.columns[0].dated.zoned {
			return "orders carry an offset; the days of sales are counted in this zone: the shop's own is better"
		}
	}
	return "unknown from the files; the shop's own is better, such as Europe/Berlin"
}

func filesText(l *layout) string {
	if l.glob != "" {
		return quotedFile(l.glob)
	}
	if len(l.files) == 1 {
		return quotedFile(l.files[0].Name)
	}
	out := make([]string, len(l.files))
	for i, f := range l.files {
		out[i] = quotedFile(f.Name)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func quotedFile(name string) string {
	if strings.ContainsAny(name, "[]?'") {
		return strconv.Quote(name)
	}
	return quoted(name, true)
}

// source writes a block of sources.
func (x *inference) source(p *page, b *block) {
	for _, note := range b.notes {
		p.line("  # "+clean(note), "")
	}
	l := b.layout
	p.line("  - table: "+b.table, fmt.Sprintf("%s: %s", confidence(l.sure), l.note))
	if b.kind != "" {
		p.line("    kind: "+b.kind, "")
	}
	p.line("    files: "+filesText(l), "")
	x.reading(p, b, "    ")
	if n := x.numbers(b); n != "" {
		p.line("    number: "+n, "as the files write their numbers")
	}
	if nulls := x.nulls(b); len(nulls) > 0 {
		var list []string
		for _, n := range nulls {
			list = append(list, strconv.Quote(n))
		}
		p.line("    nulls: ["+strings.Join(list, ", ")+"]", "stand for no value")
	}
	p.flush()
	p.line("    columns:", "")
	entries(p, b.columns, "      ")
	for _, extra := range []struct {
		key  string
		list []*entry
	}{{"customers", b.customers}, {"products", b.products}} {
		list := slices.DeleteFunc(slices.Clone(extra.list), func(e *entry) bool { return e.chosen == leaveOut })
		if len(list) > 0 {
			p.line("    "+extra.key+":", "what the lines tell of them: no file does")
			entries(p, list, "      ")
		}
	}
	var unused []string
	for _, c := range l.columns {
		if !l.bound[c.name] && !c.used && c.name != "" {
			unused = append(unused, c.name)
		}
	}
	p.flush()
	for _, a := range b.asides {
		p.line("    # not mapped: "+clean(a), "")
	}
	if len(unused) > 0 {
		for i, part := range wrapList(unused, 96) {
			if i == 0 {
				p.line("    # not mapped: "+clean(part), "")
			} else {
				p.line("    #   "+clean(part), "")
			}
		}
	}
	p.flush()
}

const leaveOut = "leave it out"

// wrapList joins names by commas in lines of about so many characters.
func wrapList(names []string, width int) []string {
	var out []string
	line := ""
	for i, n := range names {
		if i < len(names)-1 {
			n += ","
		}
		if line != "" && len(line)+len(n)+1 > width {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += n
	}
	return append(out, line)
}

func (x *inference) reading(p *page, b *block, indent string) {
	for _, o := range options(b.layout.read) {
		why := ""
		if f, ok := b.layout.why[o.key]; ok {
			why = confidence(f.confidence) + ": " + f.reason
		}
		p.line(indent+o.key+": "+o.value, why)
	}
}

// entries writes the columns of a block.
func entries(p *page, list []*entry, indent string) {
	for _, e := range list {
		switch {
		case e.chosen == leaveOut:
			p.line(indent+"# "+e.target+" is left out", "your choice")
		case e.chosen != "" || e.open == "":
			reason := confidence(e.sure) + ": " + e.reason
			if e.chosen != "" {
				reason = e.reason
			}
			p.line(indent+e.text(), reason)
		default:
			what := "Write the line in place of the one below"
			if e.drop {
				what = "Take the line out to go on without it"
			} else if len(e.choices) > 0 {
				what = "Keep one of these, without its #, in place of the line below"
			}
			p.line(indent+"# unsure: "+clean(e.open)+".", "")
			p.line(indent+"# "+what+":", "")
			for _, c := range e.choices {
				p.line(indent+"# "+clean(c), "")
			}
			p.line(indent+e.target+":", "unsure: "+map[bool]string{true: "see above", false: "or take it out"}[e.essential || e.drop])
		}
	}
}

// numbers is how a source's files write their numbers, where a mapped column
// needs it told.
func (x *inference) numbers(b *block) string {
	var n pipeline.Number
	needed := false
	each := func(f func(e *entry, c *column)) {
		for _, e := range b.columns {
			for _, c := range e.columns {
				if e.number == "" && slices.Contains(numericTargets, e.target) && c.numbers != nil {
					f(e, c)
				}
			}
		}
	}
	each(func(e *entry, c *column) {
		if plainShare, _, _ := c.parseNumbers(pipeline.Number{}); plain(c.number) || plainShare >= c.numeric && c.number.Decimal != ',' {
			return
		}
		if !needed {
			n, needed = c.number, true
		}
		n.Currency, n.Percent, n.Parentheses = n.Currency || c.number.Currency, n.Percent || c.number.Percent, n.Parentheses || c.number.Parentheses
	})
	if !needed {
		return ""
	}
	each(func(e *entry, c *column) { // another style than the source's
		if c.number.Decimal != n.Decimal || c.number.Thousands != n.Thousands {
			if as, _, _ := c.parseNumbers(n); as < c.numeric {
				e.number = numberBlock(c.number)
				if e.number == "" {
					e.number = `{decimal: "."}`
				}
			}
		}
	})
	return numberBlock(n)
}

var numericTargets = []string{"line_number", "quantity", "unit_price", "line_amount", "discount_rate", "discount_amount", "tax_amount", "unit_cost"}

// nulls are the texts that stand for no value anywhere in a source's columns.
func (x *inference) nulls(b *block) []string {
	var out []string
	for _, list := range [][]*entry{b.columns, b.customers, b.products} {
		for _, e := range list {
			for _, c := range e.columns {
				for _, n := range c.nulls {
					if slices.Contains(certainNulls, n) && !slices.Contains(out, n) {
						out = append(out, n)
					}
				}
			}
		}
	}
	for _, list := range [][]*entry{b.columns, b.customers, b.products} {
		for _, e := range list {
			if e.nulls == nil {
				continue
			}
			for _, n := range out { // a column's own go in place of the source's
				if !slices.Contains(e.nulls, n) {
					e.nulls = append(e.nulls, n)
				}
			}
		}
	}
	return out
}

// rules writes how returns show, and the currency.
func (x *inference) rules(p *page) {
	if x.prefix != "" || x.dated != "" || len(x.statuses) > 0 || len(x.lineTypes) > 0 || len(x.lists) > 0 {
		p.out.WriteString("\nreturns:\n")
		if len(x.lineTypes) > 0 {
			p.line("  values: "+quotedList(x.lineTypes), "of line_type: such lines are returns")
		}
		if x.prefix != "" {
			p.line("  order_prefix: "+quoted(x.prefix, false), x.prefixWhy)
		}
		if len(x.statuses) > 0 {
			p.line("  statuses: "+quotedList(x.statuses), "sales with these came back")
		}
		if x.dated != "" {
			p.line("  dated: true", x.dated)
		}
		p.flush()
		if len(x.lists) > 0 {
			p.out.WriteString("  orders:\n")
		}
		for _, b := range x.lists {
			p.line("    - files: "+filesText(b.layout), fmt.Sprintf("%s: %s", confidence(b.layout.sure), b.layout.note))
			x.reading(p, b, "      ")
			p.line("      columns:", "")
			entries(p, b.columns, "        ")
			p.flush()
		}
	}
	if x.money != "" {
		p.out.WriteString("\n# unsure: the sales are in several currencies; this one has the most lines. The\n# others go to silver.quarantine where it is kept:\n# currency: " + quoted(x.money, false) + "\n")
	}
}
