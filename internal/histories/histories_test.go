package histories

import (
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
)

// incremental says that smelt run processes only what is new: that it exits with
// 99 where nothing is, that it knows --full-refresh, and that it skips copies.
const incremental = true

// TestMain makes runs with little memory put aside what they can, as with large
// shops: for them half of 64 MiB is in use from the start. That they also hold
// the collector to so little would only slow down the others.
func TestMain(m *testing.M) {
	os.Setenv("GOMEMLIMIT", "off")
	inUse := make([]byte, 48<<20)
	runtime.GC() // counts it
	code := m.Run()
	runtime.KeepAlive(inUse)
	os.Exit(code)
}

// TestHistories plays random histories. The first that fails is shrunk and ends
// the test.
func TestHistories(t *testing.T) {
	var failed atomic.Bool
	for seed := range uint64(histories(t)) {
		t.Run(strconv.FormatUint(seed+1, 10), func(t *testing.T) {
			t.Parallel()
			if failed.Load() {
				t.Skip("another failed")
			}
			h := newHistory(seed + 1)
			f, err := play(h, honest)
			if err != nil {
				t.Fatal(err)
			}
			if f != nil && !failed.Swap(true) {
				h, f = shrink(h, *f, honest, 1000)
				t.Fatalf("history %d, after run %d: %s\n%s", seed+1, f.run, f.detail, h)
			} else if f != nil {
				t.Errorf("history %d, after run %d: %s", seed+1, f.run, f.detail)
			}
		})
	}
}

// histories returns how many histories to play.
func histories(t *testing.T) int {
	if text := os.Getenv("SMELT_HISTORIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("SMELT_HISTORIES=%s: not a number of histories", text)
		}
		return n
	}
	if testing.Short() {
		return 30
	}
	return 200
}
