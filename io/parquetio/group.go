package parquetio

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/smeltdata/smelt/pipeline"
)

// groupReader reads some columns of one row group side by side.
type groupReader struct {
	source  *source
	mem     memory.Allocator
	rows    int64
	columns []*chunkReader // one per distinct column
	fields  []int          // per wanted field: its position in columns
}

// openGroup prepares to read columns of a row group.
func (s *source) openGroup(group int, wanted []int) (*groupReader, error) {
	r := &groupReader{source: s, rows: s.meta.RowGroups[group].NumRows, fields: make([]int, len(wanted))}
	at := map[int]int{}
	for i, w := range wanted {
		k, ok := at[w]
		if !ok {
			c, err := s.openChunk(group, w)
			if err != nil {
				r.close()
				return nil, err
			}
			k = len(r.columns)
			at[w] = k
			r.columns = append(r.columns, c)
		}
		r.fields[i] = k
	}
	return r, nil
}

func (s *source) openChunk(group, column int) (*chunkReader, error) {
	l := &s.leaves[column]
	if l.nested || l.typ == nil {
		return nil, s.unread(l)
	}
	groups := s.meta.RowGroups
	codec := groups[group].Columns[column].MetaData.Codec
	if ratios[codec] == 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: s.name, Column: l.name, Value: codec.String(), Msg: "is compressed in a way that smelt does not read", Hint: "write the file again with snappy, zstd, gzip, brotli or lz4_raw"}
	}
	m := &groups[group].Columns[column].MetaData
	at := m.DataPageOffset
	if d := m.DictionaryPageOffset; d != 0 {
		at = min(at, d)
	}
	// Some old writers left the headers out of the chunk's size.
	end := min(s.size, at+m.TotalCompressedSize+100)
	return &chunkReader{leaf: l, decompressor: decompressor{codec: codec}, file: s.file, at: at, end: end, rows: groups[group].NumRows}, nil
}

func (r *groupReader) close() {
	for _, c := range r.columns {
		c.close()
	}
}

// each reads the row group in steps of the scan's batches. It calls batch with
// the fields' arrays, which are lent, for the steps that wants accepts. It
// returns false when batch did, or after an error, which it reports.
func (r *groupReader) each(ctx context.Context, sc pipeline.Scan, batch func(columns []arrow.Array, first int64, m int) bool, wants func(first int64, m int) bool, report func(error)) bool {
	r.mem = sc.Mem
	if r.mem == nil {
		r.mem = memory.DefaultAllocator
	}
	step := int64(sc.BatchRows)
	if step <= 0 {
		step = 8192
	}
	for first := int64(0); first < r.rows; first += step {
		m := int(min(step, r.rows-first))
		if err := ctx.Err(); err != nil {
			report(err)
			return false
		}
		keep := wants(first, m)
		if !keep {
			for _, c := range r.columns {
				c.skip(m)
			}
			continue
		}
		arrays, err := r.read(m)
		if err != nil {
			report(err)
			return false
		}
		fields := make([]arrow.Array, len(r.fields))
		for i, k := range r.fields {
			fields[i] = arrays[k]
		}
		more := batch(fields, first, m)
		for _, a := range arrays {
			a.Release()
		}
		if !more {
			return false
		}
	}
	return true
}

// read returns the next m rows of each column.
func (r *groupReader) read(m int) ([]arrow.Array, error) {
	var arrays []arrow.Array
	for _, c := range r.columns {
		var a arrow.Array
		err := guard(func() (err error) {
			a, err = c.read(r.mem, m)
			return err
		})
		if err != nil {
			for _, a := range arrays {
				a.Release()
			}
			return nil, r.source.fail(c.leaf.name, "cannot be read", err)
		}
		arrays = append(arrays, a)
	}
	return arrays, nil
}
