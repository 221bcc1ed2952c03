package docs

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// everyView are addresses that lead to each view of shop and healthy.
var everyView = []string{"#/", "#/tables", "#/table/silver.fact_sales", "#/table/gold.customer_metrics/column/clv", "#/checks", "#/checks/failing", "#/check/" + failing, "#/runs", "#/run/run-id",
	"#/sources", "#/source/source.sales", "#/graph", "#/graph/gold.customer_metrics", "#/entities", "#/lineage", "#/lineage/gold.customer_metrics/revenue", "#/lineage/gold.customer_metrics/revenue/direct", "#/nowhere"}

func views(c *catalog.Catalog) []string {
	var out []string
	for _, at := range everyView {
		if strings.Contains(at, "run-id") && len(c.Runs) == 0 {
			continue
		}
		if len(c.Runs) > 0 {
			at = strings.ReplaceAll(at, "run-id", url.PathEscape(c.Runs[0].ID))
		}
		out = append(out, at)
	}
	return out
}

// TestShots writes a picture of every view into the folder $SMELT_SHOTS, to be
// looked at.
func TestShots(t *testing.T) {
	dir := os.Getenv("SMELT_SHOTS")
	if dir == "" {
		t.Skip("SMELT_SHOTS names the folder for pictures")
	}
	b := judgetest.Start(t)
	for _, c := range []struct {
		name string
		*catalog.Catalog
	}{{"shop", shop(t)}, {"healthy", healthy(t)}, {"empty", empty(t)}, {"hostile", hostile()}} {
		b.Open(write(b, c.Catalog), "#/")
		for _, width := range []int64{1440, 820, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.Size(width, 900, scheme)
				for i, at := range append(views(c.Catalog), "#/lineage/gold.customer_metrics/orders", "search") {
					if c.name != "shop" && i > 2 && scheme == "dark" {
						continue
					}
					if at == "search" {
						b.Press("/")
						b.Keys("revenue sum")
					} else {
						b.Visit(at)
					}
					judgetest.Eval[bool](b, "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true), 30)))")
					high := min(judgetest.Eval[float64](b, "document.documentElement.scrollHeight"), 3200)
					png := judgetest.Call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: float64(width), Height: high, Scale: 1}}).Data
					name := fmt.Sprintf("%s-%02d-%d-%s.png", c.name, i, width, scheme)
					if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				b.Keys(judgetest.Escape)
			}
		}
	}
}
