package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// buffer is what a command that still runs has written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// exportedTotal are the headline figures of a filter, as dashboard export writes them.
func exportedTotal(t *testing.T, config string, filter ...string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	smelt(t, append([]string{"dashboard", "export", "-c", config, "--target-path", dir}, filter...)...)
	text, err := os.ReadFile(filepath.Join(dir, "total.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	out := map[string]string{}
	for i, name := range rows[0] {
		out[name] = rows[1][i]
	}
	return out
}

// The served page in a browser: its headline figures are those of an export, whatever
// the filter, and after a run they are the new ones without a reload.
func TestDashboardInBrowser(t *testing.T) {
	b := judgetest.Start(t)
	dir := filepath.Join(t.TempDir(), "shop")
	config := filepath.Join(dir, "smelt.yml")
	smelt(t, "generate", "-o", dir, "--rows", "3000", "--seed", "3")
	smelt(t, "run", "-c", config)

	ctx, stop := context.WithCancel(context.Background())
	var out, failed buffer
	ended := make(chan int)
	go func() {
		ended <- Run(ctx, []string{"dashboard", "serve", "-c", config, "--addr", "127.0.0.1:0"}, &out, &failed)
	}()
	defer func() {
		stop()
		if code := <-ended; code != exitDone || failed.String() != "" {
			t.Errorf("serve ends with %d: %s", code, failed.String())
		}
	}()
	var url string
	for url == "" {
		select {
		case code := <-ended:
			t.Fatalf("serve ended with %d: %s", code, failed.String())
		default:
			url = regexp.MustCompile(`http://[^;]+`).FindString(out.String())
		}
	}
	b.Allow, b.Page = url, url
	b.Do(chromedp.Navigate(url + "#/sales"))
	shows := func(what string, want map[string]string) {
		t.Helper()
		for _, name := range []string{"revenue", "sales", "returns", "orders", "return_rate", "aov"} {
			b.Until("Number(document.querySelector('[data-figure="+name+"]')?.dataset.value) === "+want[name], what+": "+name+" is "+want[name])
		}
	}
	shows("all lines", exportedTotal(t, config))
	b.Visit("#/sales?from=2024-02-03&country=France&country=Germany&channel=web")
	shows("filtered", exportedTotal(t, config, "--from", "2024-02-03", "--country", "France", "--country", "Germany", "--channel", "web"))

	// A line more, of that filter.
	sales, err := filepath.Glob(filepath.Join(dir, "sales_*.csv"))
	if err != nil || len(sales) == 0 {
		t.Fatal(sales, err)
	}
	text, err := os.ReadFile(sales[len(sales)-1])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfterN(string(text), "\n", 3)
	if err := os.WriteFile(filepath.Join(dir, "sales_2099.csv"), []byte(lines[0]+regexp.MustCompile(`^[^,]+`).ReplaceAllString(lines[1], "NEW-1")), 0o666); err != nil {
		t.Fatal(err)
	}
	before := exportedTotal(t, config)
	smelt(t, "run", "-c", config)
	after := exportedTotal(t, config)
	if before["revenue"] == after["revenue"] {
		t.Fatalf("the run has changed nothing: %v", after)
	}
	b.Until("document.getElementById('news').textContent.includes('New figures')", "the note that a run has published")
	b.Visit("#/sales")
	shows("published", after)
}
