package dashboard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/smeltdata/smelt/internal/judgetest"
)

var everyView = []string{"#/", "#/sales", "#/customers", "#/products", "#/regions", "#/own/gold.sales_by_weekday", "#/nowhere"}

// TestShots writes a picture of every view into the folder $SMELT_SHOTS, to be
// looked at; $SMELT_SHOTS_ONLY, such as "full 1440 light", leaves out all whose
// name lacks one of its words.
func TestShots(t *testing.T) {
	dir := os.Getenv("SMELT_SHOTS")
	if dir == "" {
		t.Skip("SMELT_SHOTS names the folder for pictures")
	}
	b := judgetest.Start(t)
	for _, f := range []struct {
		name string
		*fixture
	}{{"full", full()}, {"bare", bare()}} {
		data := pageOf(t, f.book("build"))
		for _, width := range []int64{1440, 820, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.Size(width, 900, scheme)
				b.Open(data, "#/")
				for i, at := range append(everyView, "#/sales?country=Germany&country=France&from=2025-01-01&to=2025-06-30", "#/products?category=Kitchen", "#/regions?show=growth&at=Germany") {
					name := fmt.Sprintf("%s-%02d-%d-%s", f.name, i, width, scheme)
					if !all(name, strings.Fields(os.Getenv("SMELT_SHOTS_ONLY"))) {
						continue
					}
					visit(b, at)
					judgetest.Eval[bool](b, "(async () => { for (let y = 0; y < document.documentElement.scrollHeight; y += 400) { scrollTo(0, y); await new Promise(done => setTimeout(done, 20)); } scrollTo(0, 0); await new Promise(done => setTimeout(done, 60)); return true })()")
					high := min(judgetest.Eval[float64](b, "document.documentElement.scrollHeight"), 6000)
					png := judgetest.Call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: float64(width), Height: high, Scale: 1}}).Data
					if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

func all(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// visit leads to another address of the page and waits until its view is there.
func visit(b *judgetest.Browser, at string) {
	b.Helper()
	judgetest.Eval[string](b, "location.hash = "+judgetest.Quoted(at))
	b.Until("document.documentElement.dataset.shown === (location.hash || '#/') && document.querySelector('#view h1') && !document.querySelector('main').hasAttribute('aria-busy')", at)
}
