package histories

import (
	"slices"
	"strings"
)

// shrink returns a smaller history that fails in the same kind of way, and how:
// with fewer runs, files and lines. It ends when nothing more can be left out,
// or after so many tries.
func shrink(h history, f failure, run subject, tries int) (history, *failure) {
	try := func(smaller history) bool {
		if tries == 0 || len(smaller) == 0 {
			return false
		}
		tries--
		g, err := play(smaller, run)
		if err != nil || g == nil || g.kind != f.kind {
			return false
		}
		h, f = smaller[:g.run], *g
		return true
	}
	try(h[:f.run])
	for again := true; again && tries > 0; {
		again = false
		for i := len(h) - 2; i >= 0; i-- { // what a run found is found by the next
			again = i < len(h)-1 && try(h.joined(i)) || again
		}
		for i := len(h) - 1; i >= 0; i-- {
			for k := range slices.Backward(stepOf(h, i).writes) {
				again = i < len(h) && k < len(h[i].writes) && try(h.withoutWrite(i, k)) || again
			}
		}
		for i := range h {
			for k, w := range h[i].writes {
				for at := len(w.lines) - 1; at > 0 && w.path == "smelt.yml"; at-- {
					again = at < len(h[i].writes[k].lines) && try(h.withoutBlock(i, k, at)) || again
				}
			}
		}
		again = shrinkLines(&h, try) || again
	}
	for i := range h {
		plain := slices.Clone(h)
		plain[i] = step{writes: h[i].writes, workers: 1}
		try(plain)
	}
	return h, &f
}

// shrinkLines leaves out lines, smelt.yml's too, in ever smaller groups.
func shrinkLines(h *history, try func(history) bool) (smaller bool) {
	for size := len(h.lines()); size > 0; size /= 2 {
		for at := 0; ; {
			lines := h.lines()
			if at >= len(lines) {
				break
			}
			drop := map[string]bool{}
			for _, line := range lines[at:min(at+size, len(lines))] {
				drop[line] = true
			}
			if try(h.withoutLines(drop)) {
				smaller = true
			} else {
				at += size
			}
		}
	}
	return smaller
}

func stepOf(h history, i int) step {
	if i < len(h) {
		return h[i]
	}
	return step{}
}

// joined returns the history without run i, whose files arrive before the next.
func (h history) joined(i int) history {
	out := slices.Delete(slices.Clone(h), i, i+1)
	out[i].writes = slices.Concat(h[i].writes, h[i+1].writes)
	return out
}

func (h history) withoutWrite(i, k int) history {
	out := slices.Clone(h)
	out[i].writes = slices.Delete(slices.Clone(h[i].writes), k, k+1)
	return out
}

// withoutBlock returns the history without a line of a file and the lines below
// that are further in.
func (h history) withoutBlock(i, k, at int) history {
	out := slices.Clone(h)
	out[i].writes = slices.Clone(h[i].writes)
	lines := h[i].writes[k].lines
	in := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	end := at + 1
	for end < len(lines) && in(lines[end]) > in(lines[at]) {
		end++
	}
	out[i].writes[k].lines = slices.Delete(slices.Clone(lines), at, end)
	return out
}

// lines lists the different lines of a history's files but their first ones.
func (h history) lines() []string {
	var out []string
	seen := map[string]bool{}
	for _, st := range h {
		for _, w := range st.writes {
			for _, line := range w.lines[1:] {
				if !seen[line] {
					seen[line] = true
					out = append(out, line)
				}
			}
		}
	}
	return out
}

// withoutLines returns the history without lines, wherever they stand.
func (h history) withoutLines(drop map[string]bool) history {
	out := slices.Clone(h)
	for i := range out {
		out[i].writes = slices.Clone(out[i].writes)
		for k, w := range out[i].writes {
			kept := []string{w.lines[0]}
			for _, line := range w.lines[1:] {
				if !drop[line] {
					kept = append(kept, line)
				}
			}
			out[i].writes[k].lines = kept
		}
	}
	return out
}
