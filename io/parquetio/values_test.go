package parquetio

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

func TestLongDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"": "0", "\x05": "5", "\xff": "-1", "\x00\xff": "255",
		"\x7f" + string(bytes.Repeat([]byte{0xff}, 31)):  "57896044618658097711785492504343953926634992332820282019728792003956564819967",
		string(bytes.Repeat([]byte{0xff}, 40)):           "-1",
		string(bytes.Repeat([]byte{0}, 40)) + "\x07":     "7",
		"\x01" + string(bytes.Repeat([]byte{0}, 32)):     "",
		"\x00\xff" + string(bytes.Repeat([]byte{0}, 31)): "",
	} {
		d, ok := longDecimalOf([]byte(in))
		if ok != (want != "") || ok && d.BigInt().String() != want {
			t.Errorf("%x is %v, %v, want %q", in, d.BigInt(), ok, want)
		}
	}
}

// TestLZ4 reads what writers called LZ4: Hadoop's blocks of parts, and a bare block.
func TestLZ4(t *testing.T) {
	text := bytes.Repeat([]byte("two lamps, four bulbs; "), 100)
	part := func(src []byte) []byte {
		dst := make([]byte, lz4.CompressBlockBound(len(src)))
		n, err := lz4.CompressBlock(src, dst, nil)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		return dst[:n]
	}
	size := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	a, b, c := text[:1000], text[1000:1500], text[1500:]
	var framed []byte
	for _, x := range [][]byte{size(1500), size(len(part(a))), part(a), size(len(part(b))), part(b), size(0), size(len(c)), size(len(part(c))), part(c)} {
		framed = append(framed, x...)
	}
	d := decompressor{codec: format.Lz4}
	for name, src := range map[string][]byte{"Hadoop": framed, "bare": part(text)} {
		if got, err := d.decompress(src, len(text)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %v", name, err)
		}
		for cut := range len(src) {
			if got, err := d.decompress(src[:cut], len(text)); err == nil {
				t.Errorf("%s: %d bytes of %d give %d", name, cut, len(src), len(got))
			}
		}
	}
}
