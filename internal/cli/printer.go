package cli

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// printer writes rows of a table in one format, batch by batch: it keeps no
// more than some rows. A batch may have more columns than the printer's.
type printer interface {
	write(rec arrow.Record, rows []int) error
	end() error
}

// formats are the formats that show can print.
var formats = []string{"table", "csv", "json"}

// newPrinter returns the printer of a format for a table's fields.
func newPrinter(format string, fields []arrow.Field, out *stream) (printer, error) {
	switch format {
	case "table":
		return newTablePrinter(fields, out), nil
	case "csv":
		p := &linePrinter{w: bufio.NewWriterSize(out, 64<<10), fields: fields, line: csvLine}
		for i, f := range fields {
			if i > 0 {
				p.w.WriteByte(',')
			}
			p.w.Write(appendCSV(nil, []byte(f.Name)))
		}
		return p, p.w.WriteByte('\n')
	}
	p := &linePrinter{w: bufio.NewWriterSize(out, 64<<10), fields: fields, line: jsonLine}
	for i, f := range fields {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		p.names = append(p.names, append(pipeline.AppendJSON([]byte{sep}, []byte(f.Name)), ':'))
	}
	return p, nil
}

// linePrinter writes a line for each row, as CSV or JSON.
type linePrinter struct {
	w      *bufio.Writer
	fields []arrow.Field
	names  [][]byte // of the fields, as JSON writes them
	line   func(p *linePrinter, columns []arrow.Array, cells []pipeline.Cell, row int)
	buf    []byte
	text   []byte
}

func (p *linePrinter) write(rec arrow.Record, rows []int) error {
	columns := rec.Columns()[:len(p.fields)]
	cells := make([]pipeline.Cell, len(columns))
	for i, c := range columns {
		cells[i] = pipeline.CellsOf(c)
	}
	for _, row := range rows {
		p.buf = p.buf[:0]
		p.line(p, columns, cells, row)
		if _, err := p.w.Write(append(p.buf, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func csvLine(p *linePrinter, columns []arrow.Array, cells []pipeline.Cell, row int) {
	for i, c := range columns {
		if i > 0 {
			p.buf = append(p.buf, ',')
		}
		if c.IsNull(row) {
			continue
		}
		p.text = cells[i](p.text[:0], row)
		p.buf = appendCSV(p.buf, p.text)
	}
}

func jsonLine(p *linePrinter, columns []arrow.Array, cells []pipeline.Cell, row int) {
	for i, c := range columns {
		p.buf = append(p.buf, p.names[i]...)
		switch t := c.DataType(); {
		case c.IsNull(row):
			p.buf = append(p.buf, "null"...)
		case isNumber(t) || t.ID() == arrow.BOOL:
			p.buf = cells[i](p.buf, row)
		default:
			p.text = cells[i](p.text[:0], row)
			p.buf = pipeline.AppendJSON(p.buf, p.text)
		}
	}
	p.buf = append(p.buf, '}')
}

func (p *linePrinter) end() error { return p.w.Flush() }

// tablePrinter lays rows out for people. The first rows decide how wide the
// columns are.
type tablePrinter struct {
	out     *stream
	grid    grid
	fields  []arrow.Field
	printed bool
	hidden  []string // columns that the terminal has no room for
}

const (
	layoutRows = 1000 // rows that are looked at before the layout is fixed
	cellWidth  = 40   // longer texts are clipped
	nullText   = "NULL"
)

func newTablePrinter(fields []arrow.Field, out *stream) *tablePrinter {
	p := &tablePrinter{out: out, fields: fields}
	for _, f := range fields {
		p.grid.header = append(p.grid.header, f.Name)
		p.grid.right = append(p.grid.right, isNumber(f.Type))
	}
	return p
}

func (p *tablePrinter) write(rec arrow.Record, rows []int) error {
	cells := make([]pipeline.Cell, len(p.fields))
	for i := range cells {
		cells[i] = pipeline.CellsOf(rec.Column(i))
	}
	var buf []byte
	for _, row := range rows {
		line := make([]string, len(cells))
		for i, c := range cells {
			line[i] = nullText
			if rec.Column(i).IsValid(row) {
				buf = c(buf[:0], row)
				line[i] = clip(string(buf), cellWidth)
			}
		}
		p.grid.rows = append(p.grid.rows, line)
		if len(p.grid.rows) == layoutRows {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush prints the rows so far. The first time it fixes the layout.
func (p *tablePrinter) flush() error {
	if p.printed {
		p.grid.header = nil
	} else {
		p.grid.measure()
		p.fit()
	}
	p.printed = true
	for i := range p.grid.rows {
		p.grid.rows[i] = p.grid.rows[i][:len(p.grid.widths)]
	}
	err := p.grid.print(p.out)
	p.grid.rows = p.grid.rows[:0]
	return err
}

// fit drops the last columns where the terminal has no room for them.
func (p *tablePrinter) fit() {
	if p.out.width == 0 {
		return
	}
	used := -2
	for i, w := range p.grid.widths {
		if used += w + 2; used > p.out.width && i > 0 {
			p.hidden = p.grid.header[i:]
			p.grid.header, p.grid.widths = p.grid.header[:i], p.grid.widths[:i]
			return
		}
	}
}

func (p *tablePrinter) end() error {
	if !p.printed || len(p.grid.rows) > 0 {
		return p.flush()
	}
	return nil
}

// note says which columns are not shown; "" when all are.
func (p *tablePrinter) note() string {
	if len(p.hidden) == 0 {
		return ""
	}
	return fmt.Sprintf("%s more: %s", plural(int64(len(p.hidden)), "column"), strings.Join(p.hidden, ", "))
}
