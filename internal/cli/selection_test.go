package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Several selections may follow a flag, until the next.
func TestJoined(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"run --select a +b tag:c --exclude d e -o lake", "run|--select|a +b tag:c|--exclude|d e|-o|lake"},
		{"run --select=a b", "run|--select=a|b"},
		{"maintain x --select", "maintain|x|--select"},
		{"run --select --watch", "run|--select|--watch"},
		{"run -- --select a b", "run|--|--select|a|b"},
	} {
		if d := cmp.Diff(strings.Split(c.want, "|"), joined(strings.Fields(c.args))); d != "" {
			t.Errorf("%s: %s", c.args, d)
		}
	}
}
