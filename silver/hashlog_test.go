package silver

import (
	"errors"
	"math/bits"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// Lines are repeated where their hash occurs again, however the hashes are
// split, and whether they are in memory or not; so are lines whose hashes agree
// in many bits only by chance not.
func TestRepeatedHashes(t *testing.T) {
	full, never := pipeline.NewScratch(1, t.TempDir()), pipeline.NewScratch(0, t.TempDir())
	defer full.Close()
	defer never.Close()
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 20), rapid.Custom(func(t *rapid.T) uint64 {
			return bits.Reverse64(rapid.Uint64Range(1, 40).Draw(t, "upper")) | rapid.Uint64Range(0, 3).Draw(t, "lower")
		}))
		var logs []*hashLog
		var all [][]uint64 // all blocks
		count := map[uint64]int{}
		for range rapid.IntRange(0, 3).Draw(t, "logs") {
			l, blocks := &hashLog{scratch: rapid.SampledFrom([]*pipeline.Scratch{never, full}).Draw(t, "scratch")}, [][]uint64(nil)
			for _, h := range rapid.SliceOf(hash).Draw(t, "hashes") {
				copies := 1
				if rapid.IntRange(0, 50).Draw(t, "many") == 0 {
					copies = blockSize - 3
				}
				for range copies {
					at, err := l.room(1)
					if err != nil {
						t.Fatal(err)
					}
					at[0] = h
					count[h]++
					if last := len(blocks) - 1; last < 0 || len(blocks[last]) == blockSize {
						blocks = append(blocks, nil)
					}
					blocks[len(blocks)-1] = append(blocks[len(blocks)-1], h)
				}
			}
			logs, all = append(logs, l), append(all, blocks...)
		}
		got, err := repeatedHashes(logs, rapid.IntRange(1, 3).Draw(t, "workers"), rapid.SampledFrom([]int{1, 10, 1 << 20}).Draw(t, "round"), rapid.SampledFrom([]int{1, 5, 1 << 10}).Draw(t, "part"))
		if err != nil {
			t.Fatal(err)
		}
		for block, b := range all {
			for i, h := range b {
				if want := h != 0 && count[h] > 1; got.has(int32(block<<blockBits+i)) != want {
					t.Fatalf("block %d line %d: hash %x occurs %d times, repeated: %v", block, i, h, count[h], !want)
				}
			}
		}
	})
}

// Temporary files that cannot be written or read fail the key scan or Freeze.
func TestSpilledHashesErrors(t *testing.T) {
	lines := make([]bronze.Sale, spillWords<<spillBits)
	for i := range lines {
		lines[i] = bronze.Sale{OrderID: pipeline.Some("A"), LineNumber: pipeline.Some(int32(i)), SourceRow: int64(i), BatchID: "b"}
	}
	rec := bronze.Sales.Record(nil, lines)
	defer rec.Release()
	scan := func(scratch *pipeline.Scratch) (*Model, *KeyScan, error) {
		m, err := New(&bronze.Mapping{}, nil, nil, scratch)
		if err != nil {
			t.Fatal(err)
		}
		k := m.NewKeyScan()
		return m, k, k.Sales(0, false, rec)
	}
	if _, _, err := scan(pipeline.NewScratch(1, filepath.Join(t.TempDir(), "none"))); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("no folder: %v", err)
	}
	scratch := pipeline.NewScratch(1, t.TempDir())
	m, k, err := scan(scratch)
	if err != nil {
		t.Fatal(err)
	}
	if k.hashes.spill.file.Size() == 0 {
		t.Error("nothing was spilled")
	}
	if err := scratch.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Freeze(k); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a file that is gone: %v", err)
	}
}
