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
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// Dictionaries holds one goroutine's dictionaries, so that a value keeps its
// code from segment to segment and from file to file.
type Dictionaries map[string]*pipeline.Dictionary

func (d Dictionaries) of(key string) *pipeline.Dictionary {
	if d[key] == nil {
		d[key] = pipeline.NewDictionary()
	}
	return d[key]
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
	rows   blanks // cached constant arrays for batches of the usual length
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
	for _, f := range p.fields {
		field := pipeline.Field{Column: f.column, Cast: f.cast}
		if arrow.TypeEqual(f.cast.Cast.Type, pipeline.CodeType) {
			field.Dict = dicts.of(f.key)
		}
		r.fields = append(r.fields, field)
	}
	for t := range p.tables {
		tr := tableReader{plan: &p.tables[t], computed: make([]*computed, len(p.tables[t].columns))}
		for c, cp := range tr.plan.columns {
			if cp.computed != nil {
				tr.computed[c] = newComputed(cp.computed, mem, dicts, tr.plan.table.Name+"."+tr.plan.table.Columns[c].Name)
			}
		}
		r.tables = append(r.tables, tr)
	}
	return r
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
func (r *Reader) Release() { r.rows.release() }

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
			out := &Output{Rejects: in.Rejects}
			r.counts.Records += int64(len(in.Rows) + len(in.Rejects))
			r.counts.Rejected += int64(len(in.Rejects))
			r.counts.Skipped += in.Skipped
			for t := range r.tables {
				rec := r.table(&r.tables[t], in, t == 0)
				out.Records = append(out.Records, rec)
			}
			more := yield(out, nil)
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

func (r *Reader) table(tr *tableReader, in *pipeline.Batch, count bool) arrow.Record {
	n := len(in.Rows)
	table := tr.plan.table
	cols := make([]arrow.Array, len(table.Columns))
	var rescued []rescue
	for c, cp := range tr.plan.columns {
		name := table.Columns[c].Name
		switch {
		case cp.computed != nil:
			before := len(rescued)
			var rounded int64
			cols[c], rescued, rounded = tr.computed[c].build(in, r.plan, rescued)
			if count {
				r.count(name, failedRows(rescued[before:]), rounded)
			}
		case cp.direct >= 0:
			cols[c] = in.Record.Column(cp.direct)
			cols[c].Retain()
			failed := int64(0)
			for _, f := range in.Rescued {
				if f.Field == cp.direct {
					rescued = append(rescued, rescue{f.Row, r.plan.fields[cp.direct].column, f.Text})
					failed++
				}
			}
			if count && (failed > 0 || in.Rounded != nil) {
				rounded := int64(0)
				if in.Rounded != nil {
					rounded = in.Rounded[cp.direct]
				}
				r.count(name, failed, rounded)
			}
		default:
			switch name {
			case "_source_file":
				cols[c] = r.rows.constant(n, r.rows.file)
			case "_batch_id":
				cols[c] = r.rows.constant(n, r.rows.batch)
			case "_source_row":
				b := array.NewInt64Builder(r.mem)
				b.AppendValues(in.Rows, nil)
				cols[c] = b.NewArray()
				b.Release()
			case "_rescued_data": // the last column: everything that failed is known
				cols[c] = r.rescuedData(n, rescued)
			default:
				cols[c] = r.rows.null(n, table.Columns[c].Type)
			}
		}
	}
	rec := array.NewRecord(table.Schema, cols, int64(n))
	for _, c := range cols {
		c.Release()
	}
	return rec
}

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
	header := r.plan.input.Source.Columns()
	b := array.NewStringBuilder(r.mem)
	defer b.Release()
	b.Reserve(n)
	row := 0
	for len(rescued) > 0 {
		for ; row < rescued[0].row; row++ {
			b.AppendNull()
		}
		text := []byte{'{'}
		for ; len(rescued) > 0 && rescued[0].row == row; rescued = rescued[1:] {
			if len(text) > 1 {
				text = append(text, ',')
			}
			text = appendJSON(text, header[rescued[0].source])
			text = append(text, ':')
			text = appendJSON(text, rescued[0].text)
		}
		b.Append(string(append(text, '}')))
		row++
	}
	for ; row < n; row++ {
		b.AppendNull()
	}
	return b.NewArray()
}

func appendJSON(dst []byte, text string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string always encodes
	}
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...)
}

// blanks makes arrays that hold one value, and keeps those of the last length.
type blanks struct {
	mem         memory.Allocator
	file, batch *pipeline.Dictionary
	n           int
	zeros       *memory.Buffer // int32 zeros, and clear validity bits
	nulls       map[arrow.DataType]arrow.Array
}

func (b *blanks) size(n int) {
	if b.nulls != nil && b.n == n {
		return
	}
	b.release()
	b.n, b.nulls = n, map[arrow.DataType]arrow.Array{}
	b.zeros = memory.NewResizableBuffer(b.mem)
	b.zeros.Resize(16 * (n + 1)) // enough for the widest type's values
	clear(b.zeros.Bytes())
}

func (b *blanks) release() {
	for _, a := range b.nulls {
		a.Release()
	}
	if b.zeros != nil {
		b.zeros.Release()
	}
	b.nulls, b.zeros = nil, nil
}

func (b *blanks) constant(n int, d *pipeline.Dictionary) arrow.Array {
	b.size(n)
	return b.codes(n, d, 0)
}

func (b *blanks) codes(n int, d *pipeline.Dictionary, nulls int) arrow.Array {
	var valid *memory.Buffer
	if nulls > 0 {
		valid = b.zeros
	}
	values := d.Values().Data().(*array.Data)
	data := array.NewDataWithDictionary(pipeline.CodeType, n, []*memory.Buffer{valid, b.zeros}, nulls, 0, values)
	defer data.Release()
	return array.NewDictionaryData(data)
}

func (b *blanks) null(n int, t arrow.DataType) arrow.Array {
	b.size(n)
	a := b.nulls[t]
	if a == nil {
		switch {
		case arrow.TypeEqual(t, pipeline.CodeType):
			a = b.codes(n, b.file, n)
		default:
			buffers := []*memory.Buffer{b.zeros, b.zeros}
			if t.ID() == arrow.STRING {
				buffers = append(buffers, nil)
			}
			data := array.NewData(t, n, buffers, nil, n, 0)
			a = array.MakeFromData(data)
			data.Release()
		}
		b.nulls[t] = a
	}
	a.Retain()
	return a
}
