package silver

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// stringWriter makes a string array of pieces of others and of texts.
type stringWriter struct {
	offsets, values *memory.Buffer
	ends            []int32 // of the rows to come
	end             int32   // of the rows so far
	valid           bitWriter
}

// newStringWriter returns a writer of n rows; size is how many bytes they
// probably have.
func newStringWriter(mem memory.Allocator, n, size int) stringWriter {
	offsets, ends := newFixed[int32](mem, n+1)
	ends[0] = 0
	values := memory.NewResizableBuffer(mem)
	values.Resize(size)
	return stringWriter{offsets: offsets, values: values, ends: ends[1:], valid: newBitWriter(mem, n)}
}

// rows adds n rows of a column; what lies under NULLs is copied too.
func (w *stringWriter) rows(col *array.String, valid bitmap, from, n int) {
	starts := col.ValueOffsets()
	first, last := starts[from], starts[from+n]
	copy(w.room(int(last-first)), col.ValueBytes()[first-starts[0]:last-starts[0]])
	move := w.end - first
	ends := w.ends[:n]
	for k, e := range starts[from+1 : from+n+1] {
		ends[k] = e + move
	}
	w.end, w.ends = last+move, w.ends[n:]
	for i, end := from, from+n; i < end; i += 64 {
		w.valid.add(valid.word(i), min(64, end-i))
	}
}

// text adds a row; an empty text is NULL.
func (w *stringWriter) text(v []byte) {
	copy(w.room(len(v)), v)
	w.end += int32(len(v))
	w.ends[0], w.ends = w.end, w.ends[1:]
	w.valid.add(uint64(min(len(v), 1)), 1)
}

// room returns where the next n bytes go.
func (w *stringWriter) room(n int) []byte {
	if need := int(w.end) + n; need > w.values.Len() {
		w.values.Resize(need + need/4)
	}
	return w.values.Bytes()[w.end:]
}

// done returns the array once every row is there.
func (w *stringWriter) done() *array.String {
	n := w.valid.n
	nulls, valid := w.valid.done()
	w.values.ResizeNoShrink(int(w.end))
	return newStrings(n, nulls, valid, w.offsets, w.values)
}

// newStrings returns a string array of buffers that it takes over. valid may be
// nil.
func newStrings(n, nulls int, valid, offsets, values *memory.Buffer) *array.String {
	data := array.NewData(pipeline.StringType, n, []*memory.Buffer{valid, offsets, values}, nil, nulls, 0)
	offsets.Release()
	values.Release()
	if valid != nil {
		valid.Release()
	}
	defer data.Release()
	return array.NewStringData(data)
}

// takeStrings is share for texts.
func takeStrings(mem memory.Allocator, col *array.String, s *spans) *array.String {
	starts, valid, size := col.ValueOffsets(), validity(col), int32(0)
	for _, at := range s.list {
		size += starts[at.from+at.n] - starts[at.from] // fits: see factBuilder.text
	}
	w := newStringWriter(mem, s.rows, int(size))
	for _, at := range s.list {
		w.rows(col, valid, at.from, at.n)
	}
	return w.done()
}

// cleanStrings returns a string column with cleaned texts: the column itself
// where nothing changes. missing gives the text of rows that have none; nil
// leaves them NULL.
func cleanStrings(mem memory.Allocator, clean *cleaner, col *array.String, missing func(i int) []byte) *array.String {
	n := col.Len()
	if col.NullN() == n && missing == nil {
		return col
	}
	changes := changes{col: col, valid: validity(col), fill: missing != nil}
	at := changes.next(0)
	if at == n {
		return col
	}
	w := newStringWriter(mem, n, len(col.ValueBytes()))
	for from := 0; ; {
		if from < at {
			w.rows(col, changes.valid, from, at-from)
		}
		if at == n {
			return w.done()
		}
		var v []byte
		if changes.valid.has(at) {
			v = clean.clean(pipeline.StringBytes(col, at))
		}
		if len(v) == 0 && missing != nil {
			v = missing(at)
		}
		w.text(v)
		from = at + 1
		at = changes.next(from)
	}
}

// changes finds the rows of a column that change when they are cleaned.
type changes struct {
	col   *array.String
	valid bitmap
	fill  bool // NULL changes too
	plain int  // the texts' bytes before this one are printable ASCII, or belong to rows that are done
}

// next returns the first row from i on that changes, or the number of rows.
// Rows are asked for in order.
func (c *changes) next(i int) int {
	n := c.col.Len()
	if n == 0 {
		return 0
	}
	offsets, texts := c.col.ValueOffsets(), c.col.ValueBytes()
	base := int(offsets[0])
	if start := int(offsets[i]) - base; c.plain < start || c.plain == 0 {
		c.plain = start + plainLen(texts[start:])
	}
	if c.fill {
		for ; i < n; i++ {
			if !c.valid.has(i) || c.change(offsets, texts, i) {
				return i
			}
		}
		return n
	}
	for ; i < n; i += 64 { // NULL stays
		for word := c.valid.word(i) & below(n-i); word != 0; word &= word - 1 {
			row := i + bits.TrailingZeros64(word)
			start, end := int(offsets[row])-base, int(offsets[row+1])-base
			if (start == end || end > c.plain) && c.change(offsets, texts, row) {
				return row
			}
		}
	}
	return n
}

// change reports whether a text changes. The rows after it follow.
func (c *changes) change(offsets []int32, texts []byte, row int) bool {
	start, end := int(offsets[row]-offsets[0]), int(offsets[row+1]-offsets[0])
	if start == end || end > c.plain && !isClean(texts[start:end]) {
		return true
	}
	if end > c.plain {
		c.plain = end + plainLen(texts[end:])
	}
	return false
}

// plainLen returns how many bytes at the start are printable ASCII other than
// a space, eight bytes at a time: such texts are clean, wherever they are cut.
func plainLen(b []byte) int {
	const ones = 0x0101010101010101
	const high = 0x80 * ones
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if bad := (x | (x - 0x21*ones)) & high; bad != 0 {
			// A byte is over 0x7f, or borrowed because it is under 0x21; a
			// borrow spoils only the bytes after it.
			return i + bits.TrailingZeros64(bad)/8
		}
	}
	for ; i < len(b) && b[i] > ' ' && b[i] < utf8.RuneSelf; i++ {
	}
	return i
}
