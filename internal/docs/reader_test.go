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
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "")
	b.Heading("The last run published nothing")
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
		b.Visit("#/")
		b.Heading("The last run published nothing")
		for _, selector := range by.clicks {
			b.Click(selector)
		}
		b.Heading(failing)
		if rows := judgetest.Eval[string](b, "document.querySelector('#at-rows table').innerText"); !strings.Contains(rows, "O100077") || !strings.Contains(rows, "123456789012345671") {
			t.Errorf("by %s: the failing rows are not there as they are: %q", by.what, rows)
		}
		if len(by.clicks) > 3 {
			t.Errorf("by %s it takes %d clicks", by.what, len(by.clicks))
		}
	}
}

func TestVerdict(t *testing.T) {
	b := judgetest.Start(t)
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
		b.Open(write(b, c.Catalog), "")
		b.Heading(c.says)
	}
}

func TestNavigation(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "#/table/gold.customer_metrics/column/clv") // a deep link
	b.Heading("gold.customer_metrics")
	b.Until("document.querySelector('tr.target')?.innerText.startsWith('clv') && document.querySelector('tr.target').getBoundingClientRect().top < innerHeight", "the column of the deep link")
	b.Click("nav a[data-view=tables]")
	b.Heading("Tables")
	b.Do(chromedp.Evaluate[chromedp.Void]("scrollTo(0, 300)"))
	judgetest.Eval[bool](b, "document.querySelector(\"a[href='#/table/gold.regional_sales']\").click() || true") // without scrolling to it
	b.Heading("gold.regional_sales")
	if at := judgetest.Eval[float64](b, "scrollY"); at != 0 {
		t.Errorf("a new page begins at %v", at)
	}
	b.Do(chromedp.NavigateBack())
	b.Heading("Tables")
	b.Until("scrollY === 300", "back where it was left")
	b.Do(chromedp.NavigateForward())
	b.Heading("gold.regional_sales")
	b.Click("a[href='#/table/gold.regional_sales/at/sample']")
	b.Until("Math.abs(document.querySelector('#at-sample').getBoundingClientRect().top) < 120 || innerHeight + scrollY >= document.body.scrollHeight - 2", "the part that a link names")
	b.Visit("#/%E0%A4%A") // no address at all
	b.Heading("Not here")
	for _, at := range []string{"#/table/no.such", "#/check/x", "#/run/x", "#/source/x", "#/graph/x", "#/lineage/x", "#/lineage/silver.fact_sales/x", "#/constructor", "#/__proto__"} {
		b.Visit(at)
		b.Heading("Not here")
	}
}

func TestSearch(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "")
	hits := func() []string {
		return judgetest.Eval[[]string](b, "[...document.querySelectorAll('#hits .hit')].map(h => h.textContent)")
	}
	b.Press("/")
	b.Until("document.querySelector('dialog').open", "search opened by /")
	b.Keys("fact_sales")
	if got := hits(); len(got) == 0 || got[0] != "silver.fact_sales" {
		t.Errorf("fact_sales finds %.5q", got)
	}
	b.Keys(judgetest.Escape)
	b.Until("!document.querySelector('dialog').open", "search closed by Escape")
	for query, want := range map[string]string{"customer_metrics clv": "gold.customer_metrics.clv", "at most 100": failing, "one row per customer of": "gold.customer_metrics", "remarks": "source.sales.Remarks", "slip keyboard": failing} {
		b.Do(chromedp.Evaluate[chromedp.Void]("dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))"))
		b.Keys(query)
		if got := fmt.Sprint(hits()); !strings.Contains(got, want) {
			t.Errorf("%s does not find %s but %.200s", query, want, got)
		}
		b.Keys(judgetest.Escape)
		b.Until("!document.querySelector('dialog').open", "search closed")
	}
	b.Press("/")
	b.Keys("fact_sales revenue")
	b.Keys(judgetest.Down)
	want := judgetest.Eval[string](b, "document.getElementById(document.getElementById('query').getAttribute('aria-activedescendant')).getAttribute('href')")
	if !strings.HasSuffix(judgetest.Eval[string](b, "document.querySelector('[aria-selected=true]').id"), "-1") {
		t.Error("the arrow key did not choose the second hit")
	}
	b.Keys(judgetest.Enter)
	b.Until("location.hash === "+judgetest.Quoted(want)+" && !document.querySelector('dialog').open && document.activeElement === document.querySelector('main h1')", "what was chosen")
	b.Press("/")
	b.Keys("nothing has such words")
	b.Until("document.querySelector('#found').textContent.includes('Nothing')", "that nothing is found")
}

// All is reached with the keyboard alone: a table from the start page, and a
// column's sources in its lineage by arrow keys.
func TestKeyboard(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "")
	focused := func() string { return judgetest.Eval[string](b, "document.activeElement.textContent") }
	b.Keys(judgetest.Tab)
	if got := focused(); got != "Skip to the content" {
		t.Errorf("the first Tab goes to %q", got)
	}
	b.Keys(judgetest.Enter)
	b.Until("document.activeElement.id === 'main' && location.hash === ''", "the content, by the skip link")
	for i := 0; focused() != "1 check failed"; i++ {
		if b.Keys(judgetest.Tab); i > 5 {
			t.Fatalf("Tab does not come to the banner's link but to %q", focused())
		}
	}
	b.Keys(judgetest.Enter)
	b.Heading(failing)
	b.Until("document.activeElement === document.querySelector('main h1')", "the focus on the new page's heading")

	b.Visit("#/lineage/gold.customer_metrics/revenue")
	b.Do(chromedp.Focus(chromedp.CSS("a.chosen")))
	label := func() string { return judgetest.Eval[string](b, "document.activeElement.getAttribute('aria-label')") }
	for i := 0; !strings.HasPrefix(label(), "source.sales."); i++ {
		if b.Keys(judgetest.Left); i > 5 {
			t.Fatalf("left of revenue is %q in the end", label())
		}
	}
	b.Keys(judgetest.Enter)
	b.Heading("source.sales.")
	b.Visit("#/table/silver.fact_sales")
	if n := judgetest.Eval[int](b, "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth && s.tabIndex !== 0).length"); n > 0 {
		t.Errorf("%d frames scroll, and not by the keyboard", n)
	}
}

func TestLineage(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "#/lineage")
	b.Heading("Column lineage")
	choose := func(nth int, value string) {
		judgetest.Eval[bool](b, fmt.Sprintf("(() => { const s = document.querySelectorAll('.pick select')[%d]; s.value = %s; s.dispatchEvent(new Event('change')); return true; })()", nth, judgetest.Quoted(value)))
	}
	choose(0, "gold.customer_metrics")
	b.Heading("Column lineage")
	b.Until("document.querySelectorAll('.pick select').length === 2", "a choice of columns")
	choose(1, "orders")
	b.Heading("gold.customer_metrics.orders")
	drawn := func(kind string) int {
		return judgetest.Eval[int](b, "document.querySelectorAll('.chart .edge."+kind+"').length")
	}
	if drawn("direct") == 0 || drawn("indirect") == 0 {
		t.Errorf("of orders, %d direct and %d indirect edges are drawn", drawn("direct"), drawn("indirect"))
	}
	if text := judgetest.Eval[string](b, "document.querySelector('#at-files').innerText"); !strings.Contains(text, "source.sales.Order id") {
		t.Errorf("the files' columns are %q", text)
	}
	b.Click(".legend a") // only values
	b.Until("document.querySelector('.legend a').textContent === 'Show both'", "only values")
	if drawn("direct") == 0 || drawn("indirect") != 0 {
		t.Errorf("of values only, %d direct and %d indirect edges are drawn", drawn("direct"), drawn("indirect"))
	}
	judgetest.Eval[bool](b, "document.querySelector(\".chart a[aria-label='source.sales.Order id']\").dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))")
	b.Heading("source.sales.Order id")
	if text := judgetest.Eval[string](b, "document.querySelector('#at-into').innerText"); !strings.Contains(text, "bronze.sales.order_id") {
		t.Errorf("Order id goes into %q", text)
	}
}

func TestGraph(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, shop(t)), "#/graph")
	b.Until("document.querySelectorAll('.chart .box').length === 16", "13 tables and 3 sources")
	apart := `(() => { const x = n => document.querySelector('[data-id="' + n + '"]').getBoundingClientRect().x; return x("source.sales") < x("bronze.sales") && x("bronze.sales") < x("silver.fact_sales") && x("silver.fact_sales") < x("gold.customer_metrics"); })()`
	if !judgetest.Eval[bool](b, apart) {
		t.Error("the layers do not stand from left to right")
	}
	before := judgetest.Eval[string](b, "document.querySelector('.chart g').getAttribute('transform')")
	b.Click(".tools button")
	b.Do(chromedp.DragAndDropXY(700, 600, 640, 560))
	if after := judgetest.Eval[string](b, "document.querySelector('.chart g').getAttribute('transform')"); after == before {
		t.Error("neither the button nor dragging moved the graph")
	}
	if at := judgetest.Eval[string](b, "location.hash"); at != "#/graph" {
		t.Errorf("dragging led to %s", at)
	}
	b.Visit("#/graph")
	b.Click("[data-id='silver.fact_sales']")
	b.Heading("silver.fact_sales")
	b.Visit("#/graph/source.products")
	b.Until("document.querySelector('.chosen') && !document.querySelector('[data-id=\"source.sales\"]')", "only what belongs to the products")
	b.Visit("#/entities")
	b.Until("document.querySelectorAll('.reference').length === 2", "two references")
}

func TestTheme(t *testing.T) {
	b := judgetest.Start(t)
	b.Open(write(b, shop(t)), "")
	ground := func() string { return judgetest.Eval[string](b, "getComputedStyle(document.body).backgroundColor") }
	b.Size(1280, 800, "light")
	light := ground()
	b.Size(1280, 800, "dark")
	dark := ground()
	if light == dark {
		t.Error("the page does not follow the system")
	}
	judgetest.Eval[bool](b, "(() => { const s = document.getElementById('theme'); s.value = 'light'; return s.dispatchEvent(new Event('change')); })()")
	if ground() != light {
		t.Error("the switch does not make it light")
	}
	b.Do(chromedp.Reload())
	if ground() != light {
		t.Error("the choice is forgotten")
	}
	judgetest.Eval[bool](b, "(() => { const s = document.getElementById('theme'); s.value = ''; return s.dispatchEvent(new Event('change')); })()")
	if ground() != dark {
		t.Error("the switch does not give it back to the system")
	}
}

// Every view fits the narrowest phone: only what scrolls by itself is wider.
func TestPhone(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(360, 740, "light")
	for _, c := range []*catalog.Catalog{shop(t), hostile(), empty(t)} {
		b.Open(write(b, c), "#/")
		for _, at := range append(views(c), addresses(b)...) {
			b.Visit(at)
			if over := judgetest.Eval[float64](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s is %v pixels too wide: %s", at, over, judgetest.Eval[string](b, "[...document.querySelectorAll('main *')].filter(n => n.getBoundingClientRect().right > innerWidth + 1 && !n.closest('.scroll, .chart')).slice(0, 3).map(n => n.outerHTML.slice(0, 120)).join(' ')"))
			}
		}
	}
	b.Open(write(b, shop(t)), "#/")
	b.Click("#menu")
	b.Click("nav a[data-view=checks]")
	b.Heading("Checks")
	b.Until("document.querySelector('#menu').ariaExpanded === 'false'", "the menu folded")
	b.Click("#find-small")
	b.Until("document.querySelector('dialog').open", "search")
}

// addresses are those that the first views of the open page lead to.
func addresses(b *judgetest.Browser) []string {
	return judgetest.Eval[[]string](b, "(() => { const all = new Set(); for (const a of document.querySelectorAll('main a[href^=\"#/\"]')) all.add(decodeURI(a.getAttribute('href')) && a.getAttribute('href')); return [...all].slice(0, 30); })()")
}

// What texts of the catalog hold is shown and never run.
func TestHostileInBrowser(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	c := hostile()
	b.Open(write(b, c), "#/")
	list := append(views(c), addresses(b)...)
	b.Visit("#/tables")
	for _, at := range append(list, addresses(b)...) {
		b.Visit(at)
		if judgetest.Eval[bool](b, "'owned' in window || document.querySelector('main img, main script') !== null") {
			t.Fatalf("%s runs what the catalog says", at)
		}
	}
	b.Visit("#/table/" + "silver.__proto__")
	b.Heading("silver.__proto__")
	b.Visit("#/table/constructor")
	b.Heading("constructor")
	b.Visit("#/table/silver.a%2Fb%23c%3Fd%25e%26f")
	b.Heading("silver.a/b#c?d%e&f")
	b.Press("/")
	b.Keys("script")
	b.Until("document.querySelectorAll('#hits a').length > 3", "hits")
}

// Of a large catalog only what is looked at is drawn, and search looks at all.
func TestLarge(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(write(b, large(500, 50)), "#/")
	b.Heading("All 25,000 checks passed")
	t.Logf("painted after %.0f ms", judgetest.Eval[float64](b, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"))
	for _, at := range []string{"#/", "#/tables", "#/table/silver.table_200", "#/checks", "#/runs", "#/run/r1", "#/graph", "#/graph/gold.table_400", "#/entities", "#/lineage/gold.table_400/column_07"} {
		took := judgetest.Eval[float64](b, "(async () => { const from = performance.now(); location.hash = "+judgetest.Quoted(at)+"; await new Promise(done => setTimeout(done)); await new Promise(requestAnimationFrame); return performance.now() - from; })()")
		n := judgetest.Eval[int](b, "document.querySelectorAll('*').length")
		t.Logf("%s: %d elements, %.0f ms", at, n, took)
		if n > 12_000 {
			t.Errorf("%s draws %d elements", at, n)
		}
	}
	b.Visit("#/checks")
	b.Do(chromedp.Evaluate[chromedp.Void]("scrollTo(0, document.body.scrollHeight)"))
	b.Until("document.querySelectorAll('main tbody tr').length > 100", "more checks, on scrolling to them")
	b.Press("/")
	for _, query := range []string{"table_333 column_27", "column 9 of table 44:", "nobody can keep", "c"} {
		took := judgetest.Eval[float64](b, "(() => { const q = document.getElementById('query'), from = performance.now(); q.value = "+judgetest.Quoted(query)+"; q.dispatchEvent(new Event('input')); return performance.now() - from; })()")
		t.Logf("search for %q: %.1f ms", query, took)
		if n := judgetest.Eval[int](b, "document.querySelectorAll('#hits a').length"); n == 0 || n > 40 {
			t.Errorf("%q has %d hits", query, n)
		}
	}
	b.Visit("#/table/gold.table_499/column/column_49")
	b.Until("document.querySelector('tr.target')", "a column further down than is drawn at first")
}

// axe-core finds nothing wrong with any view, light and dark, wide and narrow.
func TestAccessible(t *testing.T) {
	axe := judgetest.Axe(t)
	b := judgetest.Start(t)
	for _, c := range []struct {
		name string
		*catalog.Catalog
	}{{"shop", shop(t)}, {"empty", empty(t)}, {"healthy", healthy(t)}} {
		b.Open(write(b, c.Catalog), "#/")
		judgetest.Eval[bool](b, axe+"; true") // by the debugger, which no policy binds
		for _, how := range []struct {
			width  int64
			scheme string
		}{{1280, "light"}, {1280, "dark"}, {390, "light"}} {
			if c.name != "shop" && (how.width == 390 || how.scheme == "dark") {
				continue // what it looks like elsewhere, shop has shown
			}
			b.Size(how.width, 800, how.scheme)
			for _, at := range append(views(c.Catalog), "search") {
				if at == "search" {
					b.Do(chromedp.Evaluate[chromedp.Void]("dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))"))
					b.Keys("sales")
				} else {
					b.Visit(at)
				}
				for _, v := range judgetest.Eval[[]string](b, `axe.run(document).then(r => r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message || "")).join(" | ")))`) {
					t.Errorf("%s, %s at %d %s: %s", c.name, at, how.width, how.scheme, v)
				}
			}
			b.Keys(judgetest.Escape)
		}
	}
}
