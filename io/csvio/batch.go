package csvio

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// batcher turns records that are split into fields into batches.
type batcher struct {
	source  *source
	schema  *arrow.Schema
	size    int // records a batch
	columns []column
	wanted  []int // by column: its position in the source
	same    []int // by column: one before it with the same position, or -1

	// Records that wait for their fields to be parsed, by column. All their text
	// is in the window.
	from, to [][]uint32
	starts   []uint32 // of the lines at hand: where they begin
	firsts   []uint32 // and which token is their first
	waiting  int
	odd      bool // some of it is not ASCII

	batch      pipeline.Batch
	rescued    []pipeline.Rescued
	rows       []int64
	rejected   int // bytes of the rejects
	begun      bool
	decoded    []byte // text of one column, in UTF-8
	dfrom, dto []uint32
}

// blockRows is how many records wait at most.
const blockRows = 1024

// rejectBytes of rejected records are as many as a batch holds, about.
const rejectBytes = 4 << 20

func newBatcher(s *source, sc pipeline.Scan) (*batcher, error) {
	b := &batcher{source: s, size: sc.BatchRows}
	if b.size <= 0 {
		b.size = 8192
	}
	mem := sc.Mem
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	fields := make([]arrow.Field, len(sc.Fields))
	block := min(blockRows, b.size)
	for i, f := range sc.Fields {
		if f.Column < 0 || f.Column >= len(s.columns) {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: s.name, Msg: fmt.Sprintf("the source has %d columns, none at position %d", len(s.columns), f.Column)}
		}
		c := column{parser: f.Cast, name: s.columns[f.Column], field: i, typ: f.Cast.Cast.Type, dict: f.Dict, mem: mem, rescued: &b.rescued}
		if c.typ.ID() == arrow.DICTIONARY && c.dict == nil {
			c.dict = pipeline.NewDictionary()
		}
		b.columns = append(b.columns, c)
		b.same = append(b.same, slices.Index(b.wanted, f.Column))
		b.wanted = append(b.wanted, f.Column)
		b.from = append(b.from, make([]uint32, block))
		b.to = append(b.to, make([]uint32, block))
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	b.starts, b.firsts = make([]uint32, 0, block), make([]uint32, 0, block)
	b.schema = arrow.NewSchema(fields, nil)
	b.batch.Rounded = make([]int64, len(sc.Fields))
	return b, nil
}

// room is how many more records may wait.
func (b *batcher) room() int {
	return min(min(blockRows, b.size)-b.waiting, b.size-len(b.rows))
}

// full reports whether the batch is to be handed over.
func (b *batcher) full() bool {
	if len(b.rows) >= b.size || len(b.batch.Rejects) >= b.size || b.rejected > rejectBytes {
		return true
	}
	for i := range b.columns {
		if b.columns[i].tooMuch() {
			return true
		}
	}
	return false
}

func (b *batcher) reject(r pipeline.Rejected) {
	b.batch.Rejects = append(b.batch.Rejects, r)
	b.rejected += len(r.Raw)
}

// parse parses the fields of the records that wait. more says how many records
// this batch may still get.
func (b *batcher) parse(buf []byte, more int64) {
	if b.waiting == 0 {
		return
	}
	if !b.begun {
		b.begun = true
		n := int(min(int64(b.size), int64(b.waiting)+more))
		for i := range b.columns {
			b.columns[i].begin(n)
		}
	}
	charset := b.source.dialect.charset
	for i := range b.columns {
		from, to := b.from[i][:b.waiting], b.to[i][:b.waiting]
		text := buf
		if b.odd && charset != nil {
			b.dfrom, b.dto, b.decoded = b.dfrom[:0], b.dto[:0], b.decoded[:0]
			for k := range from {
				b.dfrom = append(b.dfrom, uint32(len(b.decoded)))
				b.decoded = charset.append(b.decoded, buf[from[k]:to[k]])
				b.dto = append(b.dto, uint32(len(b.decoded)))
			}
			text, from, to = append(b.decoded, make([]byte, slack)...), b.dfrom, b.dto
		}
		b.columns[i].add(text, from, to)
	}
	b.waiting, b.odd = 0, false
}

// empty reports whether there is nothing to hand over.
func (b *batcher) empty() bool {
	return len(b.rows) == 0 && len(b.batch.Rejects) == 0 && b.batch.Skipped == 0
}

// take returns the batch. The caller releases its record before the next one.
func (b *batcher) take() (*pipeline.Batch, error) {
	arrays := make([]arrow.Array, len(b.columns))
	for i := range b.columns {
		c := &b.columns[i]
		if c.full {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: b.source.name, Column: c.name, Msg: "the different values of a column pass 2 GiB",
				Hint: "map a column of that many values to a plain text column"}
		}
	}
	for i := range b.columns {
		c := &b.columns[i]
		if !b.begun {
			c.begin(0)
		}
		b.batch.Rounded[i] = c.rounded
		arrays[i] = c.array()
	}
	b.begun = false
	b.batch.Record = array.NewRecord(b.schema, arrays, int64(len(b.rows)))
	for _, a := range arrays {
		a.Release()
	}
	slices.SortStableFunc(b.rescued, func(x, y pipeline.Rescued) int { return cmp.Compare(x.Row, y.Row) })
	b.batch.Rows, b.batch.Rescued = b.rows, b.rescued
	return &b.batch, nil
}

// next begins the next batch.
func (b *batcher) next() {
	b.batch.Record.Release()
	b.batch = pipeline.Batch{Rounded: b.batch.Rounded}
	b.rows, b.rejected, b.rescued = b.rows[:0], 0, nil
}

func (b *batcher) release() {
	for i := range b.columns {
		b.columns[i].release()
	}
}
