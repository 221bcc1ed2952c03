package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/query"
)

// ownRows is how many rows of a table a page shows at most.
const ownRows = 2000

// OwnPages reads the tables that smelt.yml names as pages of the dashboard, in its
// order; none where m is nil. Rows come as the table has them, those of a line by its
// x; columns that are personal only where the page names them. A table or column that
// the lake does not have is a *pipeline.Error of kind ErrConfig with its place in
// smelt.yml and the nearest name; a table that cannot be read one of kind ErrInput.
func OwnPages(ctx context.Context, lake string, m *bronze.Mapping) ([]OwnPage, error) {
	if m == nil || len(m.Dashboard.Pages) == 0 {
		return nil, nil
	}
	tables, err := store.Tables(lake)
	if err != nil {
		return nil, err
	}
	personal, err := catalog.Personal()
	if err != nil {
		return nil, err
	}
	var out []OwnPage
	for _, spec := range m.Dashboard.Pages {
		o := &own{PageSpec: spec, file: m.File, personal: personal}
		page, err := o.read(ctx, lake, tables)
		if err != nil {
			return nil, err
		}
		out = append(out, page)
	}
	return out, nil
}

// own is a page of the user's own, while it is read.
type own struct {
	bronze.PageSpec
	file     string // smelt.yml
	personal func(table, column string) string
}

func (o *own) wrong(msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, File: o.file, Line: o.Line, Col: o.Col, Msg: fmt.Sprintf("dashboard page %q: %s", o.Title, msg), Hint: hint}
}

func (o *own) read(ctx context.Context, lake string, tables []string) (OwnPage, error) {
	page := OwnPage{Title: o.Title, Table: o.Table, Chart: o.Chart, X: o.X, Y: o.Y, Rows: [][]string{}}
	if !slices.Contains(tables, o.Table) {
		return page, o.wrong(fmt.Sprintf("there is no table %q in %s", o.Table, lake), nearestOf(o.Table, "tables", tables))
	}
	t, err := store.OpenTable(ctx, lake, o.Table, store.At{})
	if err != nil {
		return page, err
	}
	fields, err := o.columns(t.Schema)
	if err != nil {
		return page, err
	}
	for _, f := range fields {
		page.Columns, page.Types = append(page.Columns, f.Name), append(page.Types, pipeline.TypeName(f.Type))
	}
	var filter *query.Filter
	read := slices.Clone(page.Columns)
	if o.Where != "" {
		if filter, err = query.Parse(o.Where, t.Schema); err != nil {
			var e *pipeline.Error
			if errors.As(err, &e) {
				plain := *e
				plain.Hint = ""
				return page, o.wrong("where: "+plain.Error(), e.Hint)
			}
			return page, err
		}
		for _, c := range filter.Columns() {
			if !slices.Contains(read, c) {
				read = append(read, c)
			}
		}
	}
	var rows []int
	for rec, err := range t.Scan(ctx, read) {
		if err != nil {
			return page, err
		}
		if rows = rows[:0]; filter == nil {
			for i := range int(rec.NumRows()) {
				rows = append(rows, i)
			}
		} else if rows, err = filter.Rows(rec, rows); err != nil {
			return page, err
		}
		page.Total += int64(len(rows))
		page.Rows = append(page.Rows, rowTexts(rec, len(fields), rows[:min(len(rows), ownRows-len(page.Rows))])...)
	}
	if o.Chart == "line" {
		slices.SortStableFunc(page.Rows, func(a, b []string) int { return along(fields[0].Type, a[0], b[0]) })
	}
	return page, nil
}

// columns returns the columns that the page shows, x first.
func (o *own) columns(schema *arrow.Schema) ([]arrow.Field, error) {
	var all []string
	for _, f := range schema.Fields() {
		all = append(all, f.Name)
	}
	named := slices.Clone(o.Y)
	if o.X != "" {
		named = append([]string{o.X}, named...)
	}
	if len(named) == 0 {
		for _, name := range all {
			if o.personal(o.Table, name) == "" {
				named = append(named, name)
			}
		}
	}
	var out []arrow.Field
	for i, name := range named {
		at := slices.Index(all, name)
		switch {
		case at < 0:
			return nil, o.wrong(fmt.Sprintf("%s has no column %q", o.Table, name), nearestOf(name, "columns", all))
		case slices.Contains(named[:i], name):
			return nil, o.wrong(fmt.Sprintf("the column %s stands there twice", name), "name it once, in x or in y")
		case o.Chart != "table" && name != o.X && !numeric(schema.Field(at).Type):
			return nil, o.wrong(fmt.Sprintf("y: %s.%s holds no numbers but %s", o.Table, name, pipeline.TypeName(schema.Field(at).Type)), "y of a chart are columns of numbers; chart: table shows any")
		}
		out = append(out, schema.Field(at))
	}
	return out, nil
}

// rowTexts are the first n columns of rows, NULL as "".
func rowTexts(rec arrow.Record, n int, rows []int) (out [][]string) {
	cells := make([]pipeline.Cell, n)
	for i := range cells {
		cells[i] = pipeline.CellsOf(rec.Column(i))
	}
	for _, row := range rows {
		line := make([]string, n)
		for i, cell := range cells {
			if rec.Column(i).IsValid(row) {
				line[i] = string(cell(nil, row))
			}
		}
		out = append(out, line)
	}
	return out
}

// along orders values of a line's x: numbers by value, days and times, which are
// written so, and texts as texts.
func along(t arrow.DataType, a, b string) int {
	if numeric(t) {
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	return cmp.Compare(a, b)
}

func numeric(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

// nearestOf is a hint: the nearest of the right names, and all where they are few.
func nearestOf(name, what string, right []string) string {
	if len(right) == 0 {
		return "there are no " + what + "; smelt run makes them"
	}
	hint := "the " + what + " are " + strings.Join(right[:min(len(right), 30)], ", ")
	if len(right) > 30 {
		hint += ", …"
	}
	if n := pipeline.Nearest(name, right); n != "" {
		hint = fmt.Sprintf("did you mean %s? %s", n, hint)
	}
	return hint
}

// Own puts into a book what smelt.yml says of the shop, and the pages of its own, see
// OwnPages. A nil mapping says nothing.
func (b *Book) Own(ctx context.Context, lake string, m *bronze.Mapping) error {
	if m == nil {
		return nil
	}
	if m.Dashboard.Name != "" {
		b.Shop.Name = m.Dashboard.Name
	}
	if b.Shop.Currency == "" {
		b.Shop.Currency = m.Dashboard.Currency
	}
	var err error
	b.Pages, err = OwnPages(ctx, lake, m)
	return err
}
