package silver

import (
	"math/bits"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// hashLog keeps the hashes of keys in the order of their lines, in blocks; 0
// stands for a line without a key. Once scratch is full, all but the block that
// grows are in spill. It belongs to one goroutine.
type hashLog struct {
	scratch *pipeline.Scratch
	blocks  [][]uint64 // in memory
	spilled int        // blocks before these
	spill   *hashSpill // nil while all are in memory
}

const (
	blockBits = 14
	blockSize = 1 << blockBits
)

// len returns how many hashes there are. All blocks but the last are full.
func (l *hashLog) len() int {
	if len(l.blocks) == 0 {
		return l.spilled * blockSize
	}
	return (l.numBlocks()-1)*blockSize + len(l.blocks[len(l.blocks)-1])
}

func (l *hashLog) numBlocks() int { return l.spilled + len(l.blocks) }

// room adds up to n hashes, at least one, and returns them to be set; they are 0.
func (l *hashLog) room(n int) ([]uint64, error) {
	last := len(l.blocks) - 1
	if last < 0 || len(l.blocks[last]) == blockSize {
		if l.scratch.Full() {
			if err := l.put(); err != nil {
				return nil, err
			}
		}
		l.blocks = append(l.blocks, make([]uint64, 0, blockSize))
		last = len(l.blocks) - 1
	}
	b := l.blocks[last]
	have := len(b)
	b = b[:min(have+n, blockSize)]
	l.blocks[last] = b
	return b[have:], nil
}

// put puts the blocks in memory into the file. Afterwards there is room for
// whole blocks only: the last one may not have been full.
func (l *hashLog) put() error {
	if l.spill == nil {
		l.spill = newHashSpill(l.scratch.Spill())
	}
	for _, b := range l.blocks {
		if err := l.spill.add(b, uint64(l.spilled)<<blockBits); err != nil {
			return err
		}
		l.spilled++
	}
	l.blocks = nil
	return nil
}

// lineBits is how many bits of an entry tell the line; the others are of its
// hash.
const lineBits = 40

// repeatFinder finds the hashes in memory that occur more than once. It splits them by
// their upper bits: into rounds, which workers share and which bound the memory
// beside the logs, and a round into parts, of which each fits the cache. A part
// is a list of entries: bits of the hash below those that all of the part
// share, and the line + 1.
type repeatFinder struct {
	blocks              [][]uint64 // of all logs; a line's number is its block's << blockBits + its place there
	roundBits, partBits int        // partBits says the part of all, so is never less
	counts              []int64    // hashes by part
	repeated            bitset     // the outcome, by line
}

// repeatedHashes returns the lines whose hash occurs more than once, numbered
// through the logs' blocks. roundSize and partSize are the hashes that a round
// and a part have at most, about; there are 16 rounds at most. Where a log has
// spilled, the others follow, and neither size counts.
func repeatedHashes(logs []*hashLog, workers, roundSize, partSize int) (bitset, error) {
	var f repeatFinder
	total, spilled := 0, false
	for _, l := range logs {
		f.blocks, total, spilled = append(f.blocks, l.blocks...), total+l.len(), spilled || l.spill != nil
	}
	if spilled {
		return spilledRepeats(logs, workers)
	}
	for f.roundBits < 4 && total>>f.roundBits > roundSize {
		f.roundBits++
	}
	f.partBits = f.roundBits
	for total>>f.partBits > partSize {
		f.partBits++
	}
	f.counts = make([]int64, 1<<f.partBits)
	f.repeated = make(bitset, len(f.blocks)*(blockSize/64))
	counters := max(min(workers, len(f.blocks)), 1)
	err := spread(counters, counters, func() func(int) error {
		return func(task int) error { f.count(task, counters); return nil }
	})
	if err != nil {
		return nil, err
	}
	err = spread(min(workers, 1<<f.roundBits), 1<<f.roundBits, func() func(int) error {
		w := &roundWorker{f: &f}
		return func(round int) error { w.round(round); return nil }
	})
	return f.repeated, err
}

// spread runs the tasks 0 … n-1 on some goroutines, of which each makes the
// function that runs its tasks. A goroutine ends at its first error.
func spread(workers, n int, worker func() func(task int) error) error {
	var next atomic.Int64
	var g errgroup.Group
	for range max(workers, 1) {
		g.Go(func() error {
			run := worker()
			for task := int(next.Add(1)) - 1; task < n; task = int(next.Add(1)) - 1 {
				if err := run(task); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// count counts the hashes of one block in every step blocks by part.
func (f *repeatFinder) count(first, step int) {
	counts, shift := make([]int64, len(f.counts)), uint(64-f.partBits)
	for b := first; b < len(f.blocks); b += step {
		for _, h := range f.blocks[b] {
			if h != 0 {
				counts[h>>shift]++
			}
		}
	}
	for p, n := range counts {
		atomic.AddInt64(&f.counts[p], n)
	}
}

// hash returns a line's hash.
func (f *repeatFinder) hash(line uint64) uint64 {
	return f.blocks[line>>blockBits][line&(blockSize-1)]
}

// mark adds a line to a set that several goroutines fill.
func mark(set bitset, line uint64) {
	atomic.OrUint64(&set[line>>6], 1<<(line&63))
}

// roundWorker finds the repeated hashes of rounds.
type roundWorker struct {
	f       *repeatFinder
	entries []uint64
	ends    []int64
	chosen  [blockSize]uint16
	slots   []uint64 // a hash table of entries; 0 = free
	used    int
}

func (w *roundWorker) round(round int) {
	f := w.f
	parts := 1 << (f.partBits - f.roundBits)
	w.ends = resize(w.ends, parts)
	n := int64(0)
	for p, count := range f.counts[round*parts : (round+1)*parts] {
		w.ends[p] = n
		n += count
	}
	w.entries = resize(w.entries, int(n))
	partShift, roundShift := uint(64-f.partBits), uint(64-f.roundBits)
	for b, block := range f.blocks {
		// Which hashes belong here cannot be foreseen: there is no branch.
		k := 0
		for i, h := range block {
			w.chosen[k&(blockSize-1)] = uint16(i)
			mine := 0
			if h>>roundShift == uint64(round) {
				mine = 1
			}
			k += mine
		}
		line := uint64(b)<<blockBits + 1
		for _, i := range w.chosen[:k] {
			if h := block[i]; h != 0 {
				p := h>>partShift - uint64(round*parts)
				w.entries[w.ends[p]] = h<<f.partBits>>lineBits<<lineBits | (line + uint64(i))
				w.ends[p]++
			}
		}
	}
	start := int64(0)
	for _, end := range w.ends {
		w.part(w.entries[start:end])
		start = end
	}
}

// part finds the repeated hashes of one part.
func (w *roundWorker) part(entries []uint64) {
	if w.slots == nil {
		w.slots = make([]uint64, 1024)
	}
	clear(w.slots)
	w.used = 0
	for _, e := range entries {
		if before := w.add(e); before != 0 {
			mark(w.f.repeated, lineOf(before))
			mark(w.f.repeated, lineOf(e))
		}
	}
}

func lineOf(entry uint64) uint64 { return entry&(1<<lineBits-1) - 1 }

// add adds an entry to the table, or returns one with its hash that is there.
func (w *roundWorker) add(e uint64) uint64 {
	mask := uint64(len(w.slots) - 1)
	i := e >> (64 - uint(bits.Len64(mask)))
	for ; w.slots[i] != 0; i = (i + 1) & mask {
		if v := w.slots[i]; v>>lineBits == e>>lineBits && w.f.hash(lineOf(v)) == w.f.hash(lineOf(e)) {
			return v
		}
	}
	w.slots[i] = e
	if w.used++; w.used*2 > len(w.slots) {
		old := w.slots
		w.slots, w.used = make([]uint64, len(old)*2), 0
		for _, e := range old {
			if e != 0 {
				w.add(e)
			}
		}
	}
	return 0
}
