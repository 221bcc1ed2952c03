package dashboard

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

type brand struct {
	Brand   string                `col:"brand" doc:"Name."`
	Age     int64                 `col:"age" doc:"Years."`
	Revenue pipeline.Null[string] `col:"note" doc:"Text."`
	Price   pipeline.Price        `col:"price" doc:"Mean price."`
	Email   string                `col:"email" doc:"Of the maker."`
}

var brands = pipeline.Declare[brand]("gold.brands", "One row per brand.", "brand")

// brandsLake is a lake with a table of the user's own.
func brandsLake(t *testing.T, rows []brand) string {
	t.Helper()
	lake := t.TempDir()
	rec := brands.Record(nil, rows)
	defer rec.Release()
	if _, err := deltaio.Write(context.Background(), filepath.Join(lake, "gold", "brands"), brands.Table, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return lake
}

// paged is a mapping with pages, written as smelt.yml has them.
func paged(t *testing.T, pages ...string) *bronze.Mapping {
	t.Helper()
	m, err := bronze.ParseMapping("smelt.yml", []byte("sources: [{table: products, files: p.csv, columns: {product_id: Id}}]\ndashboard:\n  pages:\n    - {"+strings.Join(pages, "}\n    - {")+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOwnPages(t *testing.T) {
	lake := brandsLake(t, []brand{
		{"Zeta", 10, pipeline.Some("a"), 125000, "z@example.com"},
		{"Alpha", 9, pipeline.Null[string]{}, -5, "a@example.com"},
		{"Mid", 100, pipeline.Some("b"), 10000, "m@example.com"},
	})
	m := paged(t,
		"title: Bars, table: gold.brands, chart: bar, x: brand, y: [price, age]",
		"title: Line, table: gold.brands, chart: line, x: age, y: price, where: note IS NULL OR age > 9",
		"title: All, table: gold.brands",
		"title: Named, table: gold.brands, y: [email, brand], where: brand = 'Mid'")
	got, err := OwnPages(context.Background(), lake, m)
	if err != nil {
		t.Fatal(err)
	}
	want := []OwnPage{
		{Title: "Bars", Table: "gold.brands", Chart: "bar", X: "brand", Y: []string{"price", "age"}, Columns: []string{"brand", "price", "age"}, Types: []string{"string", "price", "int64"},
			Rows: [][]string{{"Zeta", "12.5000", "10"}, {"Alpha", "-0.0005", "9"}, {"Mid", "1.0000", "100"}}, Total: 3},
		{Title: "Line", Table: "gold.brands", Chart: "line", X: "age", Y: []string{"price"}, Columns: []string{"age", "price"}, Types: []string{"int64", "price"},
			Rows: [][]string{{"9", "-0.0005"}, {"10", "12.5000"}, {"100", "1.0000"}}, Total: 3},
		{Title: "All", Table: "gold.brands", Chart: "table", Columns: []string{"brand", "age", "note", "price"}, Types: []string{"string", "int64", "string", "price"},
			Rows: [][]string{{"Zeta", "10", "a", "12.5000"}, {"Alpha", "9", "", "-0.0005"}, {"Mid", "100", "b", "1.0000"}}, Total: 3},
		{Title: "Named", Table: "gold.brands", Chart: "table", Y: []string{"email", "brand"}, Columns: []string{"email", "brand"}, Types: []string{"string", "string"},
			Rows: [][]string{{"m@example.com", "Mid"}}, Total: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if none, err := OwnPages(context.Background(), lake, nil); err != nil || none != nil {
		t.Errorf("without smelt.yml: %v %v", none, err)
	}
}

// A page shows the first rows, and says of how many.
func TestOwnPagesLimit(t *testing.T) {
	rows := make([]brand, ownRows+1)
	for i := range rows {
		rows[i] = brand{Brand: fmt.Sprint(i)}
	}
	got, err := OwnPages(context.Background(), brandsLake(t, rows), paged(t, "title: A, table: gold.brands, y: brand"))
	if err != nil {
		t.Fatal(err)
	}
	if p := got[0]; len(p.Rows) != ownRows || p.Total != ownRows+1 || p.Rows[ownRows-1][0] != fmt.Sprint(ownRows-1) {
		t.Errorf("%d rows of %d", len(p.Rows), p.Total)
	}
}

func TestOwnPagesErrors(t *testing.T) {
	lake := brandsLake(t, []brand{{Brand: "A"}})
	for _, c := range []struct{ page, want string }{
		{"title: A, table: gold.brand", `smelt.yml:4:7: dashboard page "A": there is no table "gold.brand" in ` + lake + "\n  did you mean gold.brands? the tables are gold.brands"},
		{"title: A, table: gold.brands, chart: bar, x: brnd, y: age", "smelt.yml:4:7: dashboard page \"A\": gold.brands has no column \"brnd\"\n  did you mean brand? the columns are brand, age, note, price, email"},
		{"title: A, table: gold.brands, y: brands", "smelt.yml:4:7: dashboard page \"A\": gold.brands has no column \"brands\"\n  did you mean brand? "},
		{"title: A, table: gold.brands, chart: bar, x: brand, y: note", "smelt.yml:4:7: dashboard page \"A\": y: gold.brands.note holds no numbers but string\n  "},
		{"title: A, table: gold.brands, chart: bar, x: age, y: age", "smelt.yml:4:7: dashboard page \"A\": the column age stands there twice\n  "},
		{"title: A, table: gold.brands, where: brand = ", "smelt.yml:4:7: dashboard page \"A\": where: "},
		{"title: A, table: gold.brands, where: pric > 1", "smelt.yml:4:7: dashboard page \"A\": where: "},
	} {
		_, err := OwnPages(context.Background(), lake, paged(t, c.page))
		if !errors.Is(err, pipeline.ErrConfig) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.page, err, c.want)
		}
	}
	if _, err := OwnPages(context.Background(), t.TempDir(), paged(t, "title: A, table: gold.brands")); !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), "smelt run makes them") {
		t.Errorf("an empty lake: %v", err)
	}
}
