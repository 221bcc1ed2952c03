package pipeline

import (
	"bytes"
	"iter"
)

// Where picks rows of a table that is read back: those whose value of a text
// column is wanted. Several Wheres are alternatives: a row that any of them
// picks is read. NULL is never wanted.
type Where struct {
	Column string
	Wants  func(value []byte) bool // safe for concurrent use; the value is lent
	// Min and Max bound the values that Wants wants in byte order, so that readers
	// may pass over what statistics exclude; nil = no bound is known.
	Min, Max []byte
	// Values lists all that Wants wants, for readers that can tell of single values
	// where they are not; nil = they cannot be listed.
	Values iter.Seq[[]byte]
}

// Overlaps reports whether a value between min and max, both included, may be
// wanted. nil is a bound that is not known.
func (w *Where) Overlaps(min, max []byte) bool {
	if w.Min != nil && max != nil && bytes.Compare(max, w.Min) < 0 {
		return false
	}
	return w.Max == nil || min == nil || bytes.Compare(min, w.Max) <= 0
}
