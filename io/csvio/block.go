package csvio

import "encoding/binary"

const (
	low  = 0x7f7f7f7f7f7f7f7f
	high = 0x8080808080808080
	ones = 0x0101010101010101
	// atLine added to a byte's lower bits sets its top bit unless the byte is at
	// most CR, as the line ends, NUL and a tab are.
	atLine = 0x7272727272727272
)

// block is 64 bytes, each without its top bit.
type block [8]uint64

// load takes the first bytes of b. It returns the mask of those that are ASCII:
// masks have a bit for a byte, in their order.
func (w *block) load(b []byte) uint64 {
	p := (*[64]byte)(b)
	x0, x1 := binary.LittleEndian.Uint64(p[0:]), binary.LittleEndian.Uint64(p[8:])
	x2, x3 := binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[24:])
	x4, x5 := binary.LittleEndian.Uint64(p[32:]), binary.LittleEndian.Uint64(p[40:])
	x6, x7 := binary.LittleEndian.Uint64(p[48:]), binary.LittleEndian.Uint64(p[56:])
	w[0], w[1], w[2], w[3] = x0&low, x1&low, x2&low, x3&low
	w[4], w[5], w[6], w[7] = x4&low, x5&low, x6&low, x7&low
	if (x0|x1|x2|x3|x4|x5|x6|x7)&high == 0 {
		return ^uint64(0)
	}
	return ^mask(x0&high>>7 | x1&high>>6 | x2&high>>5 | x3&high>>4 | x4&high>>3 | x5&high>>2 | x6&high>>1 | x7&high)
}

// equal is the mask of the bytes that are the one repeated in c, but for their
// top bits.
func (w *block) equal(c uint64) uint64 {
	return ^mask((w[0]^c+low)&high>>7 | (w[1]^c+low)&high>>6 | (w[2]^c+low)&high>>5 | (w[3]^c+low)&high>>4 |
		(w[4]^c+low)&high>>3 | (w[5]^c+low)&high>>2 | (w[6]^c+low)&high>>1 | (w[7]^c+low)&high)
}

// small is the mask of the bytes that are at most CR, but for their top bits.
func (w *block) small() uint64 {
	return ^mask((w[0]+atLine)&high>>7 | (w[1]+atLine)&high>>6 | (w[2]+atLine)&high>>5 | (w[3]+atLine)&high>>4 |
		(w[4]+atLine)&high>>3 | (w[5]+atLine)&high>>2 | (w[6]+atLine)&high>>1 | (w[7]+atLine)&high)
}

// mask puts the bits of x in order: bit j of byte i is of byte i in word j.
func mask(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
