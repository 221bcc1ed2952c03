package dashboard

import (
	"context"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// mostValues is how many values of a dimension a page lists.
const mostValues = 500

// dimensionParts are where Figures.By has the dimensions of filters, and their titles.
var dimensionParts = [...]struct {
	part  int
	title string
}{byCountry: {partCountry, "Country"}, byCategory: {partCategory, "Category"}, byChannel: {partChannel, "Channel"}, bySegment: {partSegment, "Customer segment"}}

// Book puts together what a page knows from the start; in mode "build" with the cube,
// in mode "serve" without. Its errors are those of Figures, and of kind ErrConfig for
// another mode.
func (x *Index) Book(ctx context.Context, mode string) (*Book, error) {
	if mode != "build" && mode != "serve" {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: mode, Msg: "there is no such kind of page", Hint: `it is "build" or "serve"`}
	}
	f, err := x.Figures(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	b := &Book{Mode: mode, Shop: x.shop, Measures: bookMeasures(), Dimensions: x.dimensions(f), Missing: x.missing(f), Figures: f}
	if mode == "build" {
		b.Cube, err = x.cube(ctx, b.Dimensions, mostCells)
	}
	return b, err
}

// dimensions are those with two values at least, by revenue.
func (x *Index) dimensions(f *Figures) []Dimension {
	out := []Dimension{}
	for dim, name := range filters {
		values := f.By[partNamed[dimensionParts[dim].part]].Keys[0]
		if len(values) > 1 {
			out = append(out, Dimension{Name: name, Title: dimensionParts[dim].title, Values: slices.Clone(values[:min(mostValues, len(values))])})
		}
	}
	return out
}

// missing is what the shop has no data for, and what would give it.
func (x *Index) missing(f *Figures) []Missing {
	costs := false
	for i := 0; i < x.lines && !costs; i++ {
		_, costs = x.cost.known(i)
	}
	values := func(part int) []string { return f.By[partNamed[part]].Keys[0] }
	only := func(part int, nothing ...string) bool {
		return !slices.ContainsFunc(values(part), func(v string) bool { return !slices.Contains(nothing, v) })
	}
	out := []Missing{}
	add := func(is bool, what, says string) {
		if is {
			out = append(out, Missing{What: what, Says: says})
		}
	}
	add(!costs, "cost", "No product has a cost, so there is no margin: map unit_cost of the products.")
	add(only(partCountry, "", "Unknown"), "geography", "No line has a country: map country of the sales or of the customers.")
	add(x.from[len(x.customers)] == 0, "customers", "All sales are guests': map customer_id of the sales.")
	add(len(values(partCategory)) <= 1, "categories", "All products are in one category: map category of the products.")
	add(only(partChannel, ""), "channels", "No line has a channel: map channel of the sales.")
	add(only(partSegment, ""), "segments", "No customer has a segment: map segment of the customers.")
	return out
}
