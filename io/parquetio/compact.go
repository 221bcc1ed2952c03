package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// errShort says that a structure goes on past the bytes at hand.
var errShort = errors.New("it ends too early")

var errThrift = errors.New("it is not a Thrift structure")

// unmarshal decodes the structure at the beginning of b and returns its size.
// The structure is walked through first: a list longer than the bytes that are
// left or a nesting without end would have the decoder take all memory.
func unmarshal(b []byte, v any) (n int, err error) {
	rest, err := skipStruct(b, 0)
	if err != nil {
		return 0, err
	}
	n = len(b) - len(rest)
	return n, guard(func() error { return thrift.Unmarshal(new(thrift.CompactProtocol), b[:n], v) })
}

const maxDepth = 32 // of a structure; Parquet's own are 8 deep

// skipStruct returns what follows a structure in Thrift's compact protocol.
func skipStruct(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errThrift
	}
	for {
		if len(b) == 0 {
			return nil, errShort
		}
		head := b[0]
		b = b[1:]
		if head == 0 {
			return b, nil
		}
		var err error
		if head>>4 == 0 { // the field's number follows
			if b, _, err = uvarint(b); err != nil {
				return nil, err
			}
		}
		if kind := head & 15; kind > 2 { // 1 and 2 are true and false
			if b, err = skipValue(b, kind, depth); err != nil {
				return nil, err
			}
		}
	}
}

func skipValue(b []byte, kind byte, depth int) ([]byte, error) {
	fixed := 0
	switch kind {
	case 1, 2, 3: // an element of a list of booleans, a byte
		fixed = 1
	case 4, 5, 6: // integers
		b, _, err := uvarint(b)
		return b, err
	case 7: // double
		fixed = 8
	case 8: // bytes or text
		b, n, err := uvarint(b)
		if err != nil {
			return nil, err
		}
		if n > 1<<31-1 {
			return nil, errThrift
		}
		if n > uint64(len(b)) {
			return nil, errShort
		}
		return b[n:], nil
	case 9, 10: // list, set
		if len(b) == 0 {
			return nil, errShort
		}
		element, n := b[0]&15, uint64(b[0]>>4)
		b = b[1:]
		var err error
		if n == 15 {
			if b, n, err = uvarint(b); err != nil {
				return nil, err
			}
		}
		return skipValues(b, n, depth, element)
	case 11: // map
		b, n, err := uvarint(b)
		if err != nil || n == 0 {
			return b, err
		}
		if len(b) == 0 {
			return nil, errShort
		}
		return skipValues(b[1:], n, depth, b[0]>>4, b[0]&15)
	case 12:
		return skipStruct(b, depth+1)
	default:
		return nil, errThrift
	}
	if fixed > len(b) {
		return nil, errShort
	}
	return b[fixed:], nil
}

// skipValues passes n times over values of these kinds. Each takes a byte at
// least.
func skipValues(b []byte, n uint64, depth int, kinds ...byte) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errThrift
	}
	if n > uint64(len(b)) {
		return nil, errShort
	}
	var err error
	for range n {
		for _, kind := range kinds {
			if b, err = skipValue(b, kind, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// uvarint reads a variable-length integer.
func uvarint(b []byte) (rest []byte, v uint64, err error) {
	v, n := binary.Uvarint(b)
	switch {
	case n > 0:
		return b[n:], v, nil
	case n == 0:
		return nil, 0, errShort
	}
	return nil, 0, fmt.Errorf("an integer of more than 64 bits")
}
