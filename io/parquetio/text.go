package parquetio

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/format"
	"github.com/smeltdata/smelt/pipeline"
)

// textStage holds a page of text: codes of the row group's dictionary, or,
// once that is given up, the text itself. A column declared as pipeline.Code
// keeps its dictionary unless nearly every value is new; any other column
// wants values to repeat several times.
type textStage struct {
	layout   layout
	compress *compressor
	patient  bool // declared as a dictionary

	mode  dictMode
	ended bool                 // the page ends before the dictionary is given up
	dict  *pipeline.Dictionary // of the row group, in order of first use
	bytes int                  // of the dictionary's plain encoding
	used  int                  // values that finished pages refer to
	codes []uint32

	// A page's bounds are found among the codes that it uses: each is compared
	// when the page meets it first.
	seen     []seenText // per code
	stamp    uint32     // of the current page
	group    uint32     // of the row group's first page
	min, max uint32     // codes; valid when codes is not empty

	// The Arrow dictionary seen last, and for each of its codes the stamp of
	// the page that used it last (upper half) and ours (lower half).
	arrow   arrow.Array
	offsets []int32
	text    []byte
	table   []uint64
	indices []int32

	data    []byte
	ends    []uint32 // 0, then the end of each value in data
	plain   format.Encoding
	chosen  bool
	scratch []byte

	lengths, shared  []int32
	suffixes, packed []byte
}

type seenText struct {
	prefix uint64 // see prefix
	stamp  uint32 // of the last page that used the code
}

// Limits of a text dictionary.
const (
	maxTexts     = 64 << 10
	maxDictBytes = 1 << 20
)

func newTextStage(l layout, pageRows int, c *compressor) *textStage {
	_, patient := l.column.Type.(*arrow.DictionaryType)
	s := &textStage{layout: l, compress: c, patient: patient, stamp: 1, ends: make([]uint32, 1, 64)}
	s.codes = make([]uint32, 0, pageRows)
	s.nextGroup()
	return s
}

func (s *textStage) nextGroup() {
	s.mode, s.dict, s.bytes, s.used = dictTry, pipeline.NewDictionary(), 0, 0
	s.seen, s.group, s.chosen, s.ended = s.seen[:0], s.stamp, false, false
	if !s.layout.text {
		s.mode = dictOff // raw bytes do not repeat
	}
}

func (s *textStage) size() int {
	if s.mode == dictOff {
		return len(s.data)
	}
	return 4 * len(s.codes)
}

func (s *textStage) full() bool { return s.ended || s.mode == dictOff && len(s.data) >= pageBytes }

func (s *textStage) take(arr arrow.Array, from, n int) (int, error) {
	bitmap, offset := bitmapOf(arr)
	if d, ok := arr.(*array.Dictionary); ok {
		s.follow(d.Dictionary())
		indices := s.indicesOf(d, from, n)
		done := 0
		if s.mode != dictOff {
			done = s.takeCodes(indices, bitmap, offset+from)
		}
		if done < len(indices) && !s.ended {
			done += s.expand(indices[done:], bitmap, offset+from+done)
		}
		return done, nil
	}
	offsets, text := textOf(arr)
	done := 0
	if s.mode != dictOff {
		done = s.hash(offsets[from:from+n+1], text, offsets[0], bitmap, offset+from)
	}
	if done < n && !s.ended {
		done += s.copy(offsets[from+done:from+n+1], text, offsets[0], bitmap, offset+from+done)
	}
	return done, nil
}

// textOf returns a text array's offsets, one more than it has rows, and its
// bytes from the first offset on.
func textOf(arr arrow.Array) ([]int32, []byte) {
	switch a := arr.(type) {
	case *array.String:
		return a.ValueOffsets(), a.ValueBytes()
	case *array.Binary:
		return a.ValueOffsets(), a.ValueBytes()
	}
	return nil, nil // the writer checked the type
}

// follow makes the table fit an Arrow dictionary. A dictionary that only grew
// keeps what is known of it.
func (s *textStage) follow(values arrow.Array) {
	if values == s.arrow {
		return
	}
	offsets, text := textOf(values)
	if !s.startsAlike(offsets, text) {
		clear(s.table)
	}
	if n := values.Len(); n > len(s.table) {
		if n > cap(s.table) {
			s.table = append(make([]uint64, 0, n+n/2), s.table...)
		}
		s.table = s.table[:n]
	} else {
		clear(s.table[n:])
		s.table = s.table[:n]
	}
	values.Retain()
	s.release()
	s.arrow, s.offsets, s.text = values, offsets, text
}

// release lets go of the Arrow dictionary seen last.
func (s *textStage) release() {
	if s.arrow != nil {
		s.arrow.Release()
		s.arrow = nil
	}
}

// startsAlike reports whether a dictionary begins with all values of the last.
func (s *textStage) startsAlike(offsets []int32, text []byte) bool {
	if s.arrow == nil || len(s.offsets) == 0 || len(offsets) < len(s.offsets) || s.offsets[0] != 0 || offsets[0] != 0 {
		return false
	}
	n := len(s.offsets)
	if &offsets[0] != &s.offsets[0] && !bytes.Equal(arrow.Int32Traits.CastToBytes(offsets[:n]), arrow.Int32Traits.CastToBytes(s.offsets)) {
		return false
	}
	end := s.offsets[n-1]
	return end == 0 || &text[0] == &s.text[0] || bytes.Equal(text[:end], s.text[:end])
}

func (s *textStage) value(c int32) []byte {
	return s.text[s.offsets[c]-s.offsets[0] : s.offsets[c+1]-s.offsets[0]]
}

// indicesOf returns a dictionary array's indices as int32.
func (s *textStage) indicesOf(d *array.Dictionary, from, n int) []int32 {
	if a, ok := d.Indices().(*array.Int32); ok {
		return a.Int32Values()[from : from+n]
	}
	s.indices = s.indices[:0]
	for i := from; i < from+n; i++ {
		c := 0
		if d.IsValid(i) {
			c = d.GetValueIndex(i)
		}
		s.indices = append(s.indices, int32(c))
	}
	return s.indices
}

// takeCodes stages codes for Arrow's, and returns how many rows it took: fewer
// when the dictionary was given up.
func (s *textStage) takeCodes(indices []int32, bitmap []byte, offset int) int {
	stamp := s.stamp
	for i, c := range indices {
		if bitmap != nil && bitmap[(offset+i)>>3]>>((offset+i)&7)&1 == 0 {
			continue
		}
		e := s.table[c]
		if uint32(e>>32) != stamp {
			var ok bool
			if e, ok = s.use(c, e); !ok {
				return i
			}
		}
		s.codes = append(s.codes, uint32(e))
	}
	return len(indices)
}

// use looks up what the page has not yet met.
func (s *textStage) use(c int32, e uint64) (uint64, bool) {
	code := uint32(e)
	if uint32(e>>32) < s.group {
		var ok bool
		if code, ok = s.code(s.value(c)); !ok {
			return 0, false
		}
	} else {
		s.touch(code)
	}
	e = uint64(s.stamp)<<32 | uint64(code)
	s.table[c] = e
	return e, true
}

// code returns the row group's code of a text; false when that gave the
// dictionary up.
func (s *textStage) code(b []byte) (uint32, bool) {
	if len(b) > maxDictBytes {
		s.abandon()
		return 0, false
	}
	n := s.dict.Len()
	code := s.dict.Code(b)
	if s.dict.Len() > n {
		if s.bytes+len(b)+4 > maxDictBytes || n == maxTexts {
			s.abandon()
			return 0, false
		}
		s.bytes += len(b) + 4
		s.seen = append(s.seen, seenText{prefix: prefix(b)})
	}
	s.touch(uint32(code))
	return uint32(code), true
}

// touch widens the page's bounds by a code that it may not have met.
func (s *textStage) touch(code uint32) {
	t := &s.seen[code]
	if t.stamp == s.stamp {
		return
	}
	t.stamp = s.stamp
	if len(s.codes) == 0 {
		s.min, s.max = code, code
		return
	}
	lo, hi := s.seen[s.min].prefix, s.seen[s.max].prefix
	if t.prefix > lo && t.prefix < hi {
		return
	}
	b := s.dict.Bytes(int32(code))
	if t.prefix < lo || t.prefix == lo && bytes.Compare(b, s.dict.Bytes(int32(s.min))) < 0 {
		s.min = code
	}
	if t.prefix > hi || t.prefix == hi && bytes.Compare(b, s.dict.Bytes(int32(s.max))) > 0 {
		s.max = code
	}
}

// maxExpanded bounds how much text a page's codes may become again. Long texts
// that repeat would be too much: their page is written before the dictionary is
// given up.
const maxExpanded = 16 * pageBytes

// abandon gives the dictionary up: the page's codes become text again.
func (s *textStage) abandon() {
	if s.expanded() > maxExpanded {
		s.ended = true
		return
	}
	for _, c := range s.codes {
		s.data = append(s.data, s.dict.Bytes(int32(c))...)
		s.ends = append(s.ends, uint32(len(s.data)))
	}
	s.codes = s.codes[:0]
	s.mode = dictOff
}

// expanded is the plain size of the page's codes.
func (s *textStage) expanded() int {
	n := 4 * len(s.codes)
	for _, c := range s.codes {
		n += len(s.dict.Bytes(int32(c)))
	}
	return n
}

// hash stages codes for text, as takeCodes does for codes.
func (s *textStage) hash(offsets []int32, text []byte, base int32, bitmap []byte, offset int) int {
	for i := range len(offsets) - 1 {
		if bitmap != nil && bitmap[(offset+i)>>3]>>((offset+i)&7)&1 == 0 {
			continue
		}
		code, ok := s.code(text[offsets[i]-base : offsets[i+1]-base])
		if !ok {
			return i
		}
		s.codes = append(s.codes, code)
	}
	return len(offsets) - 1
}

func (s *textStage) page(body []byte, last bool) ([]byte, format.Encoding, bounds, error) {
	defer s.nextPage()
	if s.mode == dictTry && !s.worthwhile(last) {
		s.abandon()
	}
	if s.mode != dictOff {
		s.mode, s.used = dictOn, s.dict.Len()
		b := bounds{s.dict.Bytes(int32(s.min)), s.dict.Bytes(int32(s.max))}
		return appendIndices(body, s.codes, s.used), format.RLEDictionary, b, nil
	}
	b := s.textBounds()
	if !s.chosen {
		if err := s.choose(); err != nil {
			return nil, 0, b, err
		}
	}
	err := s.encode(s.plain)
	return append(body, s.scratch...), s.plain, b, err
}

func (s *textStage) nextPage() {
	s.codes, s.data, s.ends = s.codes[:0], s.data[:0], s.ends[:1]
	s.stamp++
	if s.ended {
		s.ended, s.mode = false, dictOff
	}
}

// worthwhile decides on the dictionary when the row group's first page is full.
func (s *textStage) worthwhile(last bool) bool {
	n, distinct := len(s.codes), s.dict.Len()
	if last {
		return s.bytes+n*indexWidth(distinct)/8 < s.expanded()
	}
	few := distinct <= n/4
	if s.patient {
		few = distinct <= n/8*7
	}
	return few || s.expanded() > maxExpanded
}

func (s *textStage) dictionary() ([]byte, int) {
	var out []byte
	for c := range s.used {
		out = appendPlainText(out, s.dict.Bytes(int32(c)))
	}
	return out, s.used
}
