// Package infer looks at a folder of a shop's files and writes the smelt.yml
// that maps them: it profiles a sample of each file, decides by names and values
// what each holds and which columns are keys of which files, and says of every
// decision how sure it is and why. What it cannot know it does not guess: such a
// line is left as an error to resolve, or asked about.
package infer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// Options say what to look at.
type Options struct {
	Dir    string   // the folder of the files
	From   []string // these files or globs instead of all of Dir
	Target string   // where smelt.yml is to stand: paths in it are relative to its folder
	Open   pipeline.Opener

	// Ask has a person choose; -1 = leave it as an error to resolve. nil = nobody
	// is there to ask.
	Ask func(Question) int
}

// Question is something that the files do not tell.
type Question struct {
	File    string
	Text    string
	Choices []string // lines of smelt.yml, or to leave it out
	Default int      // -1 = none
}

// Result is what was found.
type Result struct {
	Text     []byte   // smelt.yml
	Files    []File   // what each file is, in the order of smelt.yml
	Warnings []string // what is unsure
	Open     int      // lines that must be settled before a run
}

// File is what a file, or several of one layout, were taken for.
type File struct {
	Name   string `json:"name"`
	Role   string `json:"role"`
	Reason string `json:"reason"`
}

// inference is one call of Infer.
type inference struct {
	Options
	layouts []*layout
	lines   []*layout // of sales
	linker  *linker
	lookups []*lookup
	blocks  []*block
	lists   []*block
	left    []leftOut

	person   *column // of personOf: who a customer is, where each order has its own customer
	personOf *layout

	statuses  []string // values that mean a return
	lineTypes []string
	dated     string // why a day of return means that a sale came back; "" = it does not
	prefix    string
	prefixWhy string
	money     string // the currency of most lines, where there are several

	warnings []string
	open     int
}

func (x *inference) warn(format string, args ...any) {
	x.warnings = append(x.warnings, fmt.Sprintf(format, args...))
}

// Infer writes the smelt.yml of a shop's files. The same files give the same
// text.
func Infer(ctx context.Context, o Options) (*Result, error) {
	x := &inference{Options: o}
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	x.assign()
	x.build()
	x.warnOfNames()
	return x.result(), nil
}

// read finds, groups and samples the files, and finds the links between them.
func (x *inference) read(ctx context.Context) error {
	base := filepath.Dir(x.Target)
	files, foreign, err := x.files(base)
	if err != nil {
		return err
	}
	for _, name := range foreign {
		x.left = append(x.left, leftOut{name, "smelt reads CSV and Parquet files: export it as one"})
	}
	if len(files) == 0 {
		hint := "name them with --from, or the folder that they are in"
		if len(foreign) > 0 {
			hint = "there are " + strings.Join(foreign, ", ") + ": export them as CSV"
		}
		return &pipeline.Error{Kind: pipeline.ErrInput, File: x.Dir, Msg: "no CSV or Parquet file is here", Hint: hint}
	}
	opened, failed, err := openAll(ctx, files, x.Open)
	if err != nil {
		return err
	}
	x.left = append(x.left, failed...)
	if len(opened) == 0 {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: failed[0].name, Msg: "none of the files can be read", Err: errors.New(failed[0].why)}
	}
	x.layouts = group(x.dropCopies(opened), files)
	for _, l := range x.layouts {
		if err := l.sample(ctx, x.Open); err != nil {
			if ctx.Err() != nil {
				return err
			}
			l.role, l.note = outRole, firstLine(err.Error())
			l.rows = 0
			continue
		}
		l.profileAll()
		if err := l.decideDates(ctx, x.Open); err != nil {
			return err
		}
	}
	x.nameColumns()
	x.linker = &linker{ctx: ctx, open: x.Open, layouts: x.layouts, keys: map[*column]*keySet{}}
	for _, l := range x.layouts {
		if l.rows > 0 {
			if err := x.linker.find(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// files lists what is to be looked at.
func (x *inference) files(base string) (files []pipeline.File, foreign []string, err error) {
	if len(x.From) == 0 {
		files, foreign, err = find(x.Dir, base)
		if err != nil {
			err = &pipeline.Error{Kind: pipeline.ErrInput, File: x.Dir, Msg: "cannot be read", Err: err}
		}
		return files, foreign, err
	}
	for _, pattern := range x.From {
		full := pattern
		if _, err := os.Stat(full); err != nil && !filepath.IsAbs(full) {
			full = filepath.Join(x.Dir, pattern)
		}
		paths := []string{full}
		if _, err := os.Stat(full); err != nil {
			if paths, err = filepath.Glob(full); err != nil || len(paths) == 0 {
				return nil, nil, &pipeline.Error{Kind: pipeline.ErrInput, File: pattern, Msg: "no such file"}
			}
		}
		for _, p := range paths {
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				more, other, err := find(p, base)
				if err != nil {
					return nil, nil, err
				}
				files, foreign = append(files, more...), append(foreign, other...)
				continue
			}
			files = append(files, pipeline.File{Path: p, Name: relative(base, p)})
		}
	}
	slices.SortFunc(files, func(a, b pipeline.File) int { return bronze.NaturalCompare(a.Name, b.Name) })
	return slices.CompactFunc(files, func(a, b pipeline.File) bool { return a.Path == b.Path }), foreign, nil
}

// build maps the layouts by their roles.
func (x *inference) build() {
	for _, l := range x.lines { // a person may be told by the order's header
		x.header(l)
	}
	for _, l := range x.with(customerRole) {
		x.dimension(l, "customers", customerTargets)
	}
	for _, l := range x.with(productRole) {
		x.dimension(l, "products", productTargets)
	}
	for _, l := range x.layouts {
		if l.role == salesRole {
			x.sales(l)
		}
	}
	for _, l := range x.with(returnsRole) {
		x.returns(l)
	}
	for _, l := range x.with(listRole) {
		x.list(l)
	}
	if len(x.lines) == 0 {
		x.open++
		x.warn("unsure: no file was found whose records are lines of sales: smelt.yml says what is known of the others")
	}
	for _, b := range slices.Concat(x.blocks, x.lists) {
		b.order()
		x.settle(b)
		b.settleRest()
	}
}

// order brings the entries into the order of the tables' columns.
func (b *block) order() {
	sales := bronze.Sales.Table
	table := map[string]*pipeline.Table{"customers": bronze.Customers.Table, "products": bronze.Products.Table}[b.table]
	if table == nil {
		table = sales
	}
	for _, k := range []struct {
		list  []*entry
		table *pipeline.Table
	}{{b.columns, table}, {b.customers, bronze.Customers.Table}, {b.products, bronze.Products.Table}} {
		slices.SortStableFunc(k.list, func(a, c *entry) int { return k.table.Index(a.target) - k.table.Index(c.target) })
	}
}

// essential are the columns that sales cannot do without.
var essential = []string{"order_id", "product_id", "quantity", "ordered_at"}

// settle asks about what is open, or notes it.
func (x *inference) settle(b *block) {
	for _, list := range [][]*entry{b.columns, b.customers, b.products} {
		for _, e := range list {
			if e.open == "" {
				if e.sure < enoughSure && e.value == "" {
					if x.Ask != nil {
						q := Question{b.layout.title(), "is this right? " + e.reason, []string{e.text(), leaveOut}, 0}
						if i := x.Ask(q); i == 1 && !e.essential && !slices.Contains(essential, e.target) {
							e.chosen = leaveOut
						} else if i == 0 {
							e.sure, e.reason = 1, "your choice"
						}
						continue
					}
					x.warn("unsure: %s: %s: %s", b.layout.title(), e.text(), e.reason)
				}
				continue
			}
			choices := slices.Clone(e.choices)
			if len(choices) == 0 && !e.drop {
				for _, c := range b.layout.columns {
					if c.name != "" && !b.layout.bound[c.name] && len(choices) < 12 {
						o := &entry{target: e.target, from: []string{c.name}}
						if e.target == "ordered_at" {
							o.dates = c.dated.explicit(c, false)
						}
						choices = append(choices, o.text())
					}
				}
			}
			if !e.essential {
				choices = append(choices, leaveOut)
			}
			if x.Ask != nil && len(choices) > 0 {
				q := Question{b.layout.title(), e.open, choices, -1}
				if e.either {
					q.Default = x.habit()
				}
				if i := x.Ask(q); i >= 0 && i < len(choices) {
					e.reason = "your choice"
					e.chosen, _, _ = strings.Cut(choices[i], note)
					continue
				}
			}
			x.open++
			x.warn("unsure: %s: %s: %s", b.layout.title(), e.target, e.open)
		}
	}
}

// settleRest drops what the lines tell of customers where a person has left
// their id out.
func (b *block) settleRest() {
	if e := b.has("customer_id"); e != nil && e.chosen == leaveOut {
		b.customers = nil
	}
}

// habit is how the shop's other files write dates: 0 days first, 1 months
// first, -1 = they do not tell, or not the same. It is a default for a person
// to take, no proof.
func (x *inference) habit() int {
	days, months := 0, 0
	for _, l := range x.layouts {
		for _, c := range l.columns {
			if d := c.dated; !d.unsure && strings.HasPrefix(d.reason, "day first:") {
				days++
			} else if !d.unsure && strings.HasPrefix(d.reason, "month first:") {
				months++
			}
		}
	}
	switch {
	case days > 0 && months == 0:
		return 0
	case months > 0 && days == 0:
		return 1
	}
	return -1
}

func (x *inference) result() *Result {
	r := &Result{Text: x.yaml(), Warnings: x.warnings, Open: x.open}
	for _, b := range slices.Concat(x.blocks, x.lists) {
		role := b.table
		if b.kind != "" {
			role = b.kind
		}
		r.Files = append(r.Files, File{b.layout.title(), role, b.layout.note})
	}
	for _, u := range x.lookups {
		r.Files = append(r.Files, File{u.layout.title(), "lookup " + u.name, u.by.reason()})
	}
	for _, o := range x.leftOut() {
		r.Files = append(r.Files, File{o.name, "left out", o.why})
	}
	return r
}

// leftOut lists the files that the mapping does not use.
func (x *inference) leftOut() []leftOut {
	var out []leftOut
	for _, l := range x.layouts {
		used := slices.ContainsFunc(slices.Concat(x.blocks, x.lists), func(b *block) bool { return b.layout == l }) ||
			slices.ContainsFunc(x.lookups, func(u *lookup) bool { return u.layout == l })
		if !used {
			out = append(out, leftOut{l.title(), x.whyOut(l)})
		}
	}
	return append(out, x.left...)
}

func (x *inference) whyOut(l *layout) string {
	if l.role == outRole {
		return l.note
	}
	if l.read.NoHeader {
		return "its columns have no names: name them (header: false, names: [...]) and map them by hand"
	}
	if len(l.columns) > 0 && l.columns[0].dated.share > 0.9 && l.columns[0].unique > 0.95 {
		return "a calendar: smelt needs none"
	}
	for _, o := range x.layouts {
		for _, k := range o.links {
			if k.to == l {
				return fmt.Sprintf("%s of %s is found in it, but it has nothing that the tables want", k.from.name, o.title())
			}
		}
	}
	return "neither customers, products, sales nor returns, and no column of theirs is found in it"
}
