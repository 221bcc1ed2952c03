package silver

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// A set has what was added, as cleaned, and nothing else.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.OneOf(rapid.StringMatching(`[ RS][0-9]{0,9} ?`), rapid.String())).Draw(t, "texts")
		k, want := NewKeys(), map[string]bool{}
		var c cleaner
		for _, v := range texts {
			if err := k.Add([]byte(v)); err != nil {
				t.Fatal(err)
			}
			if v := string(c.clean([]byte(v))); v != "" {
				want[v] = true
			}
		}
		if k.Len() != len(want) {
			t.Fatalf("%d keys, want %d", k.Len(), len(want))
		}
		for _, v := range append(texts, rapid.SliceOf(rapid.StringMatching(`[RS][0-9]{0,9}`)).Draw(t, "others")...) {
			cleaned := string(c.clean([]byte(v)))
			if k.Has([]byte(v)) != want[cleaned] {
				t.Fatalf("Has(%q) is %t", v, !want[cleaned])
			}
			w := k.InClean("x")
			if w.Wants([]byte(cleaned)) != want[cleaned] || want[cleaned] && !w.Overlaps([]byte(cleaned), []byte(cleaned)) {
				t.Fatalf("InClean wants %q: %t", cleaned, !want[cleaned])
			}
		}
	})
}

func TestKeysWithout(t *testing.T) {
	a, b := NewKeys(), NewKeys()
	for i := range 10_000 {
		if err := a.Add(fmt.Appendf(nil, "S%d", i)); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := b.Add(fmt.Appendf(nil, "S%d", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := a.Without(b)
	for i := range 10_000 {
		if left.Has(fmt.Appendf(nil, "S%d", i)) != (i%3 != 0) {
			t.Fatal(i)
		}
	}
}
