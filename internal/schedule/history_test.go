package schedule

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

func TestHistory(t *testing.T) {
	lake := filepath.Join(t.TempDir(), "lake")
	if got, err := History(lake); err != nil || got != nil {
		t.Fatal(got, err)
	}
	at := time.Date(2026, 3, 1, 2, 15, 0, 0, time.UTC)
	first := Entry{Due: at, Started: at.Add(time.Second), Ended: at.Add(time.Minute), Outcome: Done, Run: "161741c6cd2e7a7e"}
	second := Entry{Due: at.Add(24 * time.Hour), Started: at.Add(24 * time.Hour), Ended: at.Add(25 * time.Hour), Outcome: Failed, Error: "a\nb"}
	for _, e := range []Entry{first, second} {
		if err := Append(lake, e); err != nil {
			t.Fatal(err)
		}
	}
	// A line that was cut off is passed over, and the next one is whole.
	path := filepath.Join(lake, "_smelt", "schedule.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, text[:20]...), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Append(lake, first); err != nil {
		t.Fatal(err)
	}
	got, err := History(lake)
	if diff := cmp.Diff([]Entry{first, second, first}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestHistoryIsBounded: the older half goes, whole lines at a time.
func TestHistoryIsBounded(t *testing.T) {
	lake := t.TempDir()
	at := time.Date(2026, 3, 1, 2, 15, 0, 0, time.UTC)
	for i := range 250 {
		if err := Append(lake, Entry{Due: at.Add(time.Duration(i) * time.Hour), Outcome: Failed, Error: strings.Repeat("e", 10_000)}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(lake, "_smelt", "schedule.jsonl"))
	if err != nil || len(text) > maxHistory+11_000 {
		t.Fatal(len(text), err)
	}
	got, err := History(lake)
	if err != nil || len(got) != bytes.Count(text, []byte("\n")) || len(got) < 50 {
		t.Fatal(len(got), err)
	}
	for i, e := range got {
		if want := at.Add(time.Duration(250-len(got)+i) * time.Hour); !e.Due.Equal(want) {
			t.Fatalf("entry %d of %d is of %s, not of %s", i, len(got), e.Due, want)
		}
	}
}

func TestHistoryErrors(t *testing.T) {
	lake := filepath.Join(t.TempDir(), "lake")
	if err := os.WriteFile(lake, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Append(lake, Entry{}); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "the history of runs") {
		t.Error(err)
	}
	lake = t.TempDir()
	if err := os.MkdirAll(historyPath(lake), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := History(lake); !errors.Is(err, pipeline.ErrInput) {
		t.Error(err)
	}
}
