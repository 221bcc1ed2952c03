package dashboard

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// headlines are the exact texts of a view's headline figures, by name.
func headlines(b *judgetest.Browser) map[string]string {
	b.Helper()
	return judgetest.Eval[map[string]string](b, "Object.fromEntries([...document.querySelectorAll('[data-figure]')].map(n => [n.dataset.figure, n.dataset.value]))")
}

// tableCells are the exact texts of the table of a chart, which is turned to it.
func tableCells(b *judgetest.Browser, id string) [][]string {
	b.Helper()
	at := "[data-chart=" + id + "] "
	b.Until("document.querySelector("+judgetest.Quoted(at)+")", "the chart "+id)
	judgetest.Eval[bool](b, "(() => { const f = document.querySelector("+judgetest.Quoted(at)+"); if (!f.querySelector('table')) f.querySelector('.tools button').click(); return true })()")
	return judgetest.Eval[[][]string](b, "[...document.querySelectorAll("+judgetest.Quoted(at+"tbody tr")+")].map(r => [...r.children].map(c => c.dataset.value))")
}

// want is what a headline figure must say by the lines themselves.
func want(f Frame, name string) string {
	quotients := map[string][3]string{"aov": {"sales", "orders", "4"}, "return_rate": {"returns", "sales", "6"}, "margin_rate": {"margin", "revenue", "6"}, "average_price": {"sales", "units_sold", "4"}}
	q, ok := quotients[name]
	if !ok {
		return string(f.Values[name][0])
	}
	digits, _ := strconv.Atoi(q[2])
	return ratio(string(f.Values[q[0]][0]), string(f.Values[q[1]][0]), digits)
}

func ratio(a, b string, digits int) string {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 || y.Sign() == 0 {
		return ""
	}
	return x.Quo(x, y).FloatString(digits) // half away from zero
}

func growthOf(now, before string) string {
	x, ok1 := new(big.Rat).SetString(now)
	y, ok2 := new(big.Rat).SetString(before)
	if !ok1 || !ok2 || y.Sign() <= 0 {
		return ""
	}
	return x.Quo(x.Sub(x, y), y).FloatString(6)
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: the page says %q, the lines %q", what, got, want)
	}
}

// A page without a server says the same as the lines, or that it cannot know.
func TestBuildFilters(t *testing.T) {
	f := full()
	b := judgetest.Start(t)
	b.Open(pageOf(t, f.book("build")), "#/")
	for _, c := range []struct {
		query   string
		filter  Filter
		unknown string // figures that are unknown
	}{
		{"", Filter{}, ""},
		{"?country=Germany", Filter{In: map[string][]string{"country": {"Germany"}}}, "new_customers"},
		{"?from=2024-01-01&to=2024-12-31", Filter{From: "2024-01-01", To: "2024-12-31"}, ""},
		{"?from=2024-04-01&to=2024-06-30&channel=Store", Filter{From: "2024-04-01", To: "2024-06-30", In: map[string][]string{"channel": {"Store"}}}, "new_customers"},
		{"?from=2024-02-10&to=2024-02-11", Filter{From: "2024-02-01", To: "2024-02-29"}, ""}, // whole months
		{"?from=2024-02-01&to=2025-05-31", Filter{From: "2024-02-01", To: "2025-05-31"}, "orders customers aov"},
		{"?country=Germany&country=France&category=Kitchen", Filter{In: map[string][]string{"country": {"Germany", "France"}, "category": {"Kitchen"}}}, "orders customers new_customers aov"},
		{"?segment=", Filter{In: map[string][]string{"segment": {""}}}, "new_customers"},
	} {
		answer := f.answer(c.filter)
		visit(b, "#/sales"+c.query)
		got := headlines(b)
		for _, name := range []string{"revenue", "sales", "returns", "return_rate", "orders", "aov", "new_customers", "margin_rate"} {
			expected := want(answer.Total, name)
			if slices.Contains(strings.Fields(c.unknown), name) {
				expected = ""
			}
			check(t, c.query+" "+name, got[name], expected)
		}
		if len(c.filter.In["segment"]) > 0 { // of the customer, which is not that of recency and frequency
			visit(b, "#/customers"+c.query)
			b.Until("document.querySelector('[data-chart=segments] .empty')?.textContent.includes('smelt dashboard serve')", "that segments cannot be known")
		}
		visit(b, "#/regions"+c.query)
		rows := tableCells(b, "countries")
		for i, country := range answer.By["country"].Keys[0][:min(15, len(rows))] {
			check(t, c.query+" country", rows[i][0], country)
			check(t, c.query+" "+country, rows[i][1], string(answer.By["country"].Values["revenue"][i]))
		}
		if n := len(answer.By["country"].Keys[0]); len(rows) != min(15, n) {
			t.Errorf("%s: %d countries, want %d", c.query, len(rows), n)
		}
	}
}

// The tables of charts over time have what the gold tables' rules give.
func TestTables(t *testing.T) {
	f := full()
	b := judgetest.Start(t)
	b.Open(pageOf(t, f.book("build")), "#/sales")
	visit(b, "#/sales")
	for _, grain := range []string{"month", "week"} {
		back := map[string]int{"month": 12, "week": 52}[grain]
		visit(b, "#/sales?grain="+grain)
		by := f.answer(Filter{}).By[grain]
		rows, revenue := tableCells(b, "revenue"), by.Values["revenue"]
		if len(rows) != len(revenue) {
			t.Fatalf("%s: %d rows, want %d", grain, len(rows), len(revenue))
		}
		at := func(i int) string {
			if i < 0 {
				return ""
			}
			return string(revenue[i])
		}
		for i, r := range rows {
			check(t, grain, r[0], by.Keys[0][i])
			for k, w := range []string{at(i), at(i - 1), growthOf(at(i), at(i-1)), at(i - back), growthOf(at(i), at(i-back))} {
				check(t, grain+" "+r[0]+" column "+strconv.Itoa(k), r[k+1], w)
			}
		}
	}
	day := f.answer(Filter{}).By["day"]
	rows := tableCells(b, "trailing")
	for _, i := range []int{0, 5, 6, 27, 500, 1095} {
		for column, n := range map[int]int{2: 7, 3: 28} {
			sum := new(big.Rat)
			for k := max(0, i-n+1); k <= i; k++ {
				v, _ := new(big.Rat).SetString(string(day.Values["revenue"][k]))
				sum.Add(sum, v)
			}
			w := sum.FloatString(4)
			if i < n-1 {
				w = ""
			}
			check(t, fmt.Sprint("day ", i, " over ", n), rows[i][column], w)
		}
	}
	visit(b, "#/customers")
	segments := f.answer(Filter{}).Customers.Segments
	for i, r := range tableCells(b, "segments") {
		check(t, "segment", r[0], segments.Keys[0][i])
		check(t, "customers of "+r[0], r[1], string(segments.Values["customers"][i]))
		check(t, "customers before of "+r[0], r[3], string(segments.Values["customers_before"][i]))
	}
	visit(b, "#/products")
	products := f.answer(Filter{}).Products
	for i, r := range tableCells(b, "all_products") {
		check(t, "product", r[0], products.Top.Keys[1][i])
		check(t, "return rate of "+r[0], r[4], ratio(string(products.Top.Values["returns"][i]), string(products.Top.Values["sales"][i]), 6))
	}
}

// Filters are set with the pointer, stand in the address and survive a reload and
// the way back.
func TestAddress(t *testing.T) {
	f := full()
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(pageOf(t, f.book("build")), "#/sales")
	b.Until("document.querySelector('[data-figure=revenue]')", "the headline figures")
	whole := headlines(b)["revenue"]
	b.Click("[data-filter=country] summary")
	b.Click("[data-filter=country] input[data-of=France]")
	france := string(f.answer(Filter{In: map[string][]string{"country": {"France"}}}).Total.Values["revenue"][0])
	b.Until("document.querySelector('[data-figure=revenue]').dataset.value === "+judgetest.Quoted(france), "the revenue of France")
	if hash := judgetest.Eval[string](b, "location.hash"); hash != "#/sales?country=France" {
		t.Errorf("the address is %s", hash)
	}
	b.Do(chromedp.Reload())
	b.Until("document.querySelector('[data-figure=revenue]')?.dataset.value === "+judgetest.Quoted(france), "the revenue of France after a reload")
	if href := judgetest.Eval[string](b, "document.querySelector('#nav a[data-page=products]').getAttribute('href')"); href != "#/products?country=France" {
		t.Errorf("the filter does not go along: %s", href)
	}
	b.Click("#nav a[data-page=products]")
	b.Heading("Product Performance")
	b.Until("document.activeElement === document.querySelector('#view h1')", "the focus at the heading")
	judgetest.Eval[string](b, "history.go(-1) || ''")
	b.Heading("Sales Overview")
	b.Click(".reset")
	b.Until("document.querySelector('[data-figure=revenue]').dataset.value === "+judgetest.Quoted(whole), "all revenue")
}

// Charts are used without a pointer.
func TestKeyboard(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "light")
	b.Open(pageOf(t, full().book("build")), "#/sales")
	b.Until("document.querySelector('[data-chart=revenue] .canvas svg')", "the first chart")
	judgetest.Eval[bool](b, "document.querySelector('[data-chart=revenue] .tools button').focus() || true")
	b.Keys(judgetest.Enter)
	b.Until("document.querySelector('[data-chart=revenue] table')", "the table")
	b.Keys(judgetest.Enter)
	b.Until("document.querySelector('[data-chart=revenue] .canvas svg')", "the chart again")
	judgetest.Eval[bool](b, "document.querySelector('[data-chart=revenue] .how button').focus({ focusVisible: true }) || true")
	b.Until("getComputedStyle(document.querySelector('[data-chart=revenue] .tip')).display === 'block' && document.querySelector('[data-chart=revenue] .tip').textContent.includes('sum(revenue)')", "the formula")
	judgetest.Eval[bool](b, "document.querySelector('[data-filter=country] summary').focus() || true")
	b.Keys(judgetest.Enter)
	b.Until("document.querySelector('[data-filter=country]').open", "the open filter")
	b.Keys(judgetest.Escape)
	b.Until("!document.querySelector('[data-filter=country]').open && document.activeElement.tagName === 'SUMMARY'", "the closed filter")
}

// A chart is saved as CSV, with exact values and no formula, and as PNG.
func TestDownloads(t *testing.T) {
	b := judgetest.Start(t)
	b.Open(pageOf(t, full().book("build")), "#/own/gold.sales_by_weekday")
	b.Until("document.querySelector('[data-chart=own_revenue] .canvas svg')", "the chart")
	judgetest.Eval[bool](b, "(() => { window.saved = []; URL.createObjectURL = (blob) => { window.saved.push(blob); return 'blob:none'; }; HTMLAnchorElement.prototype.click = () => {}; return true })()")
	b.Click("[data-chart=own_revenue] .tools button:nth-child(2)")
	text := judgetest.Eval[string](b, "window.saved[0].text()")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"weekday,Orders,Revenue", "Monday,1204,81234.5000", "Tuesday,1187,79011.2500", "Wednesday,1290,88110.0000", "Thursday,,", "'=SUM(A1),3,1.0000"} {
		if got := strings.Join(rows[i], ","); got != want {
			t.Errorf("line %d is %s, want %s", i, got, want)
		}
	}
	b.Click("[data-chart=own_revenue] .tools button:nth-child(3)")
	b.Until("window.saved.length === 2 && window.saved[1].type === 'image/png' && window.saved[1].size > 5000", "the picture")
}

// On paper every chart is drawn, in light colours, and controls are not there.
func TestPrint(t *testing.T) {
	b := judgetest.Start(t)
	b.Size(1280, 800, "dark")
	b.Open(pageOf(t, full().book("build")), "#/sales")
	b.Until("document.querySelector('[data-chart=revenue] .canvas svg')", "the first chart")
	judgetest.Eval[bool](b, "dispatchEvent(new Event('beforeprint'))")
	if all, drawn := judgetest.Eval[int](b, "document.querySelectorAll('.canvas').length"), judgetest.Eval[int](b, "document.querySelectorAll('.canvas svg[viewBox]').length"); all != drawn || all < 8 {
		t.Errorf("%d of %d charts are drawn for paper", drawn, all)
	}
	if ground := judgetest.Eval[string](b, "getComputedStyle(document.documentElement).getPropertyValue('--high').trim()"); ground != "#0b5563" {
		t.Errorf("the charts' colour on paper is %s", ground)
	}
	judgetest.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if low := judgetest.Eval[[]string](b, "[...document.querySelectorAll('.canvas')].filter(c => c.getBoundingClientRect().height < 100).map(c => c.getAttribute('aria-label'))"); len(low) > 0 {
		t.Errorf("on paper these have no height: %q", low)
	}
	if shown := judgetest.Eval[int](b, "[...document.querySelectorAll('.bar, .tools, .side')].filter(n => n.offsetHeight > 0).length"); shown > 0 {
		t.Errorf("%d controls are on paper", shown)
	}
	judgetest.Eval[bool](b, "dispatchEvent(new Event('afterprint'))")
}

// A shop without costs, countries and customers shows what it can and says what is missing.
func TestBare(t *testing.T) {
	b := judgetest.Start(t)
	b.Open(pageOf(t, bare().book("build")), "#/")
	visit(b, "#/")
	for _, m := range bare().book("build").Missing {
		b.Until("document.querySelector('#view').textContent.includes("+judgetest.Quoted(m.Says)+")", m.Says)
	}
	if headlines(b)["margin_rate"] != "" {
		t.Error("a shop without costs has a margin rate")
	}
	for at, says := range map[string]string{"#/regions": "No line has a country", "#/customers": "No sale names a customer", "#/products": "No product has a unit cost"} {
		visit(b, at)
		b.Until("document.querySelector('#view .empty')?.textContent.includes("+judgetest.Quoted(says)+")", says)
	}
}

// Texts of the shop are texts on the page.
func TestHostileInBrowser(t *testing.T) {
	b := judgetest.Start(t)
	book := full().book("build")
	evil := "<img src=x onerror=alert(1)>{a|b}"
	book.Shop.Name = evil
	book.Dimensions[0].Values[1] = evil // Germany
	for _, f := range []Frame{book.Figures.By["country"], book.Figures.By["state"]} {
		for i, k := range f.Keys[0] {
			if k == "Germany" {
				f.Keys[0][i] = evil
			}
		}
	}
	book.Figures.Products.Top.Keys[1][0] = evil
	book.Pages[0].Rows[0][0] = evil
	b.Open(pageOf(t, book), "#/")
	for _, at := range []string{"#/", "#/regions", "#/products", "#/own/gold.sales_by_weekday", "#/%3Cimg%20src=x%3E"} {
		visit(b, at)
		if n := judgetest.Eval[int](b, "document.querySelectorAll('img').length"); n != 0 {
			t.Errorf("%s: a text has become %d pictures", at, n)
		}
	}
}

// With a server, filters are answered by it, and a run that publishes shows.
func TestServe(t *testing.T) {
	f := full()
	publish := make(chan bool)
	asked := make(chan string, 100)
	page := pageOf(t, f.book("serve"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(page)
		case "/api/figures":
			q := r.URL.Query()
			asked <- r.URL.RawQuery
			filter := Filter{From: q.Get("from"), To: q.Get("to"), In: map[string][]string{}}
			for _, d := range []string{"country", "category", "channel", "segment"} {
				if q.Has(d) {
					filter.In[d] = q[d]
				}
			}
			_ = json.NewEncoder(w).Encode(f.answer(filter))
		case "/api/events":
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			select {
			case <-publish:
				_, _ = w.Write([]byte("event: published\ndata: now\n\n"))
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(server.Close)
	b := judgetest.Start(t)
	b.Allow = server.URL + "/"
	b.Do(chromedp.Navigate(server.URL + "/#/sales"))
	b.Until("document.querySelector('[data-figure=revenue]')", "the headline figures")
	filter := Filter{From: "2024-03-05", To: "2024-08-17", In: map[string][]string{"country": {"Germany", "France"}, "category": {"Kitchen"}}}
	visit(b, "#/sales?from=2024-03-05&to=2024-08-17&country=Germany&country=France&category=Kitchen")
	b.Until("document.querySelector('[data-chart=revenue] .canvas svg')", "a chart")
	answer, got := f.answer(filter), headlines(b)
	for _, name := range []string{"revenue", "orders", "aov", "return_rate", "new_customers"} {
		check(t, name, got[name], want(answer.Total, name))
	}
	if change := judgetest.Eval[string](b, "document.querySelector('[data-change=revenue]').dataset.value"); change != growthOf(string(answer.Total.Values["revenue"][0]), string(answer.Before.Values["revenue"][0])) {
		t.Errorf("the change is %s", change)
	}
	for len(asked) > 0 {
		<-asked
	}
	select {
	case publish <- true:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody listens to the events")
	}
	b.Until("document.querySelector('#news').textContent.includes('New figures')", "the news")
	if len(asked) == 0 {
		t.Error("figures were not asked for again")
	}
	server.CloseClientConnections()
}

// axe-core finds nothing wrong with any view, light and dark, wide and narrow.
func TestAccessible(t *testing.T) {
	axe := judgetest.Axe(t)
	b := judgetest.Start(t)
	for _, f := range []*fixture{full(), bare()} {
		b.Open(pageOf(t, f.book("build")), "#/")
		judgetest.Eval[bool](b, axe+"; true") // by the debugger, which no policy binds
		for _, how := range []struct {
			width  int64
			scheme string
		}{{1280, "light"}, {1280, "dark"}, {390, "light"}} {
			b.Size(how.width, 800, how.scheme)
			for _, at := range append(everyView, "#/sales?country=Germany&country=France", "table") {
				if f == bare() && (how.width == 390 || at == "table") {
					continue
				}
				if at == "table" {
					visit(b, "#/sales")
					tableCells(b, "revenue")
				} else {
					visit(b, at)
				}
				for _, v := range judgetest.Eval[[]string](b, `axe.run(document).then(r => r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message || "")).join(" | ")))`) {
					t.Errorf("%s, %s at %d %s: %s", f.name, at, how.width, how.scheme, v)
				}
			}
		}
	}
}

// inks are the contrasts of the texts in a chart with the shape that each lies on.
const inks = `((id) => {
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const svg = document.querySelector("[data-chart=" + id + "] svg"), all = [...svg.querySelectorAll("path, rect, text")], out = [];
  const rgb = (n) => { const s = getComputedStyle(n).fill.match(/^rgb\((\d+), (\d+), (\d+)\)$/); return s && s.slice(1).map(Number); };
  all.forEach((text, i) => {
    if (text.tagName !== "text" || text.textContent.startsWith("Class ")) return; // a legend's ground is not drawn
    const t = text.getBoundingClientRect(), x = (t.left + t.right) / 2, y = (t.top + t.bottom) / 2;
    const under = all.slice(0, i).filter((n) => n.tagName !== "text" && rgb(n)).filter((n) => { const r = n.getBoundingClientRect(); return r.left < x && x < r.right && r.top < y && y < r.bottom; }).pop();
    if (under && under.getBoundingClientRect().width < 300) out.push([text.textContent, contrast(rgb(text), rgb(under))]);
  });
  return out;
})`

// What is written on coloured ground can be read, light and dark: axe does not look into charts.
func TestInk(t *testing.T) {
	b := judgetest.Start(t)
	b.Open(pageOf(t, full().book("build")), "#/")
	for _, scheme := range []string{"light", "dark"} {
		b.Size(1280, 800, scheme)
		for at, charts := range map[string][]string{"#/customers": {"rfm"}, "#/products": {"classes", "category_tree"}} {
			visit(b, at)
			for _, id := range charts {
				at := "document.querySelector('[data-chart=" + id + "]')"
				b.Until(at, id)
				judgetest.Eval[bool](b, "("+at+".scrollIntoView(), true)")
				b.Until(at+".querySelector('svg text')", "the chart "+id)
				found := judgetest.Eval[[][]any](b, inks+"("+judgetest.Quoted(id)+")")
				if len(found) < 3 {
					t.Errorf("%s, %s: %d texts on shapes", id, scheme, len(found))
				}
				for _, f := range found {
					if c := f[1].(float64); c < 4 {
						t.Errorf("%s, %s: %v has a contrast of %.1f", id, scheme, f[0], c)
					}
				}
			}
		}
	}
}
