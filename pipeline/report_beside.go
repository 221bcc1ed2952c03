package pipeline

import (
	"maps"
	"slices"
)

// Beside completes the report of a run that has published the Selected tables by
// the others, which stay as the report before says; nil where there is none. Base
// becomes the report of the last run that has published all. The others are marked
// as Behind, but for those that a run with a selection has made of the same files.
// Where all tables but the selected ones are Base's, and made of the same files,
// nothing is behind: the report becomes one of all tables.
func (r *Report) Beside(before *Report) {
	if before == nil {
		return
	}
	mixed := before.Selected != nil
	if r.Base = before.Base; !mixed {
		base := *before
		r.Base = &base
	}
	beside, whole := mixed && r.sameFiles(before), r.Base != nil && r.sameFiles(r.Base)
	mine := r.Tables
	r.Tables = nil
	for _, t := range before.Tables {
		if i := slices.IndexFunc(mine, func(m TableReport) bool { return m.Name == t.Name }); i >= 0 {
			t = mine[i]
			mine = slices.Delete(mine, i, i+1)
		} else {
			t.Seconds, t.Rewritten = 0, nil
			switch {
			case t.Behind != "":
			case beside:
				r.Selected = append(r.Selected, t.Name)
			default:
				t.Behind = before.RunID
			}
			whole = whole && t.Behind == r.Base.RunID
		}
		r.Tables = append(r.Tables, t)
	}
	r.Tables = append(r.Tables, mine...)
	if !whole {
		return
	}
	r.Base, r.Selected = nil, nil
	for i := range r.Tables {
		r.Tables[i].Behind = ""
	}
}

// sameFiles reports whether the tables of another run are made of the same
// contents in the same way.
func (r *Report) sameFiles(o *Report) bool {
	return maps.Equal(r.Digests, o.Digests) && slices.EqualFunc(r.Sources, o.Sources, func(a, b SourceReport) bool {
		return a.Source == b.Source && a.File == b.File && a.Hash == b.Hash && a.Hash != ""
	})
}
