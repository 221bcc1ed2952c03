package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// TestLineageServer has a run tell a server of itself, as the environment says.
func TestLineageServer(t *testing.T) {
	var mu sync.Mutex
	var told []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct {
			Type string `json:"eventType"`
			Job  struct{ Namespace, Name string }
		}
		err := json.NewDecoder(r.Body).Decode(&e)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || r.URL.Path != "/api/v1/lineage" || r.Header.Get("Authorization") != "Bearer k3y" {
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
		}
		told = append(told, e.Type+" "+e.Job.Namespace+" "+e.Job.Name)
		if strings.HasSuffix(e.Job.Name, "rejects") {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	defer server.Close()
	t.Setenv("OPENLINEAGE_URL", server.URL)
	t.Setenv("OPENLINEAGE_API_KEY", "k3y")
	dir := filepath.Join(t.TempDir(), "shop")
	for _, args := range [][]string{{"generate", "--rows", "500", "-o", dir}, {"run", "-c", filepath.Join(dir, "smelt.yml")}} {
		var out, errs bytes.Buffer
		if code := Run(context.Background(), args, &out, &errs); code != 0 {
			t.Fatalf("smelt %s exits %d: %s", args[0], code, &errs)
		}
		want := ""
		if args[0] == "run" {
			want = "warning: 2 of 30 lineage events did not get to " + server.URL + ": refused: HTTP 422: \n"
		}
		if !strings.Contains(errs.String(), want) || strings.Contains(errs.String(), "k3y") {
			t.Errorf("smelt %s says %q, want %q", args[0], &errs, want)
		}
	}
	if len(told) != 30 || told[0] != "START smelt shop" || told[29] != "COMPLETE smelt shop" || told[2] != "COMPLETE smelt shop.bronze.customers" {
		t.Errorf("%d events: %s", len(told), strings.Join(told, "\n"))
	}
}

// TestSourcesOf tells which dataset each file that was read is of.
func TestSourcesOf(t *testing.T) {
	m := &bronze.Mapping{Dir: "/shop", Lookups: map[string]bronze.LookupSpec{"b": {Files: []string{"b.csv"}}, "a": {Files: []string{"/a.csv"}}},
		Rules: bronze.Rules{ReturnedOrders: []bronze.ReturnedOrdersSpec{{Files: []string{"r.csv"}}, {Files: []string{"r2.csv"}}}},
		Sources: []bronze.SourceSpec{
			{Table: "sales", Files: []string{"old.csv", "in/sales_*.csv"}}, {Table: "sales", Files: []string{"-"}}, {Table: "customers", Files: []string{"memory://c"}},
		}}
	r := &pipeline.Report{Read: []string{"old.csv", "in/sales_1.csv", "in/sales_2.csv", "stdin"}, Sources: []pipeline.SourceReport{
		{Source: 0, File: "old.csv", Records: 1, Size: 10}, {Source: 0, File: "in/sales_1.csv", Records: 2, Size: 20}, {Source: 0, File: "in/sales_2.csv", Records: 3, Size: 30},
		{Source: 0, File: "in/sales_3.csv", Records: 9}, {Source: 1, File: "stdin", Records: 4}, {Source: 0, File: "in/sales_4.csv", SameAs: "old.csv"},
	}}
	var got []string
	for _, s := range sourcesOf(m, r) {
		for _, f := range s.Files {
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, s.Name+" "+string(text))
		}
	}
	want := `source.sales {"Path":"/shop/old.csv","Read":["/shop/old.csv"],"Records":1,"Bytes":10}
source.sales {"Path":"/shop/in/sales_*.csv","Read":["/shop/in/sales_1.csv","/shop/in/sales_2.csv"],"Records":5,"Bytes":50}
source.sales_2 {"Path":"stdin","Read":["stdin"],"Records":4,"Bytes":0}
source.customers {"Path":"memory://c","Read":null,"Records":0,"Bytes":0}
source.lookup.a {"Path":"/a.csv","Read":null,"Records":0,"Bytes":0}
source.lookup.b {"Path":"/shop/b.csv","Read":null,"Records":0,"Bytes":0}
source.returned_orders {"Path":"/shop/r.csv","Read":null,"Records":0,"Bytes":0}
source.returned_orders_2 {"Path":"/shop/r2.csv","Read":null,"Records":0,"Bytes":0}`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("sources\n%s\nwant\n%s", s, want)
	}
}
