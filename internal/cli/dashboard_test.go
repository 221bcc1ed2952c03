package cli

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// followEvents is the command events OUT FILE: it writes the events of the server
// whose address is the first in the file OUT to FILE, as they come.
func followEvents(ts *testscript.TestScript, _ bool, args []string) {
	url := regexp.MustCompile(`http://[^/]+`).FindString(ts.ReadFile(args[0]))
	ctx, stop := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/events", nil)
	ts.Check(err)
	got, err := http.DefaultClient.Do(r)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(f, got.Body) // until the server or the test ends
	}()
	ts.Defer(func() {
		stop()
		<-ended
		_ = got.Body.Close()
		_ = f.Close()
	})
}

// sortedColumns is the command columns FILE TO NAME,…: it writes these columns of a CSV
// file, its lines sorted and without the header.
func sortedColumns(ts *testscript.TestScript, _ bool, args []string) {
	records, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	var lines []string
	for _, record := range records[1:] {
		var cells []string
		for _, name := range strings.Split(args[2], ",") {
			at := slices.Index(records[0], name)
			if at < 0 {
				ts.Fatalf("%s has no column %s", args[0], name)
			}
			cells = append(cells, record[at])
		}
		lines = append(lines, strings.Join(cells, ";")+"\n")
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o666))
}
