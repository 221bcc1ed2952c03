package dashboard

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/metrics"
)

// judgeSQL answers filters from the lake's Parquet files: one JSON line of rows for
// each line of input, which says what to group by, the condition, and how a first
// sale is in the group.
const judgeSQL = `
import json, sys, duckdb
lake = sys.argv[1]
db = duckdb.connect()
for name in ["fact_sales", "dim_customers", "dim_products"]:
    db.sql(f"create view {name} as select * from read_parquet('{lake}/silver/{name}/part-*.parquet')")
db.sql("""create view lines as
  select f.*, coalesce(c.segment, '') as shop_segment, coalesce(p.subcategory, '') as subcategory, first.day as first_day
  from fact_sales f left join dim_customers c using (customer_id) join dim_products p using (product_id)
  left join (select customer_id, min(order_date) as day from fact_sales where line_type = 'sale' group by all) first using (customer_id)""")
for line in sys.stdin:
    q = json.loads(line)
    rows = db.sql(f"""select {q['by']},
      count(distinct order_id) filter (line_type = 'sale'), count(distinct order_id) filter (line_type = 'return'),
      count(distinct customer_id) filter (line_type = 'sale'), count(distinct customer_id) filter (line_type = 'sale' and {q['new']}),
      coalesce(sum(quantity) filter (line_type = 'sale'), 0), coalesce(sum(abs(quantity)) filter (line_type = 'return'), 0),
      sum(sales), sum("returns"), sum(revenue), coalesce(sum(discount_amount) filter (line_type = 'sale'), 0),
      if(count(cost) = count(*), sum(cost), null), if(count(cost) = count(*), sum(margin), null)
      from lines where {q['where']} group by all having count(*) > 0""").fetchall()
    print(json.dumps([["" if v is None else str(v) for v in r] for r in rows]), flush=True)
`

// DuckDB counts the same from the fact table's files, filter by filter.
func TestJudge(t *testing.T) {
	python := judgetest.Python(t, "duckdb")
	s := demo(t, 5000, "format: parquet\n")
	x := s.index(t)
	names := map[string]string{"country": "country", "category": "category", "channel": "coalesce(channel, '')", "segment": "shop_segment"}
	groups := map[string]string{"total": "''", "country": "country, coalesce(country_code, '')", "state": "country, state", "category": "category", "subcategory": "category, subcategory",
		"channel": names["channel"], "segment": names["segment"]}
	for _, grain := range []string{"day", "week", "month", "quarter", "year"} {
		groups[grain] = "strftime(date_trunc('" + grain + "', order_date), '%Y-%m-%d')"
	}
	type query struct {
		By    string `json:"by"`
		Where string `json:"where"`
		New   string `json:"new"`
	}
	type asked struct {
		filter Filter
		name   string
		frame  Frame
	}
	var in bytes.Buffer
	var all []asked
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 12 {
		f := randomFilter(r, x, n)
		out := figures(t, x, f)
		where, isNew := []string{"true"}, []string{"true"}
		for col, list := range map[string]*[]string{"order_date": &where, "first_day": &isNew} {
			if f.From != "" {
				*list = append(*list, col+" >= date '"+f.From+"'")
			}
			if f.To != "" {
				*list = append(*list, col+" <= date '"+f.To+"'")
			}
		}
		for dim, values := range f.In {
			if len(values) > 0 {
				var quoted []string
				for _, v := range values {
					quoted = append(quoted, "'"+strings.ReplaceAll(v, "'", "''")+"'")
				}
				where = append(where, names[dim]+" in ("+strings.Join(quoted, ", ")+")")
			}
		}
		out.By["total"] = out.Total
		for name, by := range groups {
			q := query{By: by, Where: strings.Join(where, " and "), New: strings.Join(isNew, " and ")}
			if strings.HasPrefix(by, "strftime") {
				q.New += " and date_trunc('" + name + "', first_day) = date_trunc('" + name + "', order_date)"
			}
			text, _ := json.Marshal(q)
			in.Write(append(text, '\n'))
			all = append(all, asked{f, name, out.By[name]})
		}
	}
	cmd := exec.Command(python, "-B", "-c", judgeSQL, filepath.ToSlash(s.lake))
	cmd.Stdin = &in
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errors.Bytes())
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	for _, a := range all {
		var rows [][]string
		if err := answers.Decode(&rows); err != nil {
			t.Fatal(err)
		}
		judged(t, a.filter, a.name, a.frame, rows)
	}
}

// judged compares a frame with DuckDB's rows. Periods without a line are zeros.
func judged(t *testing.T, f Filter, name string, frame Frame, rows [][]string) {
	t.Helper()
	for _, r := range rows {
		keys := r[:len(r)-len(values)]
		i := 0
		if name != "total" {
			if i = at(frame, keys); i < 0 {
				t.Errorf("%v: %s has no row of %q", f, name, keys)
				continue
			}
		}
		for k, v := range values {
			if column := frame.Values[v.measure.Name]; column != nil {
				if got, want := string(column[i]), r[len(keys)+k]; got != want {
					t.Errorf("%v: %s %q: %s is %s, DuckDB says %s", f, name, keys, v.measure.Name, got, want)
				}
			} else if v.measure != metrics.NewCustomers {
				t.Errorf("%s has no %s", name, v.measure.Name)
			}
		}
	}
	met := 0
	for i := range frame.Values["orders"] {
		if frame.Values["orders"][i] != "0" || frame.Values["return_orders"][i] != "0" {
			met++
		}
	}
	if met != len(rows) {
		t.Errorf("%v: %s has %d rows with lines, DuckDB %d", f, name, met, len(rows))
	}
}
