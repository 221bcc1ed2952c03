package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// selection finds what a filter means. Errors are of kind pipeline.ErrConfig.
func (x *Index) selection(f Filter) (*selection, error) {
	s := &selection{to: x.days - 1, combinations: make([]bool, len(x.combinations))}
	from, err := dateOf("from", f.From)
	if err != nil {
		return nil, err
	}
	to, err := dateOf("to", f.To)
	if err != nil {
		return nil, err
	}
	if from.Valid && to.Valid && from.V > to.V {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: f.From + " to " + f.To, Msg: "the filter's first day is after its last", Hint: "exchange from and to"}
	}
	if from.Valid {
		s.from = max(0, int(from.V-x.first))
	}
	if to.Valid {
		s.to = min(x.days-1, int(to.V-x.first))
	}
	var in [len(filters)][]bool // by code; nil = all
	for name, values := range f.In {
		dim := slices.Index(filters[:], name)
		if dim < 0 {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: name, Msg: "there is no such dimension to filter by", Hint: hint(name, filters[:], "dimensions are ")}
		}
		if len(values) == 0 {
			continue
		}
		in[dim] = make([]bool, len(x.words[dim]))
		for _, v := range values {
			code := slices.Index(x.words[dim], v)
			if code < 0 {
				return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Column: name, Value: v, Msg: "no line has this value", Hint: hint(v, x.words[dim], name+" is one of ")}
			}
			in[dim][code] = true
		}
	}
	for i, c := range x.combinations {
		s.combinations[i] = true
		for dim, only := range in {
			if only != nil && !only[c[dim]] {
				s.combinations[i] = false
			}
		}
	}
	return s, nil
}

// hint names the nearest of the possible values, or the first few.
func hint(value string, possible []string, list string) string {
	if near := pipeline.Nearest(value, possible); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	var some []string
	for _, v := range possible {
		if v != "" && len(some) < 10 {
			some = append(some, v)
		}
	}
	return list + strings.Join(some, ", ")
}

// dateOf reads a filter's date; an empty one is open.
func dateOf(name, text string) (pipeline.Null[pipeline.Date], error) {
	if text == "" {
		return pipeline.Null[pipeline.Date]{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return pipeline.Null[pipeline.Date]{}, &pipeline.Error{Kind: pipeline.ErrConfig, Column: name, Value: text, Msg: "is no date", Hint: "write it as 2024-01-31"}
	}
	return pipeline.Some(pipeline.DateOf(t)), nil
}
