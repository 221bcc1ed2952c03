package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/internal/catalogtest"
)

var inMain = Names{Catalog: "main", Prefix: "shop_"}

// connect returns a Databricks that signs in to a test's workspace and does
// not wait between attempts; waits are how long it would have.
func connect(t *testing.T, d *catalogtest.Databricks, oauth bool) (db *Databricks, notes *[]string, waits *[]time.Duration) {
	t.Helper()
	env := map[string]string{"DATABRICKS_HOST": d.URL, "DATABRICKS_WAREHOUSE_ID": d.Warehouse, "DATABRICKS_TOKEN": d.Tokens[0]}
	if oauth {
		delete(env, "DATABRICKS_TOKEN")
		env["DATABRICKS_CLIENT_ID"], env["DATABRICKS_CLIENT_SECRET"] = d.ClientID, d.Secret
		d.Tokens = nil
	}
	w, err := Workspace{}.Resolve(func(key string) string { return env[key] })
	if err != nil {
		t.Fatal(err)
	}
	notes, waits = &[]string{}, &[]time.Duration{}
	db = NewDatabricks(w, func(s string) { *notes = append(*notes, s) })
	db.c.pause = func(ctx context.Context, wait time.Duration) error {
		*waits = append(*waits, wait)
		return ctx.Err()
	}
	return db, notes, waits
}

func what(changes []Change) string {
	count := map[string]int{}
	for _, c := range changes {
		count[c.What]++
	}
	return fmt.Sprint(count)
}

func TestDatabricks(t *testing.T) {
	for _, format := range []string{Delta, Parquet} {
		for _, oauth := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s oauth=%v", format, oauth), func(t *testing.T) {
				tables := tablesIn(t, lakeOf(t, format))
				d := catalogtest.NewDatabricks(t, logsOf(tables))
				d.Polls, d.State, d.Chunk, d.Expires = 3, "STOPPED", 7, 1
				db, notes, _ := connect(t, d, oauth)
				ctx := context.Background()

				drift, err := db.Check(ctx, tables, inMain)
				if err != nil || len(drift) != 13 || drift[0].What != "missing" {
					t.Fatalf("before: %v, %v", drift, err)
				}
				changes, err := db.Register(ctx, tables, inMain)
				if err != nil || what(changes) != "map[created:13]" {
					t.Fatalf("%v, %v", changes, err)
				}
				if !slices.Contains(*notes, "the SQL warehouse Shared is stopped: it starts now, which takes a while") {
					t.Error(*notes)
				}
				if drift, err = db.Check(ctx, tables, inMain); err != nil || len(drift) != 0 {
					t.Fatalf("after: %v, %v", drift, err)
				}
				d.Executed = nil
				if changes, err = db.Register(ctx, tables, inMain); err != nil || what(changes) != "map[unchanged:13]" {
					t.Fatalf("again: %v, %v", changes, err)
				}
				for _, sql := range d.Executed {
					if !strings.HasPrefix(sql, "SELECT") && !strings.Contains(sql, " SET TAGS ") {
						t.Errorf("a second registration runs %s", sql)
					}
				}
				fact := d.Tables()["main.shop_silver.fact_sales"]
				if fact.Comment != named(t, tables, "silver.fact_sales").Doc || fact.Tags["layer"] != "silver" || fact.Tags["source"] != "smelt" {
					t.Errorf("%+v", fact)
				}
				if tags := d.Tables()["main.shop_silver.dim_customers"].Tags; tags["email.pii"] != "email" {
					t.Error(tags)
				}
				if format == Parquet {
					return
				}
				if fact.Primary == nil || fact.Primary.Rely || len(fact.Foreign) != 2 || !fact.Foreign[0].Rely || fact.Foreign[0].Parent != "main.shop_silver.dim_customers" {
					t.Errorf("keys: %+v %+v", fact.Primary, fact.Foreign)
				}
				if p := d.Tables()["main.shop_silver.dim_products"].Primary; p == nil || !p.Rely {
					t.Errorf("dim_products: %+v", p)
				}
				if p := d.Tables()["main.shop_gold.regional_sales"].Primary; p != nil {
					t.Errorf("regional_sales has a key of columns that may be NULL: %+v", p)
				}
			})
		}
	}
}

// What somebody changed in the catalog, or in the lake, is found and mended.
func TestDatabricksDrift(t *testing.T) {
	dir := lakeOf(t, Delta)
	tables := tablesIn(t, dir)
	d := catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ := connect(t, d, false)
	ctx := context.Background()
	if _, err := db.Register(ctx, tables, inMain); err != nil {
		t.Fatal(err)
	}
	customers := d.Tables()["main.shop_silver.dim_customers"]
	customers.Comment = "mine"
	customers.Columns[1].Comment, customers.Columns[2].Type = "mine", "int"
	customers.Columns = append(customers.Columns, catalogtest.Column{Name: "mine", Type: "date", Nullable: true})
	d.Tables()["main.shop_silver.fact_sales"].Foreign = nil
	drift, err := db.Check(ctx, tables, inMain)
	var got []string
	for _, x := range drift {
		got = append(got, x.Column+" "+x.What)
	}
	want := " comment, first_name comment, last_name type, mine extra, fact_sales_customer_id_fk key, fact_sales_product_id_fk key"
	if strings.Join(got, ", ") != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	changes, err := db.Register(ctx, tables, inMain)
	if err != nil || what(changes) != "map[changed:2 unchanged:11]" {
		t.Fatalf("%v, %v", changes, err)
	}
	if drift, err = db.Check(ctx, tables, inMain); err != nil || len(drift) != 0 {
		t.Errorf("%v, %v", drift, err)
	}
}

// A lake that was Parquet and is Delta now, at the same place, is registered anew.
func TestDatabricksFormat(t *testing.T) {
	before, after := tablesIn(t, lakeOf(t, Parquet)), tablesIn(t, lakeOf(t, Delta))
	d := catalogtest.NewDatabricks(t, logsOf(after))
	db, _, _ := connect(t, d, false)
	if _, err := db.Register(context.Background(), before, inMain); err != nil {
		t.Fatal(err)
	}
	changes, err := db.Register(context.Background(), after, inMain)
	if err != nil || what(changes) != "map[replaced:13]" {
		t.Fatalf("%v, %v", changes, err)
	}
}

// A table of somebody else stops everything before anything is written.
func TestDatabricksClash(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	d := catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ := connect(t, d, false)
	for _, other := range []catalogtest.Table{
		{Type: "EXTERNAL", Format: "DELTA", Location: "s3://other/lake/silver/fact_sales"},
		{Type: "MANAGED", Format: "DELTA", Location: bucket + "/silver/fact_sales"},
		{Type: "VIEW", Format: "UNKNOWN"},
	} {
		d.Executed = nil
		d.Tables()["main.shop_silver.fact_sales"] = &other
		_, err := db.Register(context.Background(), tables, inMain)
		if err == nil || !strings.Contains(err.Error(), "main.shop_silver.fact_sales: this name is taken by a table of other files") {
			t.Errorf("%v", err)
		}
		for _, sql := range d.Executed {
			if !strings.HasPrefix(sql, "SELECT") {
				t.Errorf("it ran %s", sql)
			}
		}
	}
	// One that appears after the look, which IF NOT EXISTS passes over.
	delete(d.Tables(), "main.shop_silver.fact_sales")
	d.Outcome = func(sql string) (string, string, string) {
		if strings.HasPrefix(sql, "CREATE TABLE") {
			d.Tables()["main.shop_silver.fact_sales"] = &catalogtest.Table{Type: "EXTERNAL", Format: "DELTA", Location: "s3://other/x"}
		}
		return "", "", ""
	}
	if _, err := db.Register(context.Background(), tables, inMain); err == nil || !strings.Contains(err.Error(), "this name is taken") {
		t.Error(err)
	}
	// One that this user may not see.
	d.Outcome = func(sql string) (string, string, string) {
		delete(d.Tables(), "main.shop_silver.fact_sales")
		return "", "", ""
	}
	if _, err := db.Register(context.Background(), tables, inMain); err == nil || !strings.Contains(err.Error(), "information_schema does not show it") {
		t.Error(err)
	}
}

// Every way in which a statement ends badly says which table it was about and
// what to do.
func TestDatabricksStatementFails(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	for _, c := range []struct{ on, state, code, message, want, hint string }{
		{"SELECT", "FAILED", "BAD_REQUEST", "[INSUFFICIENT_PERMISSIONS] User does not have USE CATALOG on Catalog 'main'.", "the statement failed: BAD_REQUEST: ", "this takes USE CATALOG on main"},
		{"SELECT", "FAILED", "BAD_REQUEST", "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'main' was not found.", "", "name a catalog that exists with --catalog"},
		{"CREATE SCHEMA", "FAILED", "BAD_REQUEST", "PERMISSION_DENIED: User does not have CREATE SCHEMA on Catalog 'main'.", "", "this takes USE CATALOG and CREATE SCHEMA"},
		{"CREATE TABLE", "FAILED", "BAD_REQUEST", "PERMISSION_DENIED: User does not have CREATE EXTERNAL TABLE on External Location 'shop'.", "bronze.customers: ", "CREATE EXTERNAL TABLE on the external location above " + bucket + "/bronze/customers"},
		{"CREATE TABLE", "FAILED", "BAD_REQUEST", "[NO_SUCH_EXTERNAL_LOCATION_EXCEPTION] No parent external location found for path", "", "an external location has to cover --location"},
		{"CREATE TABLE", "FAILED", "BAD_REQUEST", "[DELTA_MISSING_TRANSACTION_LOG] …", "", "are the lake's files at --location?"},
		{"CREATE TABLE", "FAILED", "BAD_REQUEST", "LOCATION_OVERLAP: …", "", "another table or volume lies there"},
		{"ALTER TABLE", "FAILED", "BAD_REQUEST", "PERMISSION_DENIED: User is not an owner of Table; does not have …", "", "this takes to own the table"},
		{"CREATE TABLE", "FAILED", "SERVICE_UNDER_MAINTENANCE", "later", "", "try again"},
		{"CREATE TABLE", "FAILED", "INTERNAL_ERROR", "what is this", "INTERNAL_ERROR: what is this", ""},
		{"CREATE TABLE", "CANCELED", "", "", "the statement was canceled", "try again"},
		{"CREATE TABLE", "CLOSED", "", "", "the statement was closed", "try again"},
		{"CREATE TABLE", "PAUSED", "", "", `a state that the API does not document: "PAUSED"`, ""},
	} {
		d := catalogtest.NewDatabricks(t, logsOf(tables))
		db, _, _ := connect(t, d, false)
		d.Polls = 2
		d.Outcome = func(sql string) (string, string, string) {
			if strings.HasPrefix(sql, c.on) {
				return c.state, c.code, c.message
			}
			return "", "", ""
		}
		_, err := db.Register(context.Background(), tables, inMain)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.hint) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s %s %s: %v", c.on, c.state, c.message, err)
		}
	}
}

// faults makes a workspace answer the first requests of a path itself; count
// says how many there were, those that are still being answered included.
func faults(d *catalogtest.Databricks, method, path string, times int, answer func(w http.ResponseWriter)) (count func() int) {
	n := 0
	d.Fault = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method != method || !strings.HasPrefix(r.URL.Path, path) {
			return false
		}
		if n++; n > times {
			return false
		}
		answer(w)
		return true
	}
	return func() int {
		d.Lock()
		defer d.Unlock()
		return n
	}
}

func status(code int, header, errorCode, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if header != "" {
			w.Header().Set("Retry-After", header)
		}
		catalogtest.Refuse(w, code, errorCode, message)
	}
}

func drop(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		c.Close()
	}
}

// Requests that fail for a while are repeated; none for ever.
func TestDatabricksRetries(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))[:1]
	for _, c := range []struct {
		name, method, path string
		answer             func(http.ResponseWriter)
		wait               time.Duration // that the server asks for
		want               string        // the error of a fault that never ends
	}{
		{"429", "POST", statements, status(429, "7", "RESOURCE_EXHAUSTED", "slow down"), 7 * time.Second, "after 6 attempts: HTTP 429: RESOURCE_EXHAUSTED: slow down"},
		{"503", "GET", statements, status(503, "", "TEMPORARILY_UNAVAILABLE", "busy"), 0, "after 6 attempts: HTTP 503"},
		{"503 for an hour", "POST", statements, status(503, "3600", "TEMPORARILY_UNAVAILABLE", "busy"), time.Minute, "after 6 attempts: HTTP 503"},
		{"502", "GET", statements, status(502, "", "", "bad gateway"), 0, "after 6 attempts: HTTP 502"},
		{"lost", "POST", statements, drop, 0, "after 6 attempts: no answer"},
		{"lost warehouse", "GET", "/api/2.0/sql/warehouses", drop, 0, "after 6 attempts: no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, times := range []int{3, 1000} {
				d := catalogtest.NewDatabricks(t, logsOf(tables))
				d.Polls = 1
				db, _, waits := connect(t, d, false)
				count := faults(d, c.method, c.path, times, c.answer)
				changes, err := db.Register(context.Background(), tables, inMain)
				if times == 3 && (err != nil || what(changes) != "map[created:1]") {
					t.Errorf("%v, %v", changes, err)
				}
				if times == 1000 && (err == nil || !strings.Contains(err.Error(), c.want) || count() != attempts) {
					t.Errorf("%d requests: %v", count(), err)
				}
				if c.wait > 0 && !slices.Contains(*waits, c.wait) {
					t.Errorf("it waited %v", *waits)
				}
			}
		})
	}
}

// Answers that no repetition mends.
func TestDatabricksRefusals(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))[:1]
	plain := func(code int, kind, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Location", "https://login.example.com/")
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}
	}
	for _, c := range []struct {
		name, method, path string
		answer             func(http.ResponseWriter)
		want, hint         string
	}{
		{"400", "POST", statements, status(400, "", "INVALID_PARAMETER_VALUE", "no"), "HTTP 400: INVALID_PARAMETER_VALUE: no", ""},
		{"401", "POST", statements, status(401, "", "UNAUTHENTICATED", "no"), "HTTP 401", "the token or secret is wrong or has expired"},
		{"403", "POST", statements, status(403, "", "PERMISSION_DENIED", "You do not have permission"), "HTTP 403", "CAN USE on the SQL warehouse"},
		{"403 token", "POST", statements, plain(403, "application/json", `{"error_code":403,"message":"Invalid access token."}`), "HTTP 403: Invalid access token", "the token is wrong"},
		{"404", "POST", statements, status(404, "", "NOT_FOUND", "no such endpoint"), "HTTP 404", "is --warehouse the id"},
		{"404 warehouse", "GET", "/api/2.0/sql/warehouses", status(404, "", "RESOURCE_DOES_NOT_EXIST", "none"), "this workspace has no such SQL warehouse", "HTTP path"},
		{"500", "POST", statements, status(500, "", "INTERNAL_ERROR", "oops"), "HTTP 500", "the fault is the server's"},
		{"page", "POST", statements, plain(200, "text/html", "<html>login</html>"), "no JSON as documented", ""},
		{"redirect", "GET", "/api/2.0/sql/warehouses", plain(302, "text/html", ""), "sends on to another page", "is the address that of this API?"},
		{"half", "POST", statements, plain(200, "application/json", `{"statement_id": "01`), "no JSON as documented", ""},
		{"no id", "POST", statements, plain(200, "application/json", `{"status": {"state": "PENDING"}}`), "the answer names no statement", ""},
		{"cut off", "POST", statements, plain(200, "application/json", `{"statement_id":"1","status":{"state":"SUCCEEDED"},"manifest":{"truncated":true}}`), "cut the result off", ""},
		{"narrow", "POST", statements, plain(200, "application/json", `{"statement_id":"1","status":{"state":"SUCCEEDED"},"result":{"data_array":[["a"]]}}`), "has 1 cells, not 6", ""},
		{"elsewhere", "POST", statements, plain(200, "application/json", `{"statement_id":"1","status":{"state":"SUCCEEDED"},"result":{"next_chunk_internal_link":"//evil.example.com/"}}`), "not the API's", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := catalogtest.NewDatabricks(t, logsOf(tables))
			db, _, _ := connect(t, d, false)
			count := faults(d, c.method, c.path, 1000, c.answer)
			_, err := db.Register(context.Background(), tables, inMain)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.hint) || count() > 1 {
				t.Errorf("%d requests: %v", count(), err)
			}
		})
	}
	t.Run("403 of the warehouse's state", func(t *testing.T) {
		d := catalogtest.NewDatabricks(t, logsOf(tables))
		db, _, _ := connect(t, d, false)
		faults(d, "GET", "/api/2.0/sql/warehouses", 1000, status(403, "", "PERMISSION_DENIED", "no"))
		if _, err := db.Register(context.Background(), tables, inMain); err != nil {
			t.Error(err) // CAN USE is enough
		}
	})
	t.Run("deleted", func(t *testing.T) {
		d := catalogtest.NewDatabricks(t, logsOf(tables))
		db, _, _ := connect(t, d, false)
		d.State = "DELETED"
		if _, err := db.Register(context.Background(), tables, inMain); err == nil || !strings.Contains(err.Error(), "has been deleted") {
			t.Error(err)
		}
	})
}

// Adding a key is not repeated when its answer gets lost: it may be done.
func TestDatabricksAddOnce(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	d := catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ := connect(t, d, false)
	count := 0
	d.Fault = func(w http.ResponseWriter, _ *http.Request, body string) bool {
		if !strings.Contains(body, "ADD CONSTRAINT") || count > 0 {
			return false
		}
		count++
		drop(w)
		return true
	}
	if _, err := db.Register(context.Background(), tables, inMain); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Error(err)
	}
	if _, err := db.Register(context.Background(), tables, inMain); err != nil {
		t.Error(err)
	}
}

// A token that expires in the middle is replaced; a wrong secret is reported,
// without the secret, though the server repeats it.
func TestOAuth(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	d := catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ := connect(t, d, true)
	n := 0
	d.Fault = func(http.ResponseWriter, *http.Request, string) bool {
		if n++; n%10 == 0 {
			d.Tokens = nil // all have expired
		}
		return false
	}
	if _, err := db.Register(context.Background(), tables, inMain); err != nil || d.Issued < 5 {
		t.Errorf("%d tokens: %v", d.Issued, err)
	}
	db, _, _ = connect(t, d, true)
	d.Secret = "dose-new" // which the server wants now; it repeats the one that is sent
	_, err := db.Register(context.Background(), tables, inMain)
	if err == nil || !strings.Contains(err.Error(), "invalid_client") || !strings.Contains(err.Error(), "[secret]") || strings.Contains(err.Error(), "dose-9876543210") {
		t.Error(err)
	}
	// A good token is used until shortly before it expires.
	d = catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ = connect(t, d, true)
	clock := time.Now()
	db.c.token.(*servicePrincipal).now = func() time.Time { return clock }
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {58 * time.Minute, 1}, {61 * time.Second, 2}} {
		clock = clock.Add(step.after)
		if _, err := db.Check(context.Background(), tables, inMain); err != nil || d.Issued != step.want {
			t.Errorf("after %v: %d tokens, %v", step.after, d.Issued, err)
		}
	}
}

// When the context ends, the statement that runs is cancelled.
func TestDatabricksCancel(t *testing.T) {
	tables := tablesIn(t, lakeOf(t, Delta))
	d := catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ := connect(t, d, false)
	ctx, cancel := context.WithCancel(context.Background())
	d.Polls = 1000
	db.c.pause = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	_, err := db.Register(ctx, tables, inMain)
	if !errors.Is(err, context.Canceled) || d.Cancelled != 1 {
		t.Errorf("%d cancelled: %v", d.Cancelled, err)
	}
	if _, err := db.Register(ctx, tables, inMain); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	// Ctrl-C while the first answer is on its way: it is waited for, since
	// only it says what to cancel.
	d = catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ = connect(t, d, false)
	ctx, cancel = context.WithCancel(context.Background())
	d.Polls = 1000
	d.Fault = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method == http.MethodPost && r.URL.Path == statements {
			cancel()
		}
		return false
	}
	if _, err := db.Register(ctx, tables, inMain); !errors.Is(err, context.Canceled) || d.Cancelled != 1 {
		t.Errorf("%d cancelled: %v", d.Cancelled, err)
	}
	// Ctrl-C while a busy server is waited for ends the waiting.
	d = catalogtest.NewDatabricks(t, logsOf(tables))
	db, _, _ = connect(t, d, false)
	ctx, cancel = context.WithCancel(context.Background())
	count := faults(d, "POST", statements, 1000, status(503, "60", "", ""))
	db.c.pause = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := db.Register(ctx, tables, inMain); !errors.Is(err, context.Canceled) || count() != 1 {
		t.Errorf("%d requests: %v", count(), err)
	}
}
