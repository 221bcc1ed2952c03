package dbt

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestPage opens dbt's own documentation page beside the artefacts in Chromium:
// the overview, a model with its columns, tests and figures, a source, the graph.
// SMELT_SHOTS names a folder for pictures of them.
func TestPage(t *testing.T) {
	python := judgetest.DBT(t)
	options := judgetest.Chromium(t)
	index, err := exec.Command(python, "-c", "import dbt.task.docs; print(dbt.task.docs.DOCS_INDEX_FILE_PATH)").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, shop(t, true)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(strings.TrimSpace(string(index)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dbt.html"), page, 0o666); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	b := &tab{T: t, url: server.URL}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(options, chromedp.WindowSize(1500, 1100))...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	defer chromedp.Cancel(ctx) // which waits, so that the profile can be deleted
	b.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := chromedp.Listen(b.ctx, func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.wrong = append(b.wrong, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, runtime.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}

	const project = "Muller_Sohne_s_shop"
	// Each view is ready when the page has the first of its texts.
	for _, view := range []struct {
		name, path string
		wants      []string
	}{
		{"overview", "overview", []string{"Checks: 40 passed, 1 warned", "Müller & Söhne's shop", "customer_metrics", "gold"}},
		{"model", "model/model." + project + ".fact_sales", []string{"One row per order line", "order_id", "VARCHAR", "incremental", "Last Modified", "Enforced", "is made by smelt", "Order that the line belongs to"}},
		{"gold", "model/model." + project + ".customer_metrics", []string{"One row per customer of dim_customers", "revenue", "DECIMAL(28,4)", "Rows", "80", "Size", "8 KB"}},
		{"source", "source/source." + project + ".files.sales", []string{"Files of bronze.sales: sales_1.csv, sales_2.csv.", "Total (€)", "107"}},
		{"exposure", "exposure/exposure." + project + ".smelt_docs", []string{"The documentation page that", "regional_sales"}},
	} {
		b.open("#!/"+view.path, "document.body && document.body.innerText.includes("+quote(view.wants[0])+")")
		text := strings.ToLower(eval[string](b, "document.body.innerText"))
		for _, want := range view.wants {
			if !strings.Contains(text, strings.ToLower(want)) {
				t.Errorf("%s has no %q", view.name, want)
			}
		}
		b.shot(view.name)
	}

	// The letters of a column's tests: N no NULL, A accepted values, F a key, + any other.
	b.open("#!/model/model."+project+".fact_sales", "document.querySelectorAll('tr.column-row').length > 20")
	letters := eval[map[string]string](b, `Object.fromEntries([...document.querySelectorAll('tr.column-row')].map(r => [r.cells[0].innerText.trim(), r.cells[4].innerText.replace(/\s+/g, '')]))`)
	got := map[string]string{}
	for _, column := range []string{"order_id", "line_type", "customer_id", "product_id", "quantity", "city"} {
		got[column] = letters[column]
	}
	if diff := cmp.Diff(map[string]string{"order_id": "N", "line_type": "NA", "customer_id": "F", "product_id": "NF", "quantity": "N+", "city": ""}, got); diff != "" {
		t.Errorf("tests of columns (-want +got):\n%s", diff)
	}

	// The graph has all tables, sources and the page that shows them.
	const graph = "angular.element(document.body).injector().get('graph').graph_element"
	b.open("#!/overview?g_v=1", "window.angular && angular.element(document.body).injector() && "+graph+" && "+graph+".nodes().length > 0")
	b.shot("graph")
	nodes := eval[[]string](b, graph+".nodes().map(n => n.data('unique_id'))")
	edges := eval[[]string](b, graph+".edges().map(e => e.data('source') + ' > ' + e.data('target'))")
	if len(nodes) != 13+3+1 {
		t.Errorf("the graph has %d nodes: %v", len(nodes), nodes)
	}
	model := "model." + project + "."
	for edge, want := range map[string]bool{
		"source." + project + ".files.sales > " + model + "sales":                        true,
		model + "fact_sales > " + model + "customer_metrics":                             true,
		model + "customer_metrics > exposure." + project + ".smelt_docs":                 true,
		model + "fact_sales > " + model + "dim_products" /* products that sales name */ : false,
	} {
		if slices.Contains(edges, edge) != want {
			t.Errorf("the graph has %s: %t, want %t", edge, !want, want)
		}
	}

	// The graph of one model, as its page opens it.
	b.open("#!/model/"+model+"customer_segmentation?g_v=1&g_i="+"%2Bcustomer_segmentation%2B", graph+" && "+graph+".nodes().length > 0")
	b.shot("lineage")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.wrong {
		t.Error(w)
	}
}

// tab is a page in Chromium.
type tab struct {
	*testing.T
	ctx   context.Context
	url   string
	mu    sync.Mutex
	wrong []string // exceptions of the page
}

// open loads an address, and waits until a script gives something true.
func (b *tab) open(at, ready string) {
	b.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+"/dbt.html"+at)); err != nil {
		b.Fatal(err)
	}
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("Boolean("+ready+")", chromedp.WithPollingTimeout(time.Minute))); err != nil {
		b.Fatalf("%s: %v", at, err)
	}
}

func eval[T any](b *tab, script string) T {
	b.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// shot keeps a picture.
func (b *tab) shot(name string) {
	b.Helper()
	dir := os.Getenv("SMELT_SHOTS")
	if dir == "" {
		return
	}
	time.Sleep(time.Second) // its animations
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "dbt-"+name+".png"), png, 0o666)
	}
	if err != nil {
		b.Fatal(err)
	}
}

func quote(s string) string {
	text, _ := encode(s)
	return string(text)
}
