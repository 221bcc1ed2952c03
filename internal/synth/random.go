package synth

import "math/bits"

// rng is splitmix64: a whole stream of random numbers in eight bytes, so that
// every order, customer and product can have a stream of its own and be made
// again at any time without what came before it.
type rng uint64

const golden = 0x9e3779b97f4a7c15

// Streams: what a random number is for. Two kinds of thing never share one.
const (
	streamShape = iota + 1
	streamOrder
	streamMess
	streamCustomer
	streamPerson
	streamProduct
	streamPopularity
	streamShuffle
)

// stream returns the random numbers of thing i of a kind.
func stream(seed uint64, kind int, i int64) rng {
	return rng(mix(mix(seed+uint64(kind)*golden) + uint64(i)*golden))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *rng) next() uint64 {
	*r += golden
	return mix(uint64(*r))
}

// below returns a number in 0..n-1; n is at least 1 and below 2^32.
func (r *rng) below(n int) int {
	return int(r.next() >> 32 * uint64(n) >> 32)
}

// between returns a number in lo..hi.
func (r *rng) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// chance is true p times in a hundred.
func (r *rng) chance(p int) bool { return r.below(100) < p }

// choose returns one of the list.
func choose[T any](r *rng, list []T) T { return list[r.below(len(list))] }

// weighted draws indexes in proportion to their weights, in constant time
// (Walker's alias method). It works in integers alone, because floating-point
// results may differ from one processor to another and the files must not.
type weighted struct {
	cut   []uint32 // keep the column when the low half of the draw is below
	other []int32  // else take this one
}

// newWeighted needs at least one weight above 0, and len × the largest below 2^63.
func newWeighted(weights []uint64) weighted {
	n := uint64(len(weights))
	var total uint64
	for _, w := range weights {
		total += w
	}
	t := weighted{cut: make([]uint32, n), other: make([]int32, n)}
	left := make([]uint64, n) // weight × n: a full column holds total
	var small, large []int32
	for i, w := range weights {
		left[i] = w * n
		if left[i] < total {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		hi, lo := bits.Mul64(left[s], 1<<32)
		q, _ := bits.Div64(hi, lo, total)
		t.cut[s], t.other[s] = uint32(q), l
		left[l] -= total - left[s]
		if left[l] < total {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, rest := range [][]int32{small, large} {
		for _, i := range rest {
			t.cut[i], t.other[i] = 1<<32-1, i
		}
	}
	return t
}

func (t *weighted) pick(r *rng) int32 {
	x := r.next()
	i := x >> 32 * uint64(len(t.cut)) >> 32
	if uint32(x) < t.cut[i] {
		return int32(i)
	}
	return t.other[i]
}
