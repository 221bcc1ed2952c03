package gold

import (
	"math/bits"
	"sync"

	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

// sums are the sums of one grouping. Those of few groups are each worker's own,
// and are merged in the end. Those by customer or product are there once, for
// all workers: in stripes, each with its lock, so that workers rarely wait for
// each other. Group g is group g / n of stripe g % n, where there are n stripes,
// a power of two. Once every line has been added, anyone may read without a lock.
type sums struct {
	stripes []stripe
	shift   int // log2 of how many
}

type stripe struct {
	mu sync.Mutex
	accumulator
	_ [48]byte // no two locks in one cache line
}

// maxStripes bounds how many stripes shared sums have.
const maxStripes = 64

// newSums returns the sums of one worker, or those that several share: twice as
// many stripes are enough, and fewer locks go from one processor to another.
func newSums(workers int) *sums {
	if workers == 1 {
		return &sums{make([]stripe, 1), 0}
	}
	shift := bits.Len(uint(min(2*workers, maxStripes) - 1))
	return &sums{make([]stripe, 1<<shift), shift}
}

func (s *sums) shared() bool { return len(s.stripes) > 1 }

// room returns how many groups a stripe has where there are n in all, or one more.
func (s *sums) room(n int) int { return (n + len(s.stripes) - 1) >> s.shift }

// grow makes room for n groups.
func (s *sums) grow(n int) {
	for i := range s.stripes {
		s.stripes[i].grow(s.room(n))
	}
}

// of returns where a group is.
func (s *sums) of(group int32) (*accumulator, int32) {
	return &s.stripes[int(group)&(len(s.stripes)-1)].accumulator, group >> s.shift
}

// add adds a block's lines, or runs, to their groups, of which there are n.
func (s *sums) add(b *block, groups []int32, n int, some []amounts, marks []mark) {
	if !s.shared() {
		s.stripes[0].add(groups, some, marks)
		return
	}
	var ends [maxStripes]int
	mask := int32(len(s.stripes)-1) & (maxStripes - 1)
	for _, g := range groups {
		ends[g&mask]++
	}
	at := 0
	for k := range s.stripes {
		at, ends[k] = at+ends[k], at
	}
	order := b.order[:len(groups)]
	for i, g := range groups {
		e := &ends[g&mask]
		order[*e] = uint8(i)
		*e++
	}
	at, n = 0, s.room(n)
	for k := range s.stripes {
		if at == ends[k] {
			continue
		}
		t := &s.stripes[k]
		t.mu.Lock()
		t.grow(n)
		for _, i := range order[at:ends[k]] {
			g := groups[i] >> s.shift
			t.sums[g].add(&some[i])
			t.marks[g].add(marks[i])
		}
		t.mu.Unlock()
		at = ends[k]
	}
}

// addWide adds a block whose amounts are so large that a few thousand of them
// could overflow 64 bits. Groups are those of runs or of lines.
func (s *sums) addWide(b *block, groups []int32, n int, starts []int32, byRun bool) {
	add := func(group int32, l *amounts, m mark) {
		t := &s.stripes[int(group)&(len(s.stripes)-1)]
		t.mu.Lock()
		defer t.mu.Unlock()
		t.grow(s.room(n))
		t.addWide(group>>s.shift, l)
		t.marks[group>>s.shift].add(m)
	}
	for r, m := range b.marks {
		for i := starts[r] - starts[0]; i < starts[r+1]-starts[0]; i++ {
			if byRun {
				add(groups[r], &b.lines[i], m)
			} else {
				add(groups[i], &b.lines[i], b.each[i])
			}
		}
	}
}

// flush moves the 64-bit sums to the wide ones.
func (s *sums) flush() {
	for i := range s.stripes {
		t := &s.stripes[i]
		t.mu.Lock()
		t.accumulator.flush()
		t.mu.Unlock()
	}
}

// merge adds a group of other sums to one of these.
func (s *sums) merge(group int32, o *sums, from int32) {
	a, at := s.of(group)
	b, from := o.of(from)
	a.merge(at, b, from)
}

// mark returns what is known of a group besides its sums.
func (s *sums) mark(group int32) *mark {
	a, at := s.of(group)
	return &a.marks[at]
}

// has reports whether the group has any of the flags.
func (s *sums) has(group int32, flags uint32) bool { return s.mark(group).flags&flags != 0 }

// total returns one of the group's sums.
func (s *sums) total(group int32, sum metrics.Base) pipeline.Total {
	a, at := s.of(group)
	return a.total(at, sum)
}
