package infer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// warnOfNames tells of columns that no mapping can name: those without a name, and
// those that share one.
func (x *inference) warnOfNames() {
	for _, l := range x.layouts {
		if l.role == outRole || l.role == unknownRole {
			continue
		}
		at, order := map[string][]string{}, []string{}
		for i, name := range l.header {
			if name = strings.TrimSpace(name); at[name] == nil {
				order = append(order, name)
			}
			at[name] = append(at[name], strconv.Itoa(i+1))
		}
		const hint = "left out; to map one, give all columns names of your own with names: […]"
		for _, name := range order {
			switch n := len(at[name]); {
			case name == "" && n == 1:
				x.warn("%s: column %s has no name: %s", l.title(), at[name][0], hint)
			case name == "":
				x.warn("%s: columns %s have no name: %s", l.title(), list(at[name]), hint)
			case n > 1:
				x.warn("%s: columns %s are all called %q: %s", l.title(), list(at[name]), name, hint)
			}
		}
	}
}

// list joins words as a sentence does; of many, the first few.
func list(words []string) string {
	if n := len(words); n > 6 {
		words = append(slices.Clone(words[:5]), fmt.Sprintf("%d more", n-5))
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
