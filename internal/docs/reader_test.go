package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// A failing check is found, and its failing rows seen, within three clicks of
// the start page; a banner says what it did to the run and leads there too.
func TestFailingCheck(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "")
	b.heading("The last run published nothing")
	for _, by := range []struct {
		what   string
		clicks []string
	}{
		{"the list of what is broken", []string{"#at-broken li:first-child a"}},
		{"the banner", []string{".verdict .lead a"}},
		{"the last run", []string{".runs li:last-child a", "#at-checks li:first-child a"}},
		{"the navigation", []string{"nav a[data-view=checks]", "main tbody tr:first-child th a"}},
		{"its table", []string{"#at-silver li:nth-child(3) a", ".broken li:first-child a"}},
	} {
		b.visit("#/")
		b.heading("The last run published nothing")
		for _, selector := range by.clicks {
			b.click(selector)
		}
		b.heading(failing)
		if rows := eval[string](b, "document.querySelector('#at-rows table').innerText"); !strings.Contains(rows, "O100077") || !strings.Contains(rows, "123456789012345671") {
			t.Errorf("by %s: the failing rows are not there as they are: %q", by.what, rows)
		}
		if len(by.clicks) > 3 {
			t.Errorf("by %s it takes %d clicks", by.what, len(by.clicks))
		}
	}
}

func TestVerdict(t *testing.T) {
	b := start(t)
	skipped, mended := healthy(t), shop(t)
	for i := range skipped.Checks { // by a run that wrote nothing of their tables
		skipped.Checks[i].Results[0] = catalog.Result{Run: skipped.Runs[0].ID, At: now, Status: "skipped", Message: "no rows were written"}
	}
	mended.Runs = append([]catalog.Run{{ID: "mended", At: now, Command: "run", Published: true, Skipped: 70, Pass: 1}}, mended.Runs...) // the rows that failed were never in the tables
	warned := healthy(t)
	warned.Checks[0].Results[0] = catalog.Result{Run: warned.Runs[0].ID, At: now, Status: "warn", Failures: 3, Rows: 9}
	tested := healthy(t)
	tested.Checks[0].Results[0] = catalog.Result{Run: warned.Runs[0].ID, At: now, Status: "error", Failures: 3, Rows: 9}
	behind := healthy(t)
	behind.Tables[0].Behind = "run"
	all := fmt.Sprintf("All %d checks passed", len(warned.Checks))
	for _, c := range []struct {
		*catalog.Catalog
		says string
	}{
		{healthy(t), all}, {skipped, all}, {mended, "1 check warns"}, {warned, "1 check warns"}, {behind, "1 table is behind"}, {tested, "1 check fails"}, {empty(t), "Nothing is published yet"}, {&catalog.Catalog{}, "Nothing is published yet"},
	} {
		b.open(c.Catalog, "")
		b.heading(c.says)
	}
}

func TestNavigation(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "#/table/gold.customer_metrics/column/clv") // a deep link
	b.heading("gold.customer_metrics")
	b.until("document.querySelector('tr.target')?.innerText.startsWith('clv') && document.querySelector('tr.target').getBoundingClientRect().top < innerHeight", "the column of the deep link")
	b.click("nav a[data-view=tables]")
	b.heading("Tables")
	b.do(chromedp.Evaluate[chromedp.Void]("scrollTo(0, 300)"))
	eval[bool](b, "document.querySelector(\"a[href='#/table/gold.regional_sales']\").click() || true") // without scrolling to it
	b.heading("gold.regional_sales")
	if at := eval[float64](b, "scrollY"); at != 0 {
		t.Errorf("a new page begins at %v", at)
	}
	b.do(chromedp.NavigateBack())
	b.heading("Tables")
	b.until("scrollY === 300", "back where it was left")
	b.do(chromedp.NavigateForward())
	b.heading("gold.regional_sales")
	b.click("a[href='#/table/gold.regional_sales/at/sample']")
	b.until("Math.abs(document.querySelector('#at-sample').getBoundingClientRect().top) < 120 || innerHeight + scrollY >= document.body.scrollHeight - 2", "the part that a link names")
	b.visit("#/%E0%A4%A") // no address at all
	b.heading("Not here")
	for _, at := range []string{"#/table/no.such", "#/check/x", "#/run/x", "#/source/x", "#/graph/x", "#/lineage/x", "#/lineage/silver.fact_sales/x", "#/constructor", "#/__proto__"} {
		b.visit(at)
		b.heading("Not here")
	}
}

func TestSearch(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "")
	hits := func() []string {
		return eval[[]string](b, "[...document.querySelectorAll('#hits .hit')].map(h => h.textContent)")
	}
	b.press("/")
	b.until("document.querySelector('dialog').open", "search opened by /")
	b.keys("fact_sales")
	if got := hits(); len(got) == 0 || got[0] != "silver.fact_sales" {
		t.Errorf("fact_sales finds %.5q", got)
	}
	b.keys(escape)
	b.until("!document.querySelector('dialog').open", "search closed by Escape")
	for query, want := range map[string]string{"customer_metrics clv": "gold.customer_metrics.clv", "at most 100": failing, "one row per customer of": "gold.customer_metrics", "remarks": "source.sales.Remarks", "slip keyboard": failing} {
		b.do(chromedp.Evaluate[chromedp.Void]("dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))"))
		b.keys(query)
		if got := fmt.Sprint(hits()); !strings.Contains(got, want) {
			t.Errorf("%s does not find %s but %.200s", query, want, got)
		}
		b.keys(escape)
		b.until("!document.querySelector('dialog').open", "search closed")
	}
	b.press("/")
	b.keys("fact_sales revenue")
	b.keys(down)
	want := eval[string](b, "document.getElementById(document.getElementById('query').getAttribute('aria-activedescendant')).getAttribute('href')")
	if !strings.HasSuffix(eval[string](b, "document.querySelector('[aria-selected=true]').id"), "-1") {
		t.Error("the arrow key did not choose the second hit")
	}
	b.keys(enter)
	b.until("location.hash === "+quoted(want)+" && !document.querySelector('dialog').open && document.activeElement === document.querySelector('main h1')", "what was chosen")
	b.press("/")
	b.keys("nothing has such words")
	b.until("document.querySelector('#found').textContent.includes('Nothing')", "that nothing is found")
}

// All is reached with the keyboard alone: a table from the start page, and a
// column's sources in its lineage by arrow keys.
func TestKeyboard(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "")
	focused := func() string { return eval[string](b, "document.activeElement.textContent") }
	b.keys(tab)
	if got := focused(); got != "Skip to the content" {
		t.Errorf("the first Tab goes to %q", got)
	}
	b.keys(enter)
	b.until("document.activeElement.id === 'main' && location.hash === ''", "the content, by the skip link")
	for i := 0; focused() != "1 check failed"; i++ {
		if b.keys(tab); i > 5 {
			t.Fatalf("Tab does not come to the banner's link but to %q", focused())
		}
	}
	b.keys(enter)
	b.heading(failing)
	b.until("document.activeElement === document.querySelector('main h1')", "the focus on the new page's heading")

	b.visit("#/lineage/gold.customer_metrics/revenue")
	b.do(chromedp.Focus(chromedp.CSS("a.chosen")))
	label := func() string { return eval[string](b, "document.activeElement.getAttribute('aria-label')") }
	for i := 0; !strings.HasPrefix(label(), "source.sales."); i++ {
		if b.keys(left); i > 5 {
			t.Fatalf("left of revenue is %q in the end", label())
		}
	}
	b.keys(enter)
	b.heading("source.sales.")
	b.visit("#/table/silver.fact_sales")
	if n := eval[int](b, "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth && s.tabIndex !== 0).length"); n > 0 {
		t.Errorf("%d frames scroll, and not by the keyboard", n)
	}
}

func TestLineage(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "#/lineage")
	b.heading("Column lineage")
	choose := func(nth int, value string) {
		eval[bool](b, fmt.Sprintf("(() => { const s = document.querySelectorAll('.pick select')[%d]; s.value = %s; s.dispatchEvent(new Event('change')); return true; })()", nth, quoted(value)))
	}
	choose(0, "gold.customer_metrics")
	b.heading("Column lineage")
	b.until("document.querySelectorAll('.pick select').length === 2", "a choice of columns")
	choose(1, "orders")
	b.heading("gold.customer_metrics.orders")
	drawn := func(kind string) int {
		return eval[int](b, "document.querySelectorAll('.chart .edge."+kind+"').length")
	}
	if drawn("direct") == 0 || drawn("indirect") == 0 {
		t.Errorf("of orders, %d direct and %d indirect edges are drawn", drawn("direct"), drawn("indirect"))
	}
	if text := eval[string](b, "document.querySelector('#at-files').innerText"); !strings.Contains(text, "source.sales.Order id") {
		t.Errorf("the files' columns are %q", text)
	}
	b.click(".legend a") // only values
	b.until("document.querySelector('.legend a').textContent === 'Show both'", "only values")
	if drawn("direct") == 0 || drawn("indirect") != 0 {
		t.Errorf("of values only, %d direct and %d indirect edges are drawn", drawn("direct"), drawn("indirect"))
	}
	eval[bool](b, "document.querySelector(\".chart a[aria-label='source.sales.Order id']\").dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))")
	b.heading("source.sales.Order id")
	if text := eval[string](b, "document.querySelector('#at-into').innerText"); !strings.Contains(text, "bronze.sales.order_id") {
		t.Errorf("Order id goes into %q", text)
	}
}

func TestGraph(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(shop(t), "#/graph")
	b.until("document.querySelectorAll('.chart .box').length === 16", "13 tables and 3 sources")
	apart := `(() => { const x = n => document.querySelector('[data-id="' + n + '"]').getBoundingClientRect().x; return x("source.sales") < x("bronze.sales") && x("bronze.sales") < x("silver.fact_sales") && x("silver.fact_sales") < x("gold.customer_metrics"); })()`
	if !eval[bool](b, apart) {
		t.Error("the layers do not stand from left to right")
	}
	before := eval[string](b, "document.querySelector('.chart g').getAttribute('transform')")
	b.click(".tools button")
	b.do(chromedp.DragAndDropXY(700, 600, 640, 560))
	if after := eval[string](b, "document.querySelector('.chart g').getAttribute('transform')"); after == before {
		t.Error("neither the button nor dragging moved the graph")
	}
	if at := eval[string](b, "location.hash"); at != "#/graph" {
		t.Errorf("dragging led to %s", at)
	}
	b.visit("#/graph")
	b.click("[data-id='silver.fact_sales']")
	b.heading("silver.fact_sales")
	b.visit("#/graph/source.products")
	b.until("document.querySelector('.chosen') && !document.querySelector('[data-id=\"source.sales\"]')", "only what belongs to the products")
	b.visit("#/entities")
	b.until("document.querySelectorAll('.reference').length === 2", "two references")
}

func TestTheme(t *testing.T) {
	b := start(t)
	b.open(shop(t), "")
	ground := func() string { return eval[string](b, "getComputedStyle(document.body).backgroundColor") }
	b.size(1280, 800, "light")
	light := ground()
	b.size(1280, 800, "dark")
	dark := ground()
	if light == dark {
		t.Error("the page does not follow the system")
	}
	eval[bool](b, "(() => { const s = document.getElementById('theme'); s.value = 'light'; return s.dispatchEvent(new Event('change')); })()")
	if ground() != light {
		t.Error("the switch does not make it light")
	}
	b.do(chromedp.Reload())
	if ground() != light {
		t.Error("the choice is forgotten")
	}
	eval[bool](b, "(() => { const s = document.getElementById('theme'); s.value = ''; return s.dispatchEvent(new Event('change')); })()")
	if ground() != dark {
		t.Error("the switch does not give it back to the system")
	}
}

// Every view fits the narrowest phone: only what scrolls by itself is wider.
func TestPhone(t *testing.T) {
	b := start(t)
	b.size(360, 740, "light")
	for _, c := range []*catalog.Catalog{shop(t), hostile(), empty(t)} {
		b.open(c, "#/")
		for _, at := range append(views(c), addresses(b)...) {
			b.visit(at)
			if over := eval[float64](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s is %v pixels too wide: %s", at, over, eval[string](b, "[...document.querySelectorAll('main *')].filter(n => n.getBoundingClientRect().right > innerWidth + 1 && !n.closest('.scroll, .chart')).slice(0, 3).map(n => n.outerHTML.slice(0, 120)).join(' ')"))
			}
		}
	}
	b.open(shop(t), "#/")
	b.click("#menu")
	b.click("nav a[data-view=checks]")
	b.heading("Checks")
	b.until("document.querySelector('#menu').ariaExpanded === 'false'", "the menu folded")
	b.click("#find-small")
	b.until("document.querySelector('dialog').open", "search")
}

// addresses are those that the first views of the open page lead to.
func addresses(b *browser) []string {
	return eval[[]string](b, "(() => { const all = new Set(); for (const a of document.querySelectorAll('main a[href^=\"#/\"]')) all.add(decodeURI(a.getAttribute('href')) && a.getAttribute('href')); return [...all].slice(0, 30); })()")
}

// What texts of the catalog hold is shown and never run.
func TestHostileInBrowser(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	c := hostile()
	b.open(c, "#/")
	list := append(views(c), addresses(b)...)
	b.visit("#/tables")
	for _, at := range append(list, addresses(b)...) {
		b.visit(at)
		if eval[bool](b, "'owned' in window || document.querySelector('main img, main script') !== null") {
			t.Fatalf("%s runs what the catalog says", at)
		}
	}
	b.visit("#/table/" + "silver.__proto__")
	b.heading("silver.__proto__")
	b.visit("#/table/constructor")
	b.heading("constructor")
	b.visit("#/table/silver.a%2Fb%23c%3Fd%25e%26f")
	b.heading("silver.a/b#c?d%e&f")
	b.press("/")
	b.keys("script")
	b.until("document.querySelectorAll('#hits a').length > 3", "hits")
}

// Of a large catalog only what is looked at is drawn, and search looks at all.
func TestLarge(t *testing.T) {
	b := start(t)
	b.size(1280, 800, "light")
	b.open(large(500, 50), "#/")
	b.heading("All 25,000 checks passed")
	t.Logf("painted after %.0f ms", eval[float64](b, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"))
	for _, at := range []string{"#/", "#/tables", "#/table/silver.table_200", "#/checks", "#/runs", "#/run/r1", "#/graph", "#/graph/gold.table_400", "#/entities", "#/lineage/gold.table_400/column_07"} {
		took := eval[float64](b, "(async () => { const from = performance.now(); location.hash = "+quoted(at)+"; await new Promise(done => setTimeout(done)); await new Promise(requestAnimationFrame); return performance.now() - from; })()")
		n := eval[int](b, "document.querySelectorAll('*').length")
		t.Logf("%s: %d elements, %.0f ms", at, n, took)
		if n > 12_000 {
			t.Errorf("%s draws %d elements", at, n)
		}
	}
	b.visit("#/checks")
	b.do(chromedp.Evaluate[chromedp.Void]("scrollTo(0, document.body.scrollHeight)"))
	b.until("document.querySelectorAll('main tbody tr').length > 100", "more checks, on scrolling to them")
	b.press("/")
	for _, query := range []string{"table_333 column_27", "column 9 of table 44:", "nobody can keep", "c"} {
		took := eval[float64](b, "(() => { const q = document.getElementById('query'), from = performance.now(); q.value = "+quoted(query)+"; q.dispatchEvent(new Event('input')); return performance.now() - from; })()")
		t.Logf("search for %q: %.1f ms", query, took)
		if n := eval[int](b, "document.querySelectorAll('#hits a').length"); n == 0 || n > 40 {
			t.Errorf("%q has %d hits", query, n)
		}
	}
	b.visit("#/table/gold.table_499/column/column_49")
	b.until("document.querySelector('tr.target')", "a column further down than is drawn at first")
}

// axe-core finds nothing wrong with any view, light and dark, wide and narrow.
func TestAccessible(t *testing.T) {
	axe := judgetest.Axe(t)
	b := start(t)
	for _, c := range []struct {
		name string
		*catalog.Catalog
	}{{"shop", shop(t)}, {"empty", empty(t)}, {"healthy", healthy(t)}} {
		b.open(c.Catalog, "#/")
		eval[bool](b, axe+"; true") // by the debugger, which no policy binds
		for _, how := range []struct {
			width  int64
			scheme string
		}{{1280, "light"}, {1280, "dark"}, {390, "light"}} {
			if c.name != "shop" && (how.width == 390 || how.scheme == "dark") {
				continue // what it looks like elsewhere, shop has shown
			}
			b.size(how.width, 800, how.scheme)
			for _, at := range append(views(c.Catalog), "search") {
				if at == "search" {
					b.do(chromedp.Evaluate[chromedp.Void]("dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))"))
					b.keys("sales")
				} else {
					b.visit(at)
				}
				for _, v := range eval[[]string](b, `axe.run(document).then(r => r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message || "")).join(" | ")))`) {
					t.Errorf("%s, %s at %d %s: %s", c.name, at, how.width, how.scheme, v)
				}
			}
			b.keys(escape)
		}
	}
}
