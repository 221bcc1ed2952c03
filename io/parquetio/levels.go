package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/rle"
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

// decodeLevels decodes n levels, one byte each: 1 is a value, 0 is NULL.
func decodeLevels(dst, src []byte, enc format.Encoding, n int) ([]byte, error) {
	if enc != format.BitPacked {
		return decodeBits(dst, src, n)
	}
	dst = grow(dst[:0], n)
	for i := range dst {
		dst[i] = src[i>>3] >> (7 - i&7) & 1
	}
	return dst, nil
}

// decodeBits decodes n bits out of runs, one byte each.
func decodeBits(dst, src []byte, n int) ([]byte, error) {
	dst = grow(dst[:0], n)
	for out := dst; len(out) > 0; {
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
			run := out[:min(head>>1, uint64(len(out)))]
			for i := range run {
				run[i] = src[0]
			}
			out, src = out[len(run):], src[1:]
			continue
		}
		size := min(head>>1, uint64(len(out)+7)/8)
		if size > uint64(len(src)) {
			return nil, errLevels
		}
		run := out[:min(8*int(size), len(out))]
		for i := range run {
			run[i] = src[i>>3] >> (i & 7) & 1
		}
		if head>>1 > uint64(len(src)) {
			head = uint64(len(src)) << 1 // the last run is cut short
		}
		out, src = out[len(run):], src[head>>1:]
	}
	return dst, nil
}

// decodeIndices decodes n dictionary indices, all below limit: a bit width and
// runs.
func decodeIndices(dst []int32, src []byte, n, limit int) ([]int32, error) {
	if n == 0 {
		return dst[:0], nil
	}
	if len(src) == 0 || src[0] > 32 {
		return nil, errors.New("a page of dictionary indices without their width")
	}
	width := int(src[0])
	runs, err := trimRuns(src[1:], width, n)
	if err != nil {
		return nil, err
	}
	if width == 0 {
		dst = append(dst[:0], make([]int32, n)...)
	} else if dst, err = (&rle.Encoding{BitWidth: width}).DecodeInt32(dst[:0], runs); err != nil {
		return nil, err
	}
	if len(dst) < n {
		return nil, errValues
	}
	dst = dst[:n]
	for _, i := range dst {
		if uint32(i) >= uint32(limit) {
			return nil, fmt.Errorf("dictionary index %d of %d", uint32(i), limit)
		}
	}
	return dst, nil
}

// trimRuns returns the runs that n values of a width take up. It pads the last
// one where its writer cut it short.
func trimRuns(src []byte, width, n int) ([]byte, error) {
	at := 0
	for n > 0 {
		head, k := binary.Uvarint(src[at:])
		if k <= 0 {
			return nil, errValues
		}
		at += k
		count, size := head>>1, uint64(width+7)/8
		if head&1 == 1 {
			count, size = head>>1*8, head>>1*uint64(width)
		}
		if head>>1 > maxPageValues || head&1 == 1 && head>>1 > uint64(n+7)/8+64 {
			return nil, fmt.Errorf("a run of %d indices where %d are left", count, n)
		}
		if left := uint64(len(src) - at); size > left {
			if head&1 == 0 || (uint64(n)*uint64(width)+7)/8 > left {
				return nil, errValues
			}
			src = append(src[:len(src):len(src)], make([]byte, size-left)...)
		}
		at += int(size)
		n -= int(min(count, uint64(n)))
	}
	return src[:at], nil
}
