package judge

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// filter is one of the dashboard's filters, as its page reads it and, written by
// hand, as SQL.
type filter struct {
	query    string // of the address; "" = all lines, which gold is asked for
	where    string // condition on lines, without days
	who      string // condition on silver.dim_customers
	from, to string // days of lines; "" = open
	// present and earlier are the two ranges whose difference is the change; the
	// latter is nil where the shop has no such days.
	present, earlier []string
	country          string // the one whose states are shown
	unknown          bool   // build knows not all distinct counts: two dimensions, or one and months that are no period
	cannot           string // charts that build has no figures for
}

// question is what dashboard.py is asked, see there.
type question struct {
	Page    string   `json:"page"`
	By      string   `json:"by"`
	Where   string   `json:"where"`
	Who     string   `json:"who"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Present []string `json:"present"`
	Earlier []string `json:"earlier"`
	Grain   string   `json:"grain"`
	Shown   string   `json:"shown"`
	Country string   `json:"country"`
}

// sheet is what a chart says as a table, or must say.
type sheet struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Empty   string     `json:"empty"` // what it says instead
}

// seen is a view: its headline figures, their changes, its charts.
type seen struct {
	Figures map[string]string `json:"figures"`
	Changes map[string]string `json:"changes"`
	Charts  map[string]sheet  `json:"charts"`
	Shown   [][2]string       `json:"shown"` // each exact value, and the text that people read
	Says    []string          `json:"says"`  // the start page's sentences with numbers
}

// reading turns every chart to its table and reads the exact values.
const reading = `(() => {
	for (const chart of document.querySelectorAll("[data-chart]")) if (!chart.querySelector("table, .empty")) chart.querySelector(".tools button").click();
	const values = (name) => Object.fromEntries([...document.querySelectorAll("[data-" + name + "]")].map((n) => [n.dataset[name], n.dataset.value]));
	const sheet = (chart) => ({
		empty: chart.querySelector(".empty")?.textContent || "",
		columns: [...chart.querySelectorAll("thead th")].map((n) => n.textContent),
		rows: [...chart.querySelectorAll("tbody tr")].map((row) => [...row.children].map((n) => n.dataset.value)),
	});
	const shown = [...document.querySelectorAll("#view [data-value]")].map((n) => [n.dataset.value, (n.dataset.change ? n.querySelector("b") : n).textContent]);
	const says = [...document.querySelectorAll(".lead, .doors span")].map((n) => n.textContent);
	return { shown, says, figures: values("figure"), changes: values("change"), charts: Object.fromEntries([...document.querySelectorAll("[data-chart]")].map((n) => [n.dataset.chart, sheet(n)])) };
})()`

// distinct are the titles and names of what is counted apart or made of such counts.
var distinct = strings.Split("Orders, Return orders, Customers, New customers, Returning customers, Average order value, orders, return_orders, customers, new_customers, aov", ", ")

// What build has no figures for, by parts of the filter.
const (
	noDays      = " sales/trailing sales/calendar"
	noStates    = " regions/states"
	noOrders    = " regions/region_aov"
	noCustomers = " customers/figures customers/segments customers/rfm customers/clv customers/recency customers/top_customers"
	noProducts  = " products/top_products products/bottom_products products/pareto products/classes products/return_rates products/price_margin products/all_products"
)

// numbers compares a lake's dashboard with DuckDB.
type numbers struct {
	*testing.T
	b               *judgetest.Browser
	python, lake    string
	questions       []question
	views           []seen
	filters         []filter // of each question
	addresses       []string
	compared, blank int
}

// look reads the views of a page for a filter.
func (n *numbers) look(f filter, by string) {
	n.Helper()
	views := []string{"", "sales?grain=month", "customers", "products", "regions"}
	if !f.without("sales", "trailing") {
		views = append(views, "sales?grain=week")
	}
	if by == "gold" {
		views = append(views, "sales?grain=day", "sales?grain=quarter", "sales?grain=year", "products?show=units", "regions?show=orders", "regions?show=growth")
	}
	for _, v := range views {
		page, query, _ := strings.Cut(v, "?")
		shown, err := url.ParseQuery(query)
		if err != nil {
			n.Fatal(err)
		}
		if page == "regions" {
			query += "&at=" + url.PathEscape(f.country)
		}
		address := "#/" + page + "?" + strings.Trim(query+"&"+f.query, "&")
		n.b.Visit(address)
		n.b.Until("document.documentElement.dataset.shown === location.hash", address)
		n.views = append(n.views, judgetest.Eval[seen](n.b, reading))
		q := question{Page: page, By: by, Where: f.where, Who: f.who, From: f.from, To: f.to, Present: f.present, Earlier: f.earlier,
			Grain: shown.Get("grain"), Shown: shown.Get("show"), Country: f.country}
		if page == "" {
			q.Page, q.Grain = "start", "month"
		}
		n.questions, n.filters, n.addresses = append(n.questions, q), append(n.filters, f), append(n.addresses, address)
	}
}

// judge asks DuckDB what the views that were read must say.
func (n *numbers) judge() {
	n.Helper()
	text, err := json.Marshal(n.questions)
	if err != nil {
		n.Fatal(err)
	}
	cmd := exec.Command(n.python, "-B", "../../testdata/judge/dashboard.py", n.lake)
	var out, failed bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, &failed
	if err := cmd.Run(); err != nil {
		n.Fatalf("%v\n%s", err, &failed)
	}
	var answers []map[string]sheet
	if err := json.Unmarshal(out.Bytes(), &answers); err != nil {
		n.Fatal(err)
	}
	for i, want := range answers {
		n.view(n.addresses[i], n.filters[i], n.questions[i].Page, n.views[i], want)
	}
	n.Logf("%d numbers of %d views are as DuckDB has them, %d are said to be unknown", n.compared, len(answers), n.blank)
}

// view compares what a page says with what it must say.
func (n *numbers) view(address string, f filter, page string, got seen, want map[string]sheet) {
	n.Helper()
	for part, figures := range map[string]map[string]string{"figures": got.Figures, "changes": got.Changes} {
		w := want[part]
		delete(want, part)
		if f.without(page, part) {
			w = sheet{}
		}
		for k, name := range w.Columns {
			n.cell(address+" "+part+" "+name, f, name, figures[name], w.Rows[0][k])
			delete(figures, name)
		}
		if len(figures) > 0 {
			n.Errorf("%s: nothing judges the %s %v", address, part, figures)
		}
	}
	if page == "start" && f.query == "" {
		for i, row := range want["says"].Rows {
			n.cell(address+" says", f, "", got.Says[i], row[0])
		}
	}
	delete(want, "says")
	for _, v := range got.Shown {
		if !reads(v[0], v[1]) {
			n.Errorf("%s: %q is shown as %q", address, v[0], v[1])
		}
	}
	if _, tree := got.Charts["category_tree"]; tree { // else there are categories alone
		delete(want, "categories")
	} else {
		delete(want, "category_tree")
	}
	for _, id := range []string{"start_category", "start_country", "by_channel", "by_segment", "margins", "category_returns"} {
		if _, is := got.Charts[id]; !is { // of one value there is no chart
			delete(want, id)
		}
	}
	if got, want := slices.Sorted(maps.Keys(got.Charts)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		n.Errorf("%s: the charts are %v, judged are %v", address, got, want)
	}
	for id, w := range want {
		n.chart(address+" "+id, f, page, id, got.Charts[id], w)
	}
}

// without reports whether build has no figures for a part of a page.
func (f filter) without(page, part string) bool {
	return slices.Contains(strings.Fields(f.cannot), page+"/"+part)
}

// chart compares a chart's table. One that shows none must say why, and be right.
func (n *numbers) chart(what string, f filter, page, id string, got, want sheet) {
	n.Helper()
	if cannot := f.without(page, id); cannot || got.Empty != "" {
		known := func(row []string) bool { return slices.ContainsFunc(row[1:], func(v string) bool { return v != "" }) }
		switch {
		case cannot && strings.HasPrefix(got.Empty, "This page is one file and cannot know"):
		case !cannot && id == "region_growth" && f.earlier == nil && strings.HasPrefix(got.Empty, "There is no earlier period"):
		case !cannot && !slices.ContainsFunc(want.Rows, known):
		default:
			n.Errorf("%s: it says %q and shows %.3q, DuckDB has %d rows: %.3q", what, got.Empty, got.Rows, len(want.Rows), want.Rows)
		}
		return
	}
	if len(got.Rows) != len(want.Rows) || len(got.Columns) != len(want.Columns) {
		n.Errorf("%s: %d rows of %q, want %d of %q", what, len(got.Rows), got.Columns, len(want.Rows), want.Columns)
		return
	}
	for i, row := range got.Rows {
		for k, v := range row {
			n.cell(what+" "+row[0]+" "+got.Columns[k], f, got.Columns[k], v, want.Rows[i][k])
		}
	}
}

// number is a number as an American reads it.
var number = regexp.MustCompile(`^([+-]?)[^\d+-]{0,3}([\d,]+(?:\.(\d+))?)(%| pp|)$`)

// reads reports whether a text is an exact value, rounded to the digits that it shows.
// Values that are no numbers are not looked at.
func reads(value, text string) bool {
	v, ok := new(big.Rat).SetString(value)
	if !ok {
		return value != "" || text == "—" || text == "Unknown"
	}
	m := number.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	if m[4] != "" {
		v.Mul(v, big.NewRat(100, 1))
	}
	is, said := v.FloatString(len(m[3])), strings.TrimPrefix(m[1], "+")+strings.ReplaceAll(m[2], ",", "") // half away from zero
	zero := func(s string) bool { return strings.Trim(s, "-0.") == "" }                                   // -0.0% is fine
	return is == said || zero(is) && zero(said)
}

func (n *numbers) cell(what string, f filter, column, got, want string) {
	n.Helper()
	switch {
	case got == want:
		n.compared++
	case got == "" && f.unknown && slices.Contains(distinct, column):
		n.blank++
	default:
		n.Errorf("%s: the page says %q, DuckDB %q", what, got, want)
	}
}

// pages reads a lake's dashboard as it is served, and as one file.
func pages(t *testing.T, dir string, served, built []filter) {
	python := judges(t)
	n := &numbers{T: t, b: judgetest.Start(t), python: python, lake: filepath.Join(dir, "lake")}
	for i, f := range served {
		if i == 0 {
			n.b.Page = serve(t, dir)
			n.b.Allow = n.b.Page
			n.b.Do(chromedp.Navigate(n.b.Page + "#/"))
		}
		n.look(f, by(f))
	}
	smelt(t, dir, "dashboard", "build", "-o", "lake", "--target-path", "target")
	page, err := os.ReadFile(filepath.Join(dir, "target", "dashboard.html"))
	if err != nil {
		t.Fatal(err)
	}
	n.b.Open(page, "#/")
	for _, f := range built {
		n.look(f, by(f))
	}
	n.judge()
}

func by(f filter) string {
	if f.query == "" {
		return "gold"
	}
	return "lines"
}

// serve serves a lake's dashboard until the test ends, and returns its address.
func serve(t *testing.T, dir string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "dashboard", "serve", "-o", "lake", "--addr", "127.0.0.1:0", "--json")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var said struct{ URL string }
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return said.URL
}

// Every number on the pages of a generated shop, with guests, returns, states and a
// line without a cost, is that of its gold table, or of its lines where it is filtered.
func TestDashboardOfShop(t *testing.T) {
	dir := t.TempDir()
	smelt(t, dir, "generate", "--rows", "5000", "--seed", "3", "-o", "shop")
	smelt(t, dir, "run", "-c", "shop/smelt.yml", "-o", "lake")
	now, before := []string{"2024-01-01", "2024-12-31"}, []string{"2023-01-01", "2023-12-31"}
	all := filter{present: now, earlier: before, country: "United States"}
	pages(t, dir, []filter{all,
		{query: "country=France", where: "country = 'France'", who: "country = 'France'", present: now, earlier: before, country: "France"},
		{query: "from=2024-02-03&to=2024-05-20", from: "2024-02-03", to: "2024-05-20", present: []string{"2024-02-03", "2024-05-20"}, earlier: []string{"2023-10-18", "2024-02-02"}, country: "Germany"},
		{query: "to=2023-03-30", to: "2023-03-30", present: []string{"2023-01-01", "2023-03-30"}, country: "Germany"},
		{query: "from=2024-03-01&to=2024-10-31&country=Germany&country=United%20States&category=Toys&channel=web",
			where: "country IN ('Germany', 'United States') AND category = 'Toys' AND channel = 'web'", who: "country IN ('Germany', 'United States')",
			from: "2024-03-01", to: "2024-10-31", present: []string{"2024-03-01", "2024-10-31"}, earlier: []string{"2023-06-30", "2024-02-29"}, country: "Germany"},
		{query: "segment=business", where: "customer_segment = 'business'", who: "segment = 'business'", present: now, earlier: before, country: "United States"},
		{query: "segment=", where: "customer_segment IS NULL", who: "segment IS NULL", present: now, earlier: before, country: "United States"},
	}, []filter{all,
		{query: "country=Germany&from=2024-02-01&to=2024-04-30", where: "country = 'Germany'", who: "country = 'Germany'", from: "2024-02-01", to: "2024-04-30", present: []string{"2024-02-01", "2024-04-30"}, earlier: []string{"2023-11-01", "2024-01-31"},
			country: "Germany", unknown: true, cannot: noDays + noStates + noOrders + noCustomers + noProducts},
		{query: "country=Germany&from=2024-01-01&to=2024-12-31", where: "country = 'Germany'", who: "country = 'Germany'", from: "2024-01-01", to: "2024-12-31", present: now, earlier: before,
			country: "Germany", cannot: noDays + noStates + noCustomers + noProducts},
		{query: "from=2024-02-01&to=2024-04-30", from: "2024-02-01", to: "2024-04-30", present: []string{"2024-02-01", "2024-04-30"}, earlier: []string{"2023-11-01", "2024-01-31"},
			country: "Germany", unknown: true, cannot: noStates + noOrders + noProducts},
		{query: "segment=business", where: "customer_segment = 'business'", who: "segment = 'business'", present: now, earlier: before,
			country: "United States", unknown: true, cannot: noDays + noStates + noOrders + noCustomers + noProducts},
	})
}

// The same for AdventureWorks, which has no channels, segments and guests, and returns
// that name no customer.
func TestDashboardOfAdventureWorks(t *testing.T) {
	dir, data := t.TempDir(), judgetest.Data(t, "adventureworks")
	smelt(t, dir, "run", "-c", abs(t, "../../testdata/adventureworks.yml"), "--data", data, "-o", filepath.Join(dir, "lake"))
	now, before := []string{"2016-01-01", "2016-12-31"}, []string{"2015-01-01", "2015-12-31"}
	all := filter{present: now, earlier: before, country: "United States"}
	pages(t, dir, []filter{all,
		{query: "country=France", where: "country = 'France'", who: "country = 'France'", present: now, earlier: before, country: "France"},
		{query: "from=2016-02-03&to=2016-05-20", from: "2016-02-03", to: "2016-05-20", present: []string{"2016-02-03", "2016-05-20"}, earlier: []string{"2015-10-18", "2016-02-02"}, country: "United States"},
		{query: "from=2016-11-01&to=2017-03-31&country=United%20States&country=Germany&category=Bikes", where: "country IN ('Germany', 'United States') AND category = 'Bikes'", who: "country IN ('Germany', 'United States')",
			from: "2016-11-01", to: "2017-03-31", present: []string{"2016-11-01", "2017-03-31"}, earlier: []string{"2016-06-03", "2016-10-31"}, country: "United States"},
	}, []filter{all,
		{query: "country=Germany&from=2016-02-01&to=2016-04-30", where: "country = 'Germany'", who: "country = 'Germany'", from: "2016-02-01", to: "2016-04-30", present: []string{"2016-02-01", "2016-04-30"}, earlier: []string{"2015-11-01", "2016-01-31"},
			country: "Germany", unknown: true, cannot: noDays + noStates + noOrders + noCustomers + noProducts},
		{query: "country=Germany&from=2016-01-01&to=2016-12-31", where: "country = 'Germany'", who: "country = 'Germany'", from: "2016-01-01", to: "2016-12-31", present: now, earlier: before,
			country: "Germany", cannot: noDays + noStates + noCustomers + noProducts},
		{query: "from=2016-02-01&to=2016-04-30", from: "2016-02-01", to: "2016-04-30", present: []string{"2016-02-01", "2016-04-30"}, earlier: []string{"2015-11-01", "2016-01-31"},
			country: "Germany", unknown: true, cannot: noStates + noOrders + noProducts},
	})
}
