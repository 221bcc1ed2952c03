package silver

import (
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// Lines are repeated where their hash occurs again, however the hashes are
// split; so are lines whose hashes agree in many bits only by chance not.
func TestRepeatedHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 20), rapid.Custom(func(t *rapid.T) uint64 {
			return bits.Reverse64(rapid.Uint64Range(1, 40).Draw(t, "upper")) | rapid.Uint64Range(0, 3).Draw(t, "lower")
		}))
		var logs []*hashLog
		count := map[uint64]int{}
		for range rapid.IntRange(0, 3).Draw(t, "logs") {
			l := &hashLog{}
			for _, h := range rapid.SliceOf(hash).Draw(t, "hashes") {
				copies := 1
				if rapid.IntRange(0, 50).Draw(t, "many") == 0 {
					copies = blockSize - 3
				}
				for range copies {
					l.room(1)[0] = h
					count[h]++
				}
			}
			logs = append(logs, l)
		}
		got := repeatedHashes(logs, rapid.IntRange(1, 3).Draw(t, "workers"), rapid.SampledFrom([]int{1, 10, 1 << 20}).Draw(t, "round"), rapid.SampledFrom([]int{1, 5, 1 << 10}).Draw(t, "part"))
		block := 0
		for _, l := range logs {
			for _, b := range l.blocks {
				for i, h := range b {
					if want := h != 0 && count[h] > 1; got.has(int32(block<<blockBits+i)) != want {
						t.Fatalf("block %d line %d: hash %x occurs %d times, repeated: %v", block, i, h, count[h], !want)
					}
				}
				block++
			}
		}
	})
}
