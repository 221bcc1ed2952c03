package silver

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Keys is a set of cleaned texts: orders, customers, products. It grows in one
// goroutine; afterwards Has is safe for concurrent use.
type Keys struct {
	texts    *pipeline.Dictionary
	clean    cleaner
	min, max []byte
}

// NewKeys returns an empty set.
func NewKeys() *Keys { return &Keys{texts: pipeline.NewDictionary()} }

// Len returns how many texts there are.
func (k *Keys) Len() int { return k.texts.Len() }

// Add adds a text as silver cleans it; an empty one is none.
func (k *Keys) Add(text []byte) error {
	v := k.clean.clean(text)
	if len(v) == 0 {
		return nil
	}
	n := k.texts.Len()
	if k.texts.Code(v) < 0 {
		return &pipeline.Error{Kind: pipeline.ErrData, Msg: "more than 2 GiB of different keys in one incremental run", Hint: "run it with --full-refresh"}
	}
	if k.texts.Len() > n {
		if k.min == nil || bytes.Compare(v, k.min) < 0 {
			k.min = bytes.Clone(v)
		}
		if bytes.Compare(v, k.max) > 0 {
			k.max = bytes.Clone(v)
		}
	}
	return nil
}

// AddAll adds the texts of a column.
func (k *Keys) AddAll(col arrow.Array) error {
	var last []byte
	for i := range col.Len() {
		v, ok := textAt(col, i)
		if !ok || bytes.Equal(v, last) && i > 0 {
			continue
		}
		if err := k.Add(v); err != nil {
			return err
		}
		last = v
	}
	return nil
}

// Has reports whether the set has a text, once it is cleaned.
func (k *Keys) Has(text []byte) bool {
	if !isClean(text) {
		var c cleaner
		text = c.clean(text)
	}
	return len(text) > 0 && k.texts.Find(text) >= 0
}

// In picks the rows of a bronze table whose column has one of the keys, as
// silver cleans it.
func (k *Keys) In(column string) pipeline.Where {
	return pipeline.Where{Column: column, Wants: k.Has}
}

// InClean is In for a silver table, whose texts are clean.
func (k *Keys) InClean(column string) pipeline.Where {
	return pipeline.Where{Column: column, Wants: func(v []byte) bool { return k.texts.Find(v) >= 0 }, Min: k.min, Max: k.max}
}
