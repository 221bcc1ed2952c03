package pipeline

import (
	"cmp"
	"maps"
	"slices"
)

// Beside completes the report of a run that has published the Selected tables by
// the others, which stay as the report before says; nil where there is none. Where
// those are made of the same files in the same way nothing is behind, and the
// report becomes one of all tables. Else the others are marked as Behind, and Base
// is the report of the last run that has published all.
func (r *Report) Beside(before *Report) {
	if before == nil {
		return
	}
	if r.Base = before.Base; before.Selected == nil {
		base := *before
		r.Base = &base
	}
	same := r.Base != nil && maps.Equal(r.Digests, r.Base.Digests) && slices.EqualFunc(r.Sources, r.Base.Sources, func(a, b SourceReport) bool {
		return a.Source == b.Source && a.File == b.File && a.Hash == b.Hash && a.Hash != ""
	})
	mine := r.Tables
	r.Tables = nil
	for _, t := range before.Tables {
		if i := slices.IndexFunc(mine, func(m TableReport) bool { return m.Name == t.Name }); i >= 0 {
			t = mine[i]
			mine = slices.Delete(mine, i, i+1)
		} else {
			t.Behind = cmp.Or(t.Behind, before.RunID)
			same = same && t.Behind == r.Base.RunID
			t.Seconds, t.Rewritten = 0, nil
		}
		r.Tables = append(r.Tables, t)
	}
	r.Tables = append(r.Tables, mine...)
	if !same {
		return
	}
	r.Base, r.Selected = nil, nil
	for i := range r.Tables {
		r.Tables[i].Behind = ""
	}
}
