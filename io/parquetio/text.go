package parquetio

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/format"
)

// textStage holds a page of text: codes of the row group's dictionary, or,
// once that is given up, the text itself. A column declared as pipeline.Code
// keeps its dictionary unless nearly every value is new; any other column
// wants values to repeat several times.
type textStage struct {
	layout   layout
	pageRows int
	patient  bool // declared as a dictionary

	mode  dictMode
	ended bool // the page ends before the dictionary is given up
	dict  textDictionary
	used  int // codes that finished pages refer to

	// The page's codes: first one code, repeated, then any.
	repeated int
	repeat   uint32
	codes    []uint32

	// The Arrow dictionary seen last, and what is known of its codes.
	arrow   arrow.Array
	offsets []int32
	text    []byte
	table   []int32 // by code: ours + 1; 0 = not met in this row group
	met     []int32 // codes that have one of ours
	fresh   []int32 // codes whose text the row group's dictionary is still to learn
	byValue bool    // a code that is not met may have a text that is
	indices []int32

	data   []byte
	ends   []uint32 // 0, then the end of each value in data
	plain  format.Encoding
	chosen bool
	*buffers
}

func newTextStage(l layout, pageRows int, b *buffers) *textStage {
	_, patient := l.column.Type.(*arrow.DictionaryType)
	s := &textStage{layout: l, buffers: b, pageRows: pageRows, patient: patient, ends: make([]uint32, 1, 64)}
	s.nextGroup()
	return s
}

func (s *textStage) nextGroup() {
	s.forgetCodes()
	s.dict.reset()
	s.mode, s.used, s.chosen, s.ended, s.byValue = dictTry, 0, false, false, false
	if !s.layout.text {
		s.mode = dictOff // raw bytes do not repeat
	}
}

func (s *textStage) keep(enc format.Encoding) { s.mode, s.plain, s.chosen = dictOff, enc, true }

// forgetCodes empties the table.
func (s *textStage) forgetCodes() {
	for _, c := range s.met {
		s.table[c] = 0
	}
	s.met = s.met[:0]
}

func (s *textStage) size() int {
	if s.mode == dictOff {
		return len(s.data)
	}
	return 4 * s.staged()
}

// staged is how many codes the page has.
func (s *textStage) staged() int { return s.repeated + len(s.codes) }

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
		s.forgetCodes()
		s.byValue = s.dict.len() > 0
	}
	s.table = resized(s.table, values.Len())
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
	s.spell()
	for _, c := range s.codes {
		s.data = append(s.data, s.dict.text(c)...)
		s.ends = append(s.ends, uint32(len(s.data)))
	}
	s.codes = s.codes[:0]
	s.mode = dictOff
}

// expanded is the plain size of the page's codes.
func (s *textStage) expanded() int {
	n := 4 * s.staged()
	if s.repeated > 0 {
		n += s.repeated * len(s.dict.text(s.repeat))
	}
	for _, c := range s.codes {
		n += len(s.dict.text(c))
	}
	return n
}

// hash stages codes for text, as takeCodes does for codes.
func (s *textStage) hash(offsets []int32, text []byte, base int32, bitmap []byte, offset int) int {
	s.spell()
	s.byValue = true
	for i := range len(offsets) - 1 {
		if bitmap != nil && bitmap[(offset+i)>>3]>>((offset+i)&7)&1 == 0 {
			continue
		}
		code, ok := s.dict.code(text[offsets[i]-base : offsets[i+1]-base])
		if !ok {
			s.abandon()
			return i
		}
		s.codes = append(s.codes, code)
		if s.mode == dictTry && s.early(s.dict.len()) {
			s.abandon() // as worthwhile would
			return i + 1
		}
	}
	return len(offsets) - 1
}

func (s *textStage) page(body []byte, last bool) ([]byte, format.Encoding, bounds, error) {
	defer s.nextPage()
	if s.mode == dictTry && !s.worthwhile(last) {
		s.abandon()
	}
	if s.mode != dictOff {
		s.mode, s.used = dictOn, s.dict.len()
		if len(s.codes) == 0 {
			v := s.dict.text(s.repeat)
			return appendRun(body, s.repeat, s.repeated, s.used), format.RLEDictionary, bounds{v, v}, nil
		}
		s.spell()
		return appendIndices(body, s.codes, s.used), format.RLEDictionary, s.dict.pageBounds(s.codes), nil
	}
	if !s.chosen {
		if err := s.choose(); err != nil {
			return nil, 0, bounds{}, err
		}
	}
	b, err := s.encode(s.ends, s.plain)
	return append(body, s.encoded...), s.plain, b, err
}

func (s *textStage) nextPage() {
	s.codes, s.repeated, s.data, s.ends = s.codes[:0], 0, s.data[:0], s.ends[:1]
	if s.ended {
		s.ended, s.mode = false, dictOff
	}
}

// early reports whether so many of the first page's texts are distinct that the
// dictionary is given up before the page is full. However the rows are cut, and
// whether they come as codes, the answer is about the same first texts.
func (s *textStage) early(distinct int) bool {
	half := s.pageRows / 2
	return !s.patient && distinct > half && int(s.dict.ends[half])+4*(half+1) < pageBytes
}

// worthwhile decides on the dictionary when the row group's first page is full.
func (s *textStage) worthwhile(last bool) bool {
	n, distinct := s.staged(), s.dict.len()
	if last {
		return !s.early(distinct) && s.dict.bytes()+n*indexWidth(distinct)/8 < s.expanded()
	}
	few := distinct <= n/4
	if s.patient {
		few = distinct <= n/8*7
	}
	return few || s.expanded() > maxExpanded
}

func (s *textStage) dictionary() ([]byte, int, bounds) {
	if s.used == 0 {
		return nil, 0, bounds{}
	}
	s.encoded = s.encoded[:0]
	for c := range s.used {
		s.encoded = appendPlainText(s.encoded, s.dict.text(uint32(c)))
	}
	return s.encoded, s.used, s.dict.bounds(0, s.used-1)
}
