package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/parquet-go/format"
)

var errLevels = errors.New("a page has fewer definition levels than values")

// levelsOf cuts the definition levels off the values of a version 1 data page.
func levelsOf(data []byte, enc format.Encoding, n int) (levels, rest []byte, err error) {
	switch enc {
	case format.RLE:
		if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
			return nil, nil, errLevels
		}
		end := 4 + int(binary.LittleEndian.Uint32(data))
		return data[4:end], data[end:], nil
	case format.BitPacked:
		size := (n + 7) / 8
		if size > len(data) {
			return nil, nil, errLevels
		}
		return data[:size], data[size:], nil
	}
	return nil, nil, fmt.Errorf("definition levels in the encoding %s", enc)
}

// decodeLevels decodes n levels into a bitmap: 1 is a value, 0 is NULL.
func decodeLevels(dst, src []byte, enc format.Encoding, n int) ([]byte, error) {
	if enc != format.BitPacked {
		return decodeBits(dst, src, n)
	}
	dst = grow(dst[:0], (n+7)/8)
	for i := range dst {
		dst[i] = bits.Reverse8(src[i])
	}
	return dst, nil
}

// decodeBits decodes n bits out of runs into a bitmap.
func decodeBits(dst, src []byte, n int) ([]byte, error) {
	dst = grow(dst[:0], (n+7)/8)
	for at := 0; at < n; {
		rest, head, err := uvarint(src)
		if err != nil {
			return nil, errLevels
		}
		src = rest
		if head&1 == 0 {
			if len(src) == 0 {
				return nil, errLevels
			}
			if src[0] > 1 {
				return nil, fmt.Errorf("a level of %d where 1 is the highest", src[0])
			}
			k := int(min(head>>1, uint64(n-at)))
			bitutil.SetBitsTo(dst, int64(at), int64(k), src[0] == 1)
			at, src = at+k, src[1:]
			continue
		}
		size := min(head>>1, uint64(n-at+7)/8)
		if size > uint64(len(src)) {
			return nil, errLevels
		}
		k := min(8*int(size), n-at)
		bitutil.CopyBitmap(src, 0, k, dst, at)
		// The last run may be cut short.
		at, src = at+k, src[min(head>>1, uint64(len(src))):]
	}
	return dst, nil
}

// run is a run of dictionary indices: of one, or of packed ones.
type run struct {
	end    int32 // the value that follows it
	packed int32 // where its indices begin, 0 = it is of one
	first  int32 // its first value
	index  uint32
}

// indices are the dictionary indices of a page.
type indices struct {
	src   []byte
	width uint
	limit uint32 // they are below it
	runs  []run
	at    int // the run that was read last
}

// parse finds the runs of n indices, all below limit: a bit width and runs.
func (x *indices) parse(src []byte, n, limit int) error {
	x.src, x.limit, x.runs, x.at = src, uint32(limit), x.runs[:0], 0
	if n == 0 {
		return nil
	}
	if len(src) == 0 || src[0] > 32 {
		return errors.New("a page of dictionary indices without their width")
	}
	x.width = uint(src[0])
	for at, done := 1, 0; done < n; {
		head, k := binary.Uvarint(src[at:])
		if k <= 0 {
			return errValues
		}
		at += k
		left := uint64(len(src) - at)
		r := run{first: int32(done)}
		var size uint64
		if head&1 == 0 {
			size = uint64(x.width+7) / 8
			if size > left {
				return errValues
			}
			for i := range size {
				r.index |= uint32(src[at+int(i)]) << (8 * i)
			}
			if r.index >= x.limit {
				return x.beyond(r.index)
			}
			done += int(min(head>>1, uint64(n-done)))
		} else {
			// The last run may be cut short where its writer had no more values.
			groups := min(head>>1, uint64(n-done+7)/8)
			k := min(int(groups)*8, n-done)
			size = min(head>>1, uint64(len(src))) * uint64(x.width)
			if (uint64(k)*uint64(x.width)+7)/8 > left {
				return errValues
			}
			size = min(size, left)
			if r.packed = int32(at); x.width == 0 {
				r.packed = 0
				if limit == 0 {
					return x.beyond(0)
				}
			}
			done += k
		}
		at += int(size)
		if r.end = int32(done); r.end > r.first {
			x.runs = append(x.runs, r)
		}
	}
	return nil
}

func (x *indices) beyond(index uint32) error {
	return fmt.Errorf("dictionary index %d of %d", index, x.limit)
}

// read replaces ascending positions of values by their indices. A negative
// position stays.
func (x *indices) read(at []int32) error {
	k := 0
	for k < len(at) && at[k] < 0 {
		k++
	}
	if k < len(at) && x.at < len(x.runs) && at[k] < x.runs[x.at].first {
		x.at = 0
	}
	mask := uint64(1)<<x.width - 1
	for k < len(at) {
		for at[k] >= x.runs[x.at].end {
			x.at++
		}
		r := x.runs[x.at]
		if r.packed == 0 {
			for ; k < len(at) && at[k] < r.end; k++ {
				if at[k] >= 0 {
					at[k] = int32(r.index)
				}
			}
			continue
		}
		src := x.src[r.packed:]
		most := uint32(0)
		for ; k < len(at) && at[k] < r.end; k++ {
			if at[k] < 0 {
				continue
			}
			bit := uint(at[k]-r.first) * x.width
			var word uint64
			if b := src[bit>>3:]; len(b) >= 8 {
				word = binary.LittleEndian.Uint64(b)
			} else {
				for i, c := range b {
					word |= uint64(c) << (8 * i)
				}
			}
			index := uint32(word >> (bit & 7) & mask)
			most = max(most, index)
			at[k] = int32(index)
		}
		if most >= x.limit {
			return x.beyond(most)
		}
	}
	return nil
}
