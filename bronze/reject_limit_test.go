package bronze

import "testing"

// TestRejectLimit: what a limit allows is exact, at its very boundary too.
func TestRejectLimit(t *testing.T) {
	for _, c := range []struct {
		limit             string
		rejected, records int64
		passed            bool
	}{
		{"0", 0, 10, false}, {"0", 1, 10, true}, {"0%", 1, 1000, true}, {"0%", 0, 0, false},
		{"3", 3, 3, false}, {"3", 4, 1000, true},
		{"0.57%", 57, 10_000, false}, {"0.57%", 58, 10_000, true}, {"1.13%", 113, 10_000, false},
		{"33.33%", 100, 300, true}, {"33.34%", 100, 300, false},
		{"100%", 10, 10, false}, {"1e-6%", 1, 100_000_000, false}, {"1e-6%", 2, 100_000_000, true},
	} {
		l, err := ParseRejectLimit(c.limit)
		if err != nil || l.passed(c.rejected, c.records) != c.passed {
			t.Errorf("%s of %d: %d passed? %v %v", c.limit, c.records, c.rejected, !c.passed, err)
		}
	}
	for p := int64(1); p < 10_000; p++ {
		l := RejectLimit{Set: true, Percent: float64(p) / 100}
		if l.passed(p, 10_000) || !l.passed(p+1, 10_000) {
			t.Errorf("%v of 10000", l)
		}
	}
	if (RejectLimit{}).passed(1, 1) {
		t.Error("no limit is one")
	}
}
