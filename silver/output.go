package silver

import (
	"cmp"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// output makes batches of a dimension's table, or of some of its columns. A
// column is the dimension's of that name, unless one of the functions below,
// each of which may be nil, makes something else of it.
type output struct {
	*known
	table  *pipeline.Table
	schema *arrow.Schema // the columns to be made
	mem    memory.Allocator

	texts  func(texts [][]byte)                    // changes a row's texts: see row
	from   map[string]string                       // by column of codes: the dimension's column that it is made of
	code   func(column string, text []byte) []byte // what a column of codes holds for a text; empty is NULL, both
	number func(column string, number int64) int64 // what a column of numbers holds for a number

	reader *textsReader            // of the dimension's kept texts
	row    [][]byte                // as dimensionSpec.texts: the texts of a row that are no codes; empty is NULL
	codes  map[string]*codesOutput // by column
}

// codesOutput is a column of codes under construction: its dictionary holds the
// values in order of appearance, and grows from batch to batch.
type codesOutput struct {
	values *pipeline.Dictionary
	to     []int32 // by the dimension's code + 1
}

const unknownCode = -2 // in codesOutput.to

// outputRows is how many rows a batch has at most.
const outputRows = 64 << 10

// newOutput returns the output of the whole table.
func (k *known) newOutput(mem memory.Allocator, t *pipeline.Table) *output {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	o := &output{known: k, table: t, schema: t.Schema, mem: mem, row: make([][]byte, len(k.spec.texts)), codes: map[string]*codesOutput{}}
	if k.kept != nil {
		o.reader = newTextsReader(k.kept)
	}
	return o
}

// each hands all rows to write, in lent batches.
func (o *output) each(write func(arrow.Record) error) error {
	for rows := range slices.Chunk(o.inOrder(), outputRows) {
		rec, err := o.record(rows)
		if err != nil {
			return err
		}
		err = write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// only returns one batch of all rows, with the key and the named columns in the
// order of the table.
func (o *output) only(columns []string) (arrow.Record, error) {
	var fields []arrow.Field
	for _, f := range o.table.Schema.Fields() {
		if f.Name == o.spec.key || slices.Contains(columns, f.Name) {
			fields = append(fields, f)
		}
	}
	o.schema = arrow.NewSchema(fields, nil)
	return o.record(o.inOrder())
}

// record makes a batch of some rows.
func (o *output) record(rows []int32) (arrow.Record, error) {
	columns := make([]arrow.Array, o.schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	if err := o.strings(rows, columns); err != nil {
		return nil, err
	}
	for i, f := range o.schema.Fields() {
		switch {
		case columns[i] != nil:
		case f.Name == "is_inferred":
			columns[i] = o.isInferred(rows)
		case arrow.TypeEqual(f.Type, pipeline.CodeType):
			columns[i] = o.codesOf(f.Name, rows)
		default:
			columns[i] = o.numbersOf(f, rows)
		}
	}
	return array.NewRecord(o.schema, columns, int64(len(rows))), nil
}

// strings makes the key and the columns of texts that are no codes, row by row.
func (o *output) strings(rows []int32, columns []arrow.Array) error {
	type column struct {
		stringWriter
		at, text int // in columns, in dimensionSpec.texts; -1 is the key
		size     int
	}
	var out []column
	texts := false
	for i, f := range o.schema.Fields() {
		if arrow.TypeEqual(f.Type, pipeline.StringType) {
			text := o.spec.text(f.Name)
			texts = texts || text >= 0
			out = append(out, column{newStringWriter(o.mem, len(rows), 0), i, text, 0})
		}
	}
	var err error
	for _, row := range rows {
		if texts {
			err = o.read(int(row))
		}
		for i := 0; i < len(out) && err == nil; i++ {
			c := &out[i]
			var v []byte
			if c.text < 0 {
				v = o.key(int(row))
			} else {
				v = o.row[c.text]
			}
			if c.size += len(v); c.size > math.MaxInt32 {
				err = &pipeline.Error{Kind: pipeline.ErrData, Table: o.table.Name, Column: o.schema.Field(c.at).Name,
					Msg: "more than 2 GiB of text, which is more than a batch can hold"}
				break
			}
			c.stringWriter.text(v)
		}
		if err != nil {
			break
		}
	}
	for i := range out {
		columns[out[i].at] = out[i].done()
	}
	return err
}

// read reads the texts of a row that are no codes.
func (o *output) read(row int) error {
	clear(o.row)
	switch {
	case row >= o.rows():
	case o.kept != nil:
		kept, err := o.reader.read(row)
		if err != nil {
			return err
		}
		for i, c := range o.plain {
			o.row[c] = kept[i]
		}
	default:
		for _, c := range o.plain {
			o.row[c] = o.dimension.texts[c].text(row)
		}
	}
	if o.texts != nil {
		o.texts(o.row)
	}
	return nil
}

// codesOf makes a column of codes.
func (o *output) codesOf(name string, rows []int32) arrow.Array {
	t := o.dimension.text(cmp.Or(o.from[name], name))
	c := o.codes[name]
	if c == nil {
		c = &codesOutput{values: pipeline.NewDictionary(), to: make([]int32, t.values.Len()+1)}
		for i := range c.to {
			c.to[i] = unknownCode
		}
		o.codes[name] = c
	}
	codes := make([]int32, len(rows))
	for i, row := range rows {
		at := int32(-1)
		if int(row) < o.rows() {
			at = t.cells[row]
		}
		if c.to[at+1] == unknownCode {
			var v []byte
			if at >= 0 {
				v = t.values.Bytes(at)
			}
			if o.code != nil {
				v = o.code(name, v)
			}
			if c.to[at+1] = -1; len(v) > 0 {
				c.to[at+1] = c.values.Code(v)
			}
		}
		codes[i] = c.to[at+1]
	}
	return codesArray(o.mem, codes, c.values.Values())
}

// numbersOf makes a column of dates, times or amounts.
func (o *output) numbersOf(f arrow.Field, rows []int32) arrow.Array {
	values := o.dimension.number(f.Name)
	out := make([]int64, len(rows))
	for i, row := range rows {
		out[i] = null
		if int(row) < o.rows() {
			out[i] = values.at(int(row))
		}
		if o.number != nil {
			out[i] = o.number(f.Name, out[i])
		}
	}
	switch f.Type.ID() {
	case arrow.DATE32:
		return datesArray(o.mem, out)
	case arrow.DECIMAL128:
		return pricesArray(o.mem, out)
	default:
		return longsArray(o.mem, f.Type, out)
	}
}

// isInferred makes the column is_inferred.
func (o *output) isInferred(rows []int32) arrow.Array {
	b := array.NewBooleanBuilder(o.mem)
	defer b.Release()
	for _, row := range rows {
		b.Append(int(row) >= o.rows() || o.inferred.has(row))
	}
	return b.NewArray()
}
