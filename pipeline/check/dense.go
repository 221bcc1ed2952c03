package check

import (
	"encoding/binary"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// dense is a set of keys that are few texts and one integer, as the number of a
// record in a file: a bit for each integer, in pages. It belongs to one goroutine.
type dense struct {
	rests *pipeline.Dictionary // the keys without the integer
	sets  []map[int64]*page    // by rest
	pages int
	keys  int64
	more  map[string]int64 // rows of a key beyond the first one

	// Where the key before lies: the next one is often near it.
	before int
	at     int64
	found  *page
}

const pageBits = 1 << 13

type page [pageBits / 64]uint64

func newDense() *dense { return &dense{rests: pipeline.NewDictionary(), more: map[string]int64{}} }

// sparse reports whether the integers lie so far apart that a list takes less memory.
func (d *dense) sparse() bool { return d.pages > 64 && int64(d.pages)*pageBits/8 > 24*d.keys }

// rest returns the number of a rest.
func (d *dense) rest(b []byte) int {
	code := int(d.rests.Code(b))
	if code == len(d.sets) {
		d.sets = append(d.sets, map[int64]*page{})
	}
	return code
}

// add adds the key of an integer.
func (d *dense) add(rest int, v int64) {
	p := d.found
	if p == nil || rest != d.before || v>>13 != d.at {
		if p = d.sets[rest][v>>13]; p == nil {
			p = new(page)
			d.sets[rest][v>>13] = p
			d.pages++
		}
		d.before, d.at, d.found = rest, v>>13, p
	}
	bit := uint64(1) << (v & 63)
	if w := &p[v&(pageBits-1)>>6]; *w&bit == 0 {
		*w |= bit
		d.keys++
		return
	}
	d.more[string(d.key(nil, rest, v))]++
}

// addAll adds the keys of integers.
func addAll[T int32 | int64](d *dense, rest int, values []T) {
	for i := 0; i < len(values); {
		d.add(rest, int64(values[i]))
		p, at := d.found, values[i]>>13
		for i++; i < len(values) && values[i]>>13 == at; i++ {
			w, bit := &p[values[i]&(pageBits-1)>>6], uint64(1)<<(values[i]&63)
			if *w&bit != 0 {
				break
			}
			*w |= bit
			d.keys++
		}
	}
}

func (d *dense) key(dst []byte, rest int, v int64) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(v)), d.rests.Bytes(int32(rest))...)
}

// merge adds the keys of another set, which is used up.
func (d *dense) merge(o *dense) {
	for from, set := range o.sets {
		rest := d.rest(o.rests.Bytes(int32(from)))
		for at, p := range set {
			mine := d.sets[rest][at]
			if mine == nil {
				d.sets[rest][at] = p
				d.pages++
				continue
			}
			for i, w := range p {
				for both := mine[i] & w; both != 0; both &= both - 1 {
					d.more[string(d.key(nil, rest, at<<13|int64(i<<6|bits.TrailingZeros64(both))))]++
				}
				mine[i] |= w
			}
		}
	}
	d.keys += o.keys
	for key, n := range o.more {
		d.more[key] += n
	}
}

// each hands all keys to f, each as often as it is there.
func (d *dense) each(f func(rest []byte, v int64) error) error {
	for rest, set := range d.sets {
		for at, p := range set {
			for i, w := range p {
				for ; w != 0; w &= w - 1 {
					v := at<<13 | int64(i<<6|bits.TrailingZeros64(w))
					for range 1 + d.more[string(d.key(nil, rest, v))] {
						if err := f(d.rests.Bytes(int32(rest)), v); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	return nil
}

// denseColumns returns which of the columns is the integer, where a key is such
// as dense is made for; -1 where it is not.
func denseColumns(t *pipeline.Table, columns []string) int {
	number := -1
	for i, name := range columns {
		switch t.Columns[t.MustIndex(name)].Type.ID() {
		case arrow.INT64, arrow.INT32:
			if number >= 0 {
				return -1
			}
			number = i
		case arrow.DICTIONARY:
		default:
			return -1
		}
	}
	return number
}
