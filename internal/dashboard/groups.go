package dashboard

import (
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
)

// grains are the coarser ones: a day is its own period.
var grains = [...]gold.Grain{gold.ByWeek, gold.ByMonth, gold.ByQuarter, gold.ByYear}

// calendar is which period of a grain each day lies in.
type calendar struct {
	starts []pipeline.Date
	of     []uint16 // by day: in starts
}

// Parts of all lines that combinations make up, in the order of Index.parts.
const (
	partCountry = iota
	partState
	partCategory
	partChannel
	partSegment
)

// partNames are what Figures.By calls them, and how their keys are called.
var partNames = [...][]string{{"country", "country_code"}, {"country", "state"}, {"category"}, {"channel"}, {"segment"}}

// partNamed is the name of each in Figures.By.
var partNamed = [...]string{"country", "state", "category", "channel", "segment"}

// part is one of them: groups of lines by one or two dimensions.
type part struct {
	of   []uint32   // by combination: the group
	keys [][]string // by group
}

// group sorts days and combinations into the groups that figures are given by.
func (x *Index) group() {
	for g, grain := range grains {
		c := &x.calendars[g]
		c.of = make([]uint16, x.days)
		for d := range c.of {
			day := x.first + pipeline.Date(d)
			if start := grain.Start(day); len(c.starts) == 0 || c.starts[len(c.starts)-1] != start {
				c.starts = append(c.starts, start)
			}
			c.of[d] = uint16(len(c.starts) - 1)
		}
	}
	for i := range x.parts {
		p := &x.parts[i]
		groups := map[[2]uint32]uint32{}
		for _, c := range x.combinations {
			var key [2]uint32
			var texts []string
			switch i {
			case partCountry:
				key[0] = c[byCountry]
				country := x.words[byCountry][key[0]]
				texts = []string{country, x.iso[country]}
			case partState:
				key = [2]uint32{c[byCountry], c[byState]}
				texts = []string{x.words[byCountry][key[0]], x.words[byState][key[1]]}
			default:
				dim := map[int]int{partCategory: byCategory, partChannel: byChannel, partSegment: bySegment}[i]
				key[0] = c[dim]
				texts = []string{x.words[dim][key[0]]}
			}
			group, ok := groups[key]
			if !ok {
				group = uint32(len(p.keys))
				groups[key] = group
				p.keys = append(p.keys, texts)
			}
			p.of = append(p.of, group)
		}
	}
}
