package infer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// link says that the values of a column are keys of another layout.
type link struct {
	from    *column
	to      *layout
	key     *column
	covers  float64 // share of from's records whose value the key has
	integer bool    // once a zero fraction is dropped: 17850.0 is 17850
	repeats float64 // share of the keys that more than one record has
	fill    bool    // to the layout's own records: what stands on one of an order's lines
}

func (k *link) reason() string {
	if k.fill {
		return "stands on an order's first line alone, and counts for its other lines"
	}
	how := ""
	if k.integer {
		how = " without .0"
	}
	return fmt.Sprintf("%s is unique in %s and has %s of the values%s", k.key.name, k.to.title(), share(k.covers), how)
}

func share(x float64) string {
	if x > 0.9999 {
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}

const (
	keyBytes   = 128 << 20 // of larger files only the keys are held that another file could name
	enoughKeys = 0.95
)

// linker finds links between the columns of layouts.
type linker struct {
	ctx     context.Context
	open    pipeline.Opener
	layouts []*layout
	keys    map[*column]*keySet
}

// keySet are all values of a column; of a very large file those that the others
// have in their samples.
type keySet struct {
	has      map[string]bool
	bare     map[string]bool // without a zero fraction; nil = as has
	repeated int
	err      error
}

// isKey reports whether a column could be the key of its layout: its values are
// unique in the sample, but for a few corrections.
func (l *layout) isKey(c *column) bool {
	return l.rows > 0 && c.name != "" && !l.repeats(c) && c.filled*100 >= l.rows*95 && c.unique >= 0.9 && c.dated.share < 0.5 && c.distinct > 0 &&
		(c.numeric < 0.95 || c.whole >= 0.99 && !styledNumbers(c)) && c.clock < 0.5
}

func styledNumbers(c *column) bool { return c.number.Currency || c.number.Percent }

// repeats reports whether the header has the column's name twice.
func (l *layout) repeats(c *column) bool {
	n := 0
	for _, o := range l.columns {
		if o.name == c.name {
			n++
		}
	}
	return n > 1
}

// all returns the key set of a column: of the sample where that is all there
// is, else of the files.
func (k *linker) all(l *layout, c *column) *keySet {
	if s := k.keys[c]; s != nil {
		return s
	}
	s := &keySet{has: make(map[string]bool, c.distinct)}
	k.keys[c] = s
	if l.whole {
		c.filledValues(func(_ int, v string, n int) { s.has[v] = true; s.repeated += n - 1 })
	} else {
		wanted := k.named(l)
		s.err = l.each(k.ctx, k.open, c, func(v string) {
			if v != "" && !slices.Contains(c.nulls, v) && (wanted == nil || wanted[bare(v)]) {
				if s.has[v] {
					s.repeated++
				} else {
					s.has[strings.Clone(v)] = true
				}
			}
		})
	}
	for v := range s.has {
		if b := bare(v); b != v {
			if s.bare == nil {
				s.bare = map[string]bool{}
			}
			s.bare[b] = true
		}
	}
	return s
}

// named are the values in the samples of the other layouts, that keys of a very
// large one are looked up for; nil = hold all keys.
func (k *linker) named(l *layout) map[string]bool {
	if l.size <= keyBytes {
		return nil
	}
	wanted := map[string]bool{}
	for _, o := range k.layouts {
		for _, c := range o.columns {
			if o != l && c.dated.share <= 0.5 && (c.numeric < 0.95 || c.whole >= 0.99) {
				c.filledValues(func(_ int, v string, _ int) { wanted[bare(v)] = true })
			}
		}
	}
	return wanted
}

// bare drops a zero fraction.
func bare(v string) string {
	if floatID.MatchString(v) {
		v, _, _ = strings.Cut(v, ".")
	}
	return v
}

// covers returns the share of a column's records whose value is a key.
func (k *linker) covers(from *column, l *layout, key *column) (share float64, integer bool) {
	s := k.all(l, key)
	hit, hitBare := 0, 0
	from.filledValues(func(_ int, v string, n int) {
		if s.has[v] {
			hit += n
			hitBare += n
		} else if b := bare(v); s.has[b] || s.bare[b] {
			hitBare += n
		}
	})
	if from.filled == 0 {
		return 0, false
	}
	if hitBare > hit && hitBare*10 >= from.filled*5 {
		return float64(hitBare) / float64(from.filled), true
	}
	return float64(hit) / float64(from.filled), false
}

// find finds the links of a layout's columns to the keys of the others.
func (k *linker) find(l *layout) error {
	for _, c := range l.columns {
		if c.filled == 0 || c.dated.share > 0.5 || l.repeats(c) || c.numeric > 0.95 && (c.whole < 0.99 || styledNumbers(c)) {
			continue
		}
		for _, to := range k.layouts {
			if to == l || alike(l, to) {
				continue
			}
			for _, key := range to.columns {
				if !to.isKey(key) || to.hasBetterKey(key) || !kindred(c, l, key, to) {
					continue
				}
				covers, integer := k.covers(c, to, key)
				if err := k.keys[key].err; err != nil {
					return err
				}
				if set := k.keys[key]; set.repeated*10 > len(set.has) || covers < 0.5 {
					continue
				}
				l.links = append(l.links, &link{from: c, to: to, key: key, covers: covers, integer: integer,
					repeats: float64(k.keys[key].repeated) / float64(max(1, len(k.keys[key].has)))})
			}
		}
	}
	byScore(l.links, func(k *link) float64 { return k.covers + affinity(k.from, l, k.key, k.to)/10 })
	return nil
}

// hasBetterKey reports whether a key is one by chance: a store's country is
// different for each of three stores, but their ids are what names them.
func (l *layout) hasBetterKey(key *column) bool {
	isID := func(c *column) bool {
		return slices.Contains(c.words, "id") || slices.Contains(c.words, "sku") || slices.Contains(c.words, "ean") || c.email > 0.5
	}
	return !isID(key) && slices.ContainsFunc(l.columns, func(c *column) bool { return c != key && isID(c) && l.isKey(c) })
}

// alike reports whether two layouts have most of their columns in common: such
// files hold the same, and are no references of each other.
func alike(a, b *layout) bool {
	n := 0
	for _, c := range a.columns {
		if b.column(c.name) != nil {
			n++
		}
	}
	return n > 2 && n*10 >= 6*max(len(a.columns), len(b.columns))
}

// kindred reports whether the names of a column and a key allow a link: small
// whole numbers are keys of anything otherwise.
func kindred(c *column, l *layout, key *column, to *layout) bool {
	if strings.EqualFold(c.name, key.name) && (!bareID(c) || c.numeric < 0.9) { // SKUs by a bare name say enough
		return true
	}
	return affinity(c, l, key, to) > 0
}

func bareID(c *column) bool { return len(meaningful(c.words)) == 0 }

// affinity says how much of what a key is a key of the column names: 0 where
// the thing itself is another one. InvoiceLineId is no key of an InvoiceId.
func affinity(c *column, l *layout, key *column, to *layout) float64 {
	said := meaningful(c.words)
	if len(said) == 0 { // a bare id: of the layout's own kind
		said = meaningful(l.stem)
	}
	thing, head := meaningful(key.words), true
	if len(thing) == 0 {
		for _, w := range meaningful(to.stem) {
			if known[w] || slices.Contains(said, w) {
				thing = append(thing, w)
			}
		}
	}
	if len(thing) == 0 || len(said) == 0 {
		return 0
	}
	n := 0.0
	for i, w := range thing {
		same := slices.Contains(said, w) || synonym(w, said)
		if same {
			n++
		}
		if i == len(thing)-1 {
			head = same
		}
	}
	if !head && !(len(thing) > 1 && n == float64(len(thing)-1) && qualifier[thing[len(thing)-1]]) {
		return 0
	}
	score := n / float64(len(thing))
	if !bareID(c) && strings.EqualFold(c.name, key.name) {
		score++
	}
	return score
}

// qualifier are words that may follow what a key is a key of.
var qualifier = set("unique sales list")

// synonym reports whether a shop would call the same thing so.
func synonym(w string, there []string) bool {
	for _, same := range [][]string{{"product", "item", "sku", "stock", "ean"}, {"order", "invoice", "receipt", "transaction", "sales"}, {"store", "location"}, {"country", "territory", "region"}} {
		if slices.Contains(same, w) {
			for _, s := range same {
				if slices.Contains(there, s) {
					return true
				}
			}
		}
	}
	return false
}

var meaningless = set("id name date time number at total first last full english original unique")

func meaningful(ws []string) []string {
	var out []string
	for _, w := range ws {
		if !meaningless[w] {
			out = append(out, w)
		}
	}
	return out
}

// best returns the strongest link of a column; nil = none.
func (l *layout) best(c *column) *link {
	for _, k := range l.links {
		if k.from == c {
			return k
		}
	}
	return nil
}
