package register

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/internal/catalogtest"
)

var inSmelt = Names{Catalog: "smelt"}

func unity(t *testing.T, u *catalogtest.Unity) *Unity {
	t.Helper()
	c, err := NewUnity(u.URL, u.Token, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	c.c.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return c
}

func TestUnity(t *testing.T) {
	for _, format := range []string{Delta, Parquet} {
		t.Run(format, func(t *testing.T) {
			tables := tablesIn(t, lakeOf(t, format))
			server := catalogtest.NewUnity(t)
			server.Token, server.Page = "secret-token", 2
			u := unity(t, server)
			ctx := context.Background()
			if drift, err := u.Check(ctx, tables, inSmelt); err != nil || len(drift) != 13 {
				t.Fatalf("before: %v, %v", drift, err)
			}
			changes, err := u.Register(ctx, tables, inSmelt)
			if err != nil || what(changes) != "map[created:13]" {
				t.Fatalf("%v, %v", changes, err)
			}
			if drift, err := u.Check(ctx, tables, inSmelt); err != nil || len(drift) != 0 {
				t.Fatalf("after: %v, %v", drift, err)
			}
			server.Calls = nil
			if changes, err = u.Register(ctx, tables, inSmelt); err != nil || what(changes) != "map[unchanged:13]" {
				t.Fatalf("again: %v, %v", changes, err)
			}
			for _, call := range server.Calls {
				if !strings.HasPrefix(call, "GET ") {
					t.Errorf("a second registration calls %s", call)
				}
			}
			fact := server.Tables()["smelt.silver.fact_sales"]
			if *fact.Format != strings.ToUpper(format) || *fact.Location != bucket+"/silver/fact_sales" || fact.Properties["source"] != "smelt" {
				t.Errorf("%+v", fact)
			}
			i := slices.IndexFunc(fact.Columns, func(c catalogtest.UnityColumn) bool { return c.Name == "revenue" })
			want := `{"name":"revenue","type":"decimal(18,4)","nullable":false,"metadata":{"comment":"sales − returns: negative on a return."}}`
			if c := fact.Columns[i]; c.TypeJSON != want || *c.TypeText != "decimal(18,4)" || c.TypeName != "DECIMAL" || *c.Precision != 18 || *c.Scale != 4 || *c.Position != 13 || *c.Nullable {
				t.Errorf("%+v", c)
			}
		})
	}
}

// Every kind of difference is named, and registering again mends it.
func TestUnityDrift(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	server := catalogtest.NewUnity(t)
	u := unity(t, server)
	ctx := context.Background()
	if _, err := u.Register(ctx, tables, inSmelt); err != nil {
		t.Fatal(err)
	}
	of := server.Tables()
	other, no, extra, text := "s3://shop/old", false, 18, "date"
	of["smelt.silver.dim_customers"].Location = &other
	of["smelt.silver.dim_customers"].Comment = nil
	products := of["smelt.silver.dim_products"]
	for i := range products.Columns {
		switch c := &products.Columns[i]; c.Name {
		case "product_name":
			c.Nullable = &no
		case "brand":
			c.Comment = &other
		case "unit_cost":
			c.TypeText = &text
		case "updated_at":
			c.Name, c.Position = "changed_at", &extra
		}
	}
	delete(of, "smelt.gold.regional_sales")
	drift, err := u.Check(ctx, tables, inSmelt)
	var got []string
	for _, d := range drift {
		got = append(got, strings.TrimPrefix(d.Table, "smelt.")+" "+d.Column+" "+d.What+" "+d.Lake+"|"+d.Catalog)
	}
	want := []string{
		"gold.regional_sales  missing delta|",
		"silver.dim_customers  location s3://shop/lake/silver/dim_customers|s3://shop/old",
		"silver.dim_customers  comment One row per customer: the latest record wins.|",
		"silver.dim_products product_name nullable yes|no",
		"silver.dim_products brand comment Brand, one spelling per value.|s3://shop/old",
		"silver.dim_products unit_cost type decimal(18,4)|date",
		"silver.dim_products updated_at missing timestamp|",
		"silver.dim_products changed_at extra |timestamp",
	}
	if !slices.Equal(got, want) || err != nil {
		t.Errorf("%s\n%v", strings.Join(got, "\n"), err)
	}
	changes, err := u.Register(ctx, tables, inSmelt)
	if err != nil || what(changes) != "map[created:1 replaced:2 unchanged:10]" {
		t.Fatalf("%v, %v", changes, err)
	}
	if drift, err = u.Check(ctx, tables, inSmelt); err != nil || len(drift) != 0 {
		t.Errorf("%v, %v", drift, err)
	}
}

// A table that the catalog manages is not deleted: its data would be gone.
func TestUnityManaged(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	server := catalogtest.NewUnity(t)
	u := unity(t, server)
	if _, err := u.Register(context.Background(), tables, inSmelt); err != nil {
		t.Fatal(err)
	}
	server.Tables()["smelt.silver.fact_sales"].Type = "MANAGED"
	server.Calls = nil
	_, err := u.Register(context.Background(), tables, inSmelt)
	if err == nil || !strings.Contains(err.Error(), "smelt.silver.fact_sales: this name is taken") || slices.ContainsFunc(server.Calls, func(c string) bool { return !strings.HasPrefix(c, "GET") }) {
		t.Errorf("%v\n%v", err, server.Calls)
	}
}

// Where the server refuses the new table, the old one stands again.
func TestUnityRefusesReplacement(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	server := catalogtest.NewUnity(t)
	u := unity(t, server)
	if _, err := u.Register(context.Background(), tables, inSmelt); err != nil {
		t.Fatal(err)
	}
	moved := slices.Clone(tables)
	for i := range moved {
		moved[i].Location = "dbfs:/lake/" + moved[i].Name
	}
	if _, err := u.Register(context.Background(), moved, inSmelt); err == nil || !strings.Contains(err.Error(), "bronze.customers: Unity Catalog: HTTP 400: INVALID_ARGUMENT: unsupported path") {
		t.Error(err)
	}
	if drift, err := u.Check(context.Background(), tables, inSmelt); err != nil || len(drift) != 0 {
		t.Errorf("%v, %v", drift, err)
	}
}

func TestUnityErrors(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))[:1]
	page := func(w http.ResponseWriter) { http.Error(w, "<html>", http.StatusNotFound) }
	for _, c := range []struct {
		name, method, path string
		times              int
		answer             func(http.ResponseWriter)
		want, hint         string // "" = it succeeds
	}{
		{"busy for a while", "POST", "/tables", 3, status(503, "1", "", ""), "", ""},
		{"busy", "POST", "/tables", 1000, status(429, "", "RESOURCE_EXHAUSTED", "no"), "after 6 attempts: HTTP 429", "busy"},
		{"list lost", "GET", "/tables", 3, drop, "", ""},
		{"create lost", "POST", "/tables", 1, drop, "no answer", "is the address right"},
		{"catalog lost", "POST", "/catalogs", 1, drop, "", ""},
		{"forbidden catalog", "POST", "/catalogs", 1, status(403, "", "PERMISSION_DENIED", "no"), "smelt: Unity Catalog: HTTP 403", "CREATE CATALOG"},
		{"forbidden table", "POST", "/tables", 1, status(403, "", "PERMISSION_DENIED", "no"), "smelt.bronze.customers: Unity Catalog: HTTP 403", "CREATE TABLE"},
		{"no token", "GET", "/catalogs", 1, status(401, "", "UNAUTHENTICATED", "no"), "HTTP 401", "set UNITY_TOKEN"},
		{"another server", "GET", "/catalogs", 1, page, "HTTP 404: a web page", "is the address that of this API?"},
		{"race", "POST", "/schemas", 1, status(400, "", "SCHEMA_ALREADY_EXISTS", "no"), "Schema not found", ""},
		{"race of tables", "POST", "/tables", 1, status(400, "", "TABLE_ALREADY_EXISTS", "no"), "TABLE_ALREADY_EXISTS", "somebody else registers"},
		{"500", "POST", "/tables", 1, status(500, "", "INTERNAL", "oops"), "HTTP 500: INTERNAL: oops", "the fault is the server's"},
		{"no JSON", "GET", "/tables", 1, func(w http.ResponseWriter) { _, _ = w.Write([]byte("{")) }, "no JSON as documented", ""},
		{"endless", "GET", "/tables", 1000, func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"tables":[],"next_page_token":"a"}`)) }, "does not end", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := catalogtest.NewUnity(t)
			n := 0
			server.Fault = func(w http.ResponseWriter, r *http.Request, _ string) bool {
				if r.Method != c.method || !strings.HasPrefix(r.URL.Path, unityPath+c.path) {
					return false
				}
				if n++; n > c.times {
					return false
				}
				c.answer(w)
				return true
			}
			_, err := unity(t, server).Register(context.Background(), tables, inSmelt)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.hint)) {
				t.Errorf("%d requests: %v", n, err)
			}
		})
	}
	t.Run("wrong token", func(t *testing.T) {
		server := catalogtest.NewUnity(t)
		server.Token = "right"
		u := unity(t, server)
		u.c.token = fixedToken("wrong-secret")
		if _, err := u.Register(context.Background(), tables, inSmelt); err == nil || !strings.Contains(err.Error(), "the token or secret is wrong") || strings.Contains(err.Error(), "wrong-secret") {
			t.Error(err)
		}
	})
}

func TestNewUnity(t *testing.T) {
	for _, bad := range []string{"localhost:8080", "ftp://x", "http://", "http://me:hunter2@x", "http://x?token=hunter2", "http://[::1"} {
		if _, err := NewUnity(bad, "", nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for in, want := range map[string]string{"http://x:8080/": "http://x:8080" + unityPath, "https://x/proxy": "https://x/proxy" + unityPath, "http://x" + unityPath: "http://x" + unityPath} {
		if u, err := NewUnity(in, "", nil); err != nil || u.c.base != want {
			t.Errorf("%s: %v", in, err)
		}
	}
	if err := unityNames(Names{Catalog: "a$b"}); err == nil {
		t.Error("a name with a $")
	}
}

// TestUnityServer registers in a real server, at SMELT_UNITY_URL.
func TestUnityServer(t *testing.T) {
	server := os.Getenv("SMELT_UNITY_URL")
	if server == "" {
		t.Skip("SMELT_UNITY_URL names no Unity Catalog server")
	}
	u, err := NewUnity(server, os.Getenv("UNITY_TOKEN"), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, in := context.Background(), Names{Catalog: fmt.Sprintf("smelt_test_%d", time.Now().UnixNano()), Prefix: "p_"}
	for _, format := range []string{Parquet, Delta} {
		dir := lakeOf(t, format)
		tables := tablesIn(t, dir)
		register := func(want string) {
			t.Helper()
			if changes, err := u.Register(ctx, tables, in); err != nil || what(changes) != want {
				t.Errorf("%s: %v, want %s: %v", format, changes, want, err)
			}
			if drift, err := u.Check(ctx, tables, in); err != nil || len(drift) != 0 {
				t.Errorf("%s: %v, %v", format, drift, err)
			}
		}
		if format == Parquet {
			register("map[created:13]")
		} else {
			register("map[replaced:13]") // the lake has become Delta
		}
		register("map[unchanged:13]")
		// Every type that a table can have, in a schema that changes.
		all := Table{Layer: "gold", Name: "all_types_" + format, Location: bucket + "/gold/all_types_" + format, Format: format}
		for _, p := range plainTypes {
			all.Columns = append(all.Columns, Column{Name: p.json, Type: p.arrow, Nullable: true, Doc: `"it's" \ Σ`})
		}
		tables = append(tables, all)
		register("map[created:1 unchanged:13]")
		tables[13].Columns = append(slices.Clone(all.Columns[1:]), Column{Name: "d", Type: &arrow.Decimal128Type{Precision: 38, Scale: 10}})
		if drift, err := u.Check(ctx, tables, in); err != nil || !slices.ContainsFunc(drift, func(d Drift) bool { return d.Column == "d" && d.What == "missing" }) {
			t.Errorf("%v, %v", drift, err)
		}
		register("map[replaced:1 unchanged:13]")
	}
}
