package parquetio

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/parquet-go/parquet-go/deprecated"
)

// instantOf turns a Julian day and nanoseconds of the day into microseconds. It
// wraps as Spark's own arithmetic does, which thus finds the year 290000 again.
func instantOf(v deprecated.Int96) arrow.Timestamp {
	nanos := int64(v[1])<<32 | int64(v[0])
	days := int64(int32(v[2])) - 2_440_588 // 1970-01-01
	return arrow.Timestamp(days*86_400_000_000 + nanos/1000)
}

// decimalOf reads a big-endian two's complement number.
func decimalOf(b []byte) (decimal128.Num, bool) {
	var hi, lo uint64
	if len(b) > 0 && b[0]&0x80 != 0 {
		hi, lo = ^uint64(0), ^uint64(0)
	}
	sign := byte(hi)
	for len(b) > 16 {
		if b[0] != sign {
			return decimal128.Num{}, false
		}
		b = b[1:]
	}
	if len(b) == 16 && (b[0]^sign)&0x80 != 0 {
		return decimal128.Num{}, false // a longer number that lost its sign
	}
	for _, c := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(c)
	}
	return decimal128.New(int64(hi), lo), true
}

// longDecimalOf reads a big-endian two's complement number of up to 32 bytes.
func longDecimalOf(b []byte) (decimal256.Num, bool) {
	var sign byte
	if len(b) > 0 && b[0]&0x80 != 0 {
		sign = 0xff
	}
	for len(b) > 32 {
		if b[0] != sign || (b[1]^sign)&0x80 != 0 {
			return decimal256.Num{}, false
		}
		b = b[1:]
	}
	var whole [32]byte
	for i := range whole {
		whole[i] = sign
	}
	copy(whole[32-len(b):], b)
	word := func(i int) uint64 { return binary.BigEndian.Uint64(whole[8*i:]) }
	return decimal256.New(word(0), word(1), word(2), word(3)), true
}

func uuidText(v []byte) []byte {
	out := make([]byte, 0, 36)
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, v[:n])
		v = v[n:]
	}
	return out
}
