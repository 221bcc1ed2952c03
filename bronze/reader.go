package bronze

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// Dictionaries holds one goroutine's dictionaries, so that a value keeps its
// code from segment to segment and from file to file.
type Dictionaries map[string]*pipeline.Dictionary

// Begin makes the dictionary of a table's column begin with texts that are
// known before, under their codes: a large dictionary is then there once, for
// all goroutines. texts must not grow any more.
func (d Dictionaries) Begin(t *pipeline.Table, column string, texts *pipeline.Dictionary) {
	d[beginning+t.Name+"."+column] = texts
}

const beginning = "begin "

// of returns the dictionary of a name; a new one is for a table's column.
func (d Dictionaries) of(name, column string) *pipeline.Dictionary {
	switch begin := d[beginning+column]; {
	case d[name] != nil:
	case begin != nil:
		d[name] = begin.Over()
	default:
		d[name] = pipeline.NewDictionary()
	}
	return d[name]
}

// Output is what a Reader yields: lent, valid until the next step.
type Output struct {
	Records []arrow.Record // one per Target, with the same rows
	Rejects []pipeline.Rejected
}

// Reader turns segments of one input into batches of the plan's tables. It
// belongs to one goroutine. Release it when done.
type Reader struct {
	plan   *Plan
	mem    memory.Allocator
	dicts  Dictionaries
	fields []pipeline.Field
	tables []tableReader
	counts pipeline.SourceReport
	rows   blanks // of the columns that hold one value
}

// tableReader is the state of one target.
type tableReader struct {
	plan     *tablePlan
	computed []*computed // by column; nil where direct or NULL
}

// NewReader returns a reader for one goroutine, which owns dicts.
func (p *Plan) NewReader(mem memory.Allocator, batchID string, dicts Dictionaries) *Reader {
	r := &Reader{plan: p, mem: mem, dicts: dicts}
	r.rows = blanks{mem: mem, file: single(p.input.File.Name), batch: single(batchID)}
	r.counts = pipeline.SourceReport{Table: p.input.Spec.Table, File: p.input.File.Name, Rescued: map[string]int64{}, Rounded: map[string]int64{}}
	for i, f := range p.fields {
		field := pipeline.Field{Column: f.column, Cast: f.cast}
		if arrow.TypeEqual(f.cast.Cast.Type, pipeline.CodeType) {
			field.Dict = dicts.of(f.dict, p.columnOf(i))
		}
		r.fields = append(r.fields, field)
	}
	for t := range p.tables {
		tr := tableReader{plan: &p.tables[t], computed: make([]*computed, len(p.tables[t].columns))}
		for c, cp := range tr.plan.columns {
			if cp.computed != nil {
				tr.computed[c] = newComputed(cp.computed, mem, dicts)
			}
		}
		r.tables = append(r.tables, tr)
	}
	return r
}

// columnOf returns the first column that a field is, table.column; "" where it
// only is a part of some.
func (p *Plan) columnOf(field int) string {
	for _, t := range p.tables {
		for c := range t.columns {
			if t.columns[c].direct == field {
				return t.table.Name + "." + t.table.Columns[c].Name
			}
		}
	}
	return ""
}

func single(text string) *pipeline.Dictionary {
	d := pipeline.NewDictionary()
	d.Code([]byte(text))
	return d
}

// Counts returns what the reader has read so far. Rescued and rounded values
// are counted for the first target.
func (r *Reader) Counts() pipeline.SourceReport { return r.counts }

// Release frees what the reader keeps between batches.
func (r *Reader) Release() {
	r.rows.release()
	for _, t := range r.tables {
		for _, c := range t.computed {
			if c != nil {
				c.release()
			}
		}
	}
}

// Scan yields a segment's records, or only those with the given record
// numbers (ascending; nil = all).
func (r *Reader) Scan(ctx context.Context, seg pipeline.Segment, rows []int64) iter.Seq2[*Output, error] {
	return func(yield func(*Output, error) bool) {
		scan := pipeline.Scan{Fields: r.fields, Rows: rows, Mem: r.mem}
		for in, err := range seg.Scan(ctx, scan) {
			if err != nil {
				yield(nil, err)
				return
			}
			if err := r.plan.input.strict(in.Rejects); err != nil {
				yield(nil, err)
				return
			}
			out := &Output{Rejects: in.Rejects}
			r.counts.Records += int64(len(in.Rows) + len(in.Rejects))
			r.counts.Rejected += int64(len(in.Rejects))
			if r.counts.FirstReject == nil && len(in.Rejects) > 0 {
				r.counts.FirstReject = &pipeline.FirstReject{Row: in.Rejects[0].Row, Error: in.Rejects[0].Error}
			}
			r.counts.Mended += in.Mended
			r.counts.Skipped += in.Skipped
			for t := range r.tables {
				var rec arrow.Record
				if rec, err = r.table(&r.tables[t], in, t == 0); err != nil {
					break
				}
				out.Records = append(out.Records, rec)
			}
			more := false
			if err != nil {
				yield(nil, err)
			} else {
				more = yield(out, nil)
			}
			for _, rec := range out.Records {
				rec.Release()
			}
			if !more {
				return
			}
		}
	}
}

// rescue is a source value that could not be cast.
type rescue struct {
	row, source int
	text        string
}

// table makes one target's rows of a batch.
func (r *Reader) table(tr *tableReader, in *pipeline.Batch, count bool) (arrow.Record, error) {
	n := len(in.Rows)
	table := tr.plan.table
	cols := make([]arrow.Array, 0, len(table.Columns))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	var rescued []rescue
	for c, cp := range tr.plan.columns {
		var col arrow.Array
		before, rounded := len(rescued), int64(0)
		switch name := table.Columns[c].Name; {
		case cp.computed != nil:
			var err error
			if col, rescued, rounded, err = tr.computed[c].build(in, r.plan, rescued); err != nil {
				return nil, err
			}
		case cp.direct >= 0:
			col = in.Record.Column(cp.direct)
			col.Retain()
			for _, f := range in.Rescued {
				if f.Field == cp.direct {
					rescued = append(rescued, rescue{f.Row, r.plan.fields[cp.direct].column, f.Text})
				}
			}
			if in.Rounded != nil {
				rounded = in.Rounded[cp.direct]
			}
		case name == "_source_file":
			col = r.rows.constant(n, r.rows.file)
		case name == "_source_row":
			col = r.rows.numbers(in.Rows)
		case name == "_batch_id":
			col = r.rows.constant(n, r.rows.batch)
		case name == "_rescued_data": // the last column: everything that failed is known
			col = r.rescuedData(n, rescued)
		default:
			col = r.rows.null(n, table.Columns[c].Type)
		}
		cols = append(cols, col)
		if count {
			r.count(table.Columns[c].Name, failedRows(rescued[before:]), rounded)
		}
	}
	return array.NewRecord(table.Schema, cols, int64(n)), nil
}

// failedRows counts the rows of which values could not be cast; they are in order.
func failedRows(rescued []rescue) (n int64) {
	last := -1
	for _, f := range rescued {
		if f.row != last {
			n, last = n+1, f.row
		}
	}
	return n
}

func (r *Reader) count(column string, failed, rounded int64) {
	if failed > 0 {
		r.counts.Rescued[column] += failed
	}
	if rounded > 0 {
		r.counts.Rounded[column] += rounded
	}
}

// rescuedData renders, per row, the source values that could not be cast.
func (r *Reader) rescuedData(n int, rescued []rescue) arrow.Array {
	if len(rescued) == 0 {
		return r.rows.null(n, pipeline.StringType)
	}
	slices.SortStableFunc(rescued, func(a, b rescue) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.source, b.source))
	})
	rescued = slices.CompactFunc(rescued, func(a, b rescue) bool { return a.row == b.row && a.source == b.source })
	// Few rows have any: they are written one after the other, then all rows' ends.
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	add := func(s string) {
		if err := encoder.Encode(s); err != nil {
			panic(err) // a string always encodes
		}
		text.Truncate(text.Len() - 1) // the line's end
	}
	room := func(size int) *memory.Buffer {
		b := memory.NewResizableBuffer(r.mem)
		b.Resize(size)
		return b
	}
	valid, offsets := room((n+7)/8), room(4*(n+1))
	clear(valid.Bytes())
	starts, row, nulls := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), 0, n
	for len(rescued) > 0 {
		at := rescued[0].row
		for ; row <= at; row++ {
			starts[row] = int32(text.Len())
		}
		bitutil.SetBit(valid.Bytes(), at)
		nulls--
		for sep := byte('{'); len(rescued) > 0 && rescued[0].row == at; rescued, sep = rescued[1:], ',' {
			text.WriteByte(sep)
			add(r.plan.header[rescued[0].source])
			text.WriteByte(':')
			add(rescued[0].text)
		}
		text.WriteByte('}')
	}
	for ; row <= n; row++ {
		starts[row] = int32(text.Len())
	}
	texts := room(text.Len())
	copy(texts.Bytes(), text.Bytes())
	data := array.NewData(pipeline.StringType, n, []*memory.Buffer{valid, offsets, texts}, nil, nulls, 0)
	defer data.Release()
	for _, b := range []*memory.Buffer{valid, offsets, texts} {
		b.Release()
	}
	return array.NewStringData(data)
}
