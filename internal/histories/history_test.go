package histories

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// history is what happens to the folder of a shop: files are written, smelt
// runs, more files are written, and so on.
type history []step

// step is what arrives before a run, and how the run is made.
type step struct {
	writes  []write
	workers int
	little  bool   // as little memory as smelt takes
	refresh bool   // --full-refresh
	selects string // --select, whose tables alone are published; "" = all
}

// write writes a file, over the one that is there. A row that stands in several
// writes is the same text in each, so that shrinking leaves it out of all.
type write struct {
	path  string
	lines []string
}

func (w write) content() string { return strings.Join(w.lines, "\n") + "\n" }

// source returns the name of the source that a path belongs to.
func (w write) source() string {
	name, _, _ := strings.Cut(strings.TrimSuffix(w.path, ".csv"), "_")
	return name
}

// newHistory draws the history of a seed.
func newHistory(seed uint64) history {
	r := random{rand.New(rand.NewPCG(seed, 6))}
	s := newShop(r)
	s.fill()
	h := make(history, r.between(2, 8))
	for i := range h {
		h[i] = step{workers: pick(r, 1, 1, 2, 4), little: r.chance(20), refresh: r.chance(4)}
	}
	h[0].writes = append(h[0].writes, write{"smelt.yml", s.config()})
	for _, src := range s.sources {
		switch {
		case src.single:
			s.deal(h, src, 1)
		case src.name == "sales":
			s.deal(h, src, r.between(1, 7))
		default:
			s.deal(h, src, r.between(1, 3))
		}
	}
	if at := r.between(1, len(h)-1); r.chance(20) {
		s.change()
		h[at].writes = append(h[at].writes, write{"smelt.yml", s.config()})
	}
	for i := range h {
		r.Shuffle(len(h[i].writes), func(a, b int) { w := h[i].writes; w[a], w[b] = w[b], w[a] })
	}
	// Drawn apart, so that the other histories are what they were.
	if s := (random{rand.New(rand.NewPCG(seed, 7))}); s.chance(40) {
		for i := range h {
			if s.chance(50) {
				h[i].selects = pick(s, "gold", "gold.sales_summary", "gold.customer_metrics gold.r*", "silver.fact_sales+", "silver.dim_*", "bronze.sales gold", "silver gold")
			}
		}
	}
	return slices.DeleteFunc(h, func(st step) bool { return len(st.writes) == 0 && r.chance(60) })
}

// deal deals the rows of a source over n files and the files over the runs; at
// least one is there at the first.
func (s *shop) deal(h history, src *source, n int) {
	numbers := s.Perm(n + 4) // names in an order of their own; some are left for copies
	parts := make([][]row, n)
	scattered := s.chance(50)
	for i, r := range src.rows {
		at := i * n / len(src.rows)
		if scattered {
			at = s.IntN(n)
		}
		parts[at] = append(parts[at], r)
		if s.chance(3) {
			at = s.IntN(n)
			parts[at] = append(parts[at], r)
		}
	}
	for i, rows := range parts {
		path := src.name + ".csv"
		if !src.single {
			path = fmt.Sprintf("%s_%d.csv", src.name, numbers[i]+1)
		}
		at := 0
		if i > 0 {
			at = s.IntN(len(h))
		}
		put := func(at int, path string, rows []row) {
			w := write{path, []string{src.header()}}
			for _, r := range rows {
				w.lines = append(w.lines, src.text(r.cells))
			}
			h[at].writes = append(slices.DeleteFunc(h[at].writes, func(o write) bool { return o.path == path }), w)
		}
		for {
			put(at, path, rows)
			if !src.single && s.chance(10) { // a copy, maybe of what the file then no longer holds
				put(s.between(at, len(h)-1), fmt.Sprintf("%s_%d.csv", src.name, numbers[n+s.IntN(4)]+1), rows)
			}
			if at == len(h)-1 || !src.single && s.chance(50) || s.chance(40) {
				break
			}
			at = s.between(at+1, len(h)-1) // the file again
			if s.chance(85) {              // else as it was
				rows = s.edit(src, rows)
			}
		}
	}
}

// edit returns rows of which some are left out, changed, added or moved.
func (s *shop) edit(src *source, rows []row) []row {
	var out []row
	of := pick(s.random, 2, 6, 12, 40)
	for _, r := range rows {
		switch s.IntN(of + 2) {
		case 0: // left out
			continue
		case 1, 2:
			c := s.IntN(len(src.columns))
			r.cells = slices.Clone(r.cells)
			r.cells[c] = src.columns[c].draw(&r.line)
		}
		out = append(out, r)
	}
	for s.chance(50) {
		r := src.row(pick(s.random, src.rows...).line)
		out = slices.Insert(out, s.IntN(len(out)+1), r)
	}
	if s.chance(10) {
		s.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	}
	return out
}

// String returns the history as a shell script that ends with the lake of the
// history in "lake" and that of a fresh run in "fresh".
func (h history) String() string {
	var b strings.Builder
	for i, st := range h {
		fmt.Fprintf(&b, "\n# run %d\n", i+1)
		for _, w := range st.writes {
			fmt.Fprintf(&b, "cat > %s <<'END'\n%sEND\n", w.path, w.content())
		}
		fmt.Fprintf(&b, "smelt '%s'\n", strings.Join(st.args(), "' '"))
	}
	return b.String() + "smelt run -o fresh\n"
}

// args are the arguments of a step's run.
func (st step) args() []string {
	args := []string{"run", "--json", fmt.Sprintf("--workers=%d", st.workers)}
	if st.little {
		args = append(args, "--memory=64MiB")
	}
	if st.refresh && incremental {
		args = append(args, "--full-refresh")
	}
	if st.selects != "" {
		args = append(args, "--select="+st.selects)
	}
	return args
}

// folder is what a folder holds: by path, the file.
type folder map[string]write

// after returns the folder after the writes of a step.
func (f folder) after(st step) folder {
	out := maps.Clone(f)
	for _, w := range st.writes {
		out[w.path] = w
	}
	return out
}

// inputs returns the files that smelt.yml names, and itself.
func (f folder) inputs() folder {
	config := f["smelt.yml"].content()
	out := folder{}
	for path, w := range f {
		if path == "smelt.yml" || strings.Contains(config, "files: "+path) || strings.Contains(config, w.source()+"_*.csv") {
			out[path] = w
		}
	}
	return out
}

// contents lists the different contents that each source has.
func (f folder) contents() []string {
	var out []string
	for _, w := range f {
		out = append(out, w.source()+"\n"+w.content())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type news int

const (
	nothing   news = iota // the same files with the same content
	copies                // content that the source has already, under other paths
	something             // all else
)

// since says what is new in a folder's inputs.
func (f folder) since(before folder) news {
	f, before = f.inputs(), before.inputs()
	switch {
	case maps.EqualFunc(f, before, func(a, b write) bool { return a.content() == b.content() }):
		return nothing
	case slices.Equal(f.contents(), before.contents()):
		return copies
	}
	return something
}
