package catalog

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// Nothing that tells who a customer is stands in the catalog: neither in sample
// rows, quarantine and rescued texts included, nor in rows that fail checks, nor
// where a shop's customers are known by their address.
func TestPersonal(t *testing.T) {
	dir := demo(t, 2000)
	file := records(t, filepath.Join(dir, "customers.csv"))
	var secrets []string
	for _, column := range []string{"email", "phone", "address"} {
		i := slices.Index(file[0], column)
		for _, r := range file[1:] {
			if text := strings.TrimSpace(r[i]); len(text) > 3 {
				secrets = append(secrets, text)
			}
		}
	}
	if len(secrets) < 100 {
		t.Fatalf("%d secrets", len(secrets))
	}
	config := filepath.Join(dir, "smelt.yml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"customer_id: customer_id", "customer_id: email"} {
		if err := os.WriteFile(config, []byte(strings.Replace(string(text), "customer_id: customer_id", key, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		m := mapping(t, dir, `
checks:
  - {table: silver.dim_customers, kind: unique, columns: full_name, severity: warn, name: same_name}
  - {table: bronze.customers, kind: unique, columns: [last_name, _batch_id], severity: warn, name: same_family}
  - {table: bronze.customers, kind: unique, columns: customer_id, severity: warn, name: same_customer}
  - {table: bronze.customers, kind: relationships, columns: email, to: silver.dim_customers.last_name, severity: warn, name: no_name}
  - {table: bronze.customers, kind: expression, condition: "customer_id IS NULL", severity: warn, name: all}
  - {table: silver.quarantine, kind: expression, condition: "reason IS NULL", severity: warn, name: quarantined}
`)
		lake := filepath.Join(dir, "lake-"+strings.Split(key, " ")[1])
		if err := run(t, m, lake); err != nil {
			t.Fatal(err)
		}
		c := collect(t, Options{Lake: lake, Mapping: m})
		out, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			quoted, err := json.Marshal(secret)
			if err != nil {
				t.Fatal(err)
			}
			if at := strings.Index(strings.ToLower(string(out)), strings.ToLower(strings.Trim(string(quoted), `"`))); at >= 0 {
				t.Fatalf("%s: %q stands in the catalog: …%s…", key, secret, out[max(0, at-200):min(len(out), at+80)])
			}
		}
		for name, says := range map[string]string{"same_family": `{"last_name":"•••","_batch_id":"`, "no_name": `{"email":"•••"}`, "all": `"email":"•••"`, "quarantined": `"values":"•••"`} {
			r := checkOf(t, c, name).Results
			if len(r) != 1 || r[0].Status != "warn" || len(r[0].Samples) == 0 || !strings.Contains(r[0].Samples[0], says) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		for _, name := range []string{"silver.dim_customers", "bronze.customers"} {
			s, shown := table(t, c, name), 0
			for _, row := range s.Sample {
				if text := row[s.column("last_name")]; text != nil {
					shown++
					if *text != masked {
						t.Errorf("%s: %s", name, *text)
					}
				}
			}
			if shown == 0 && name == "bronze.customers" { // the first of silver may be those that only sales name
				t.Errorf("%s: nobody has a name", name)
			}
		}
	}
}

func TestMaskSample(t *testing.T) {
	p := pii{declared: map[string]string{"a.b.email": "email", "a.b.id": ""}, names: map[string]string{"phone": "phone"}, columns: map[string][]string{"a.b": {"id", "email"}}}
	for _, c := range []struct {
		row, want string
		rows      int64
	}{
		{`{"email":"x","id":12345678901234567890,"phone":"1"}`, `{"id":12345678901234567890,"email":"•••","phone":"•••"}`, 1},
		{`{"email":null,"id":"<a & b>","z":1.50}`, `{"id":"<a & b>","email":null,"z":1.50}`, 1},
		{`{"id":"write to ann@example.com"}`, `{"id":"write to •••"}`, 1},
		{`{"id":`, `•••`, 1},
		{`{"id":7}`, `{"id":7}: 2 rows`, 2},
		{`{"id":7,"email":"ann"}`, `{"id":7,"email":"•••"}: 3 rows`, 3},
		{`{"id":"` + strings.Repeat("é", 300) + `"}`, `{"id":"` + strings.Repeat("é", cellLength) + `…"}`, 1},
	} {
		if got := p.maskSample("a.b", pipeline.FailedRow{Row: json.RawMessage(c.row), Rows: c.rows}); got != c.want {
			t.Errorf("%s: %s, want %s", c.row, got, c.want)
		}
	}
}

// What other programs have put into a lake is shown, with what they call personal
// by the names that smelt knows.
func TestForeign(t *testing.T) {
	dir := demo(t, 200)
	m := mapping(t, dir, "")
	lake := filepath.Join(dir, "lake")
	if err := run(t, m, lake); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	type lead struct {
		ID    int64                 `col:"id" doc:"Number."`
		Email pipeline.Null[string] `col:"email" doc:"Address."`
		Note  pipeline.Null[string] `col:"note" doc:"Note."`
	}
	leads := pipeline.Declare[lead]("crm.leads", "People who asked.", "id")
	rec := leads.Record(nil, []lead{{1, pipeline.Some("nobody"), pipeline.Some("long " + strings.Repeat("x", 300))}, {2, pipeline.Null[string]{}, pipeline.Null[string]{}}})
	defer rec.Release()
	folder := filepath.Join(lake, "crm", "leads")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := deltaio.Write(ctx, folder, leads.Table, deltaio.Append, pipeline.Of(rec), deltaio.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	// One that smelt cannot read is no reason to tell nothing of the others.
	log := filepath.Join(lake, "crm", "locked", "_delta_log")
	if err := os.MkdirAll(log, 0o777); err != nil {
		t.Fatal(err)
	}
	commit := `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping","fromTheFuture"],"writerFeatures":["columnMapping","fromTheFuture"]}}
{"metaData":{"id":"x","schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{"delta.columnMapping.mode":"name"},"format":{"provider":"parquet","options":{}}}}
`
	if err := os.WriteFile(filepath.Join(log, "00000000000000000000.json"), []byte(commit), 0o666); err != nil {
		t.Fatal(err)
	}
	c := collect(t, Options{Lake: lake, Mapping: m})
	if locked := table(t, c, "crm.locked"); !locked.Published || locked.Rows != -1 || locked.Sample == nil {
		t.Errorf("%+v", locked)
	}
	got := table(t, c, "crm.leads")
	if len(c.Tables) != 15 || got.Doc != "People who asked." || got.Rows != 2 || got.Columns[1].PII != "email" || got.Columns[0].Doc != "Number." || got.Columns[0].Nullable {
		t.Errorf("%+v", got)
	}
	if s := got.Sample; len(s) != 2 || *s[0][0] != "1" || *s[0][1] != masked || len([]rune(*s[0][2])) != cellLength+1 || s[1][1] != nil || s[1][2] != nil {
		t.Errorf("%+v", s)
	}
}
