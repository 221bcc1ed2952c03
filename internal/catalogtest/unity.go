package catalogtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Unity is an open-source Unity Catalog server, as its release 0.6 behaves. Its
// fields may be changed between requests, with Lock held.
type Unity struct {
	sync.Mutex
	URL   string
	Token string // "" = it asks for none
	Page  int    // tables in a page, at most
	Calls []string

	// Fault is as Databricks'.
	Fault func(w http.ResponseWriter, r *http.Request, body string) bool

	catalogs map[string]map[string]any
	schemas  map[string]map[string]any // by catalog.schema
	tables   map[string]*UnityTable    // by catalog.schema.table
}

// UnityTable is a table as the server keeps it.
type UnityTable struct {
	Name       string            `json:"name"`
	Catalog    string            `json:"catalog_name"`
	Schema     string            `json:"schema_name"`
	Type       string            `json:"table_type"`
	Format     *string           `json:"data_source_format"`
	Columns    []UnityColumn     `json:"columns"`
	Location   *string           `json:"storage_location"`
	Comment    *string           `json:"comment"`
	Properties map[string]string `json:"properties"`
}

// UnityColumn is a column of a UnityTable.
type UnityColumn struct {
	Name      string  `json:"name"`
	TypeText  *string `json:"type_text"`
	TypeJSON  string  `json:"type_json"`
	TypeName  string  `json:"type_name"`
	Precision *int    `json:"type_precision"`
	Scale     *int    `json:"type_scale"`
	Position  *int    `json:"position"`
	Comment   *string `json:"comment"`
	Nullable  *bool   `json:"nullable"`
}

// NewUnity starts a server without catalogs, for the time of a test.
func NewUnity(t Test) *Unity {
	u := &Unity{Page: 100, catalogs: map[string]map[string]any{}, schemas: map[string]map[string]any{}, tables: map[string]*UnityTable{}}
	server := httptest.NewServer(http.HandlerFunc(u.serve))
	t.Cleanup(server.Close)
	u.URL = server.URL
	return u
}

// Tables returns the server's tables by catalog.schema.table.
func (u *Unity) Tables() map[string]*UnityTable { return u.tables }

func (u *Unity) serve(w http.ResponseWriter, r *http.Request) {
	u.Lock()
	defer u.Unlock()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if u.Fault != nil && u.Fault(w, r, string(sent)) {
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/2.1/unity-catalog/")
	if !ok {
		http.Error(w, "Status: 404\nDescription: Not Found", http.StatusNotFound)
		return
	}
	if u.Token != "" && r.Header.Get("Authorization") != "Bearer "+u.Token {
		Refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Invalid access token.")
		return
	}
	kind, name, _ := strings.Cut(path, "/")
	u.Calls = append(u.Calls, r.Method+" "+path)
	switch r.Method + " " + kind {
	case "GET catalogs":
		get(w, u.catalogs, name, "CATALOG_NOT_FOUND")
	case "GET schemas":
		get(w, u.schemas, name, "SCHEMA_NOT_FOUND")
	case "POST catalogs", "POST schemas":
		u.create(w, kind, sent)
	case "GET tables":
		if name != "" {
			get(w, u.tables, name, "TABLE_NOT_FOUND")
			return
		}
		u.list(w, r)
	case "POST tables":
		u.createTable(w, sent)
	case "DELETE tables":
		if u.tables[name] == nil {
			Refuse(w, http.StatusNotFound, "TABLE_NOT_FOUND", "Table not found: "+name)
			return
		}
		delete(u.tables, name)
		fmt.Fprint(w, "200 OK") // which is no JSON
	default:
		http.Error(w, "Status: 405\nDescription: Method Not Allowed", http.StatusMethodNotAllowed)
	}
}

func get[V any](w http.ResponseWriter, all map[string]V, name, code string) {
	v, ok := all[name]
	if !ok {
		Refuse(w, http.StatusNotFound, code, "not found: "+name)
		return
	}
	answerJSON(w, v)
}

var objectName = regexp.MustCompile(`^[a-zA-Z0-9_@-]{1,255}$`)

// create makes a catalog or a schema.
func (u *Unity) create(w http.ResponseWriter, kind string, sent []byte) {
	var in map[string]any
	if err := json.Unmarshal(sent, &in); err != nil {
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", err.Error())
		return
	}
	name, _ := in["name"].(string)
	comment, _ := in["comment"].(string)
	all, full, code := u.catalogs, name, "CATALOG_ALREADY_EXISTS"
	if kind == "schemas" {
		catalog, _ := in["catalog_name"].(string)
		all, full, code = u.schemas, catalog+"."+name, "SCHEMA_ALREADY_EXISTS"
		if u.catalogs[catalog] == nil {
			Refuse(w, http.StatusNotFound, "CATALOG_NOT_FOUND", "Catalog not found: "+catalog)
			return
		}
	}
	switch {
	case !objectName.MatchString(name):
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "Name cannot contain a period, space, forward-slash, or control characters")
	case all[full] != nil:
		Refuse(w, http.StatusBadRequest, code, "Already exists: "+full)
	case len(comment) > 255: // what its database holds
		Refuse(w, http.StatusInternalServerError, "INTERNAL", "Value too long for column COMMENT")
	default:
		all[full] = in
		answerJSON(w, in)
	}
}

// list answers with a page of a schema's tables.
func (u *Unity) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	schema := q.Get("catalog_name") + "." + q.Get("schema_name")
	switch {
	case u.catalogs[q.Get("catalog_name")] == nil:
		Refuse(w, http.StatusNotFound, "CATALOG_NOT_FOUND", "Catalog not found: "+q.Get("catalog_name"))
		return
	case u.schemas[schema] == nil:
		Refuse(w, http.StatusNotFound, "SCHEMA_NOT_FOUND", "Schema not found: "+schema)
		return
	}
	size := u.Page
	if n, err := strconv.Atoi(q.Get("max_results")); err == nil && n > 0 {
		size = min(n, size)
	}
	page := []*UnityTable{}
	for _, name := range slices.Sorted(maps.Keys(u.tables)) {
		t := u.tables[name]
		if strings.HasPrefix(name, schema+".") && t.Name > q.Get("page_token") && len(page) < size {
			page = append(page, t)
		}
	}
	var next any // a full page has one, though nothing may follow
	if len(page) == size {
		next = page[size-1].Name
	}
	answerJSON(w, map[string]any{"tables": page, "next_page_token": next})
}

func (u *Unity) createTable(w http.ResponseWriter, sent []byte) {
	var t UnityTable
	if err := json.Unmarshal(sent, &t); err != nil {
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", err.Error())
		return
	}
	full := t.Catalog + "." + t.Schema + "." + t.Name
	if err := u.valid(&t); err != nil {
		Refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", err.Error())
		return
	}
	switch {
	case u.schemas[t.Catalog+"."+t.Schema] == nil:
		Refuse(w, http.StatusNotFound, "SCHEMA_NOT_FOUND", "Schema not found: "+t.Catalog+"."+t.Schema)
	case u.tables[full] != nil:
		Refuse(w, http.StatusBadRequest, "TABLE_ALREADY_EXISTS", "Table already exists: "+full)
	default:
		slices.Reverse(t.Columns) // the server promises no order
		u.tables[full] = &t
		answerJSON(w, t)
	}
}

var (
	location   = regexp.MustCompile(`^(file:///|(s3|gs|abfss?)://[^/]+/)[^ ?#]+$`)
	typeNames  = map[string]string{"BOOLEAN": "boolean", "BYTE": "byte", "SHORT": "short", "INT": "integer", "LONG": "long", "FLOAT": "float", "DOUBLE": "double", "DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMP_NTZ": "timestamp_ntz", "STRING": "string", "BINARY": "binary"}
	typeTexts  = map[string]string{"BYTE": "tinyint", "SHORT": "smallint", "LONG": "bigint", "INT": "int"}
	allFormats = []string{"DELTA", "CSV", "JSON", "AVRO", "PARQUET", "ORC", "TEXT"}
)

// valid checks what the server checks, and that the parts of a column agree,
// which its readers rely on.
func (u *Unity) valid(t *UnityTable) error {
	switch {
	case !objectName.MatchString(t.Name):
		return fmt.Errorf("not a name: %q", t.Name)
	case t.Type != "EXTERNAL":
		return fmt.Errorf("only external tables are created here, not %q", t.Type)
	case t.Format == nil || !slices.Contains(allFormats, *t.Format):
		return fmt.Errorf("unknown data_source_format")
	case t.Location == nil || !location.MatchString(*t.Location):
		return fmt.Errorf("unsupported path")
	case len(t.Columns) == 0:
		return fmt.Errorf("columns are required")
	}
	*t.Location = strings.TrimRight(*t.Location, "/")
	for i := range t.Columns {
		c := &t.Columns[i]
		if err := c.valid(i); err != nil {
			return fmt.Errorf("invalid type_json for column %s: %w", c.Name, err)
		}
	}
	return nil
}

func (c *UnityColumn) valid(i int) error {
	var field struct {
		Name     string
		Type     string
		Nullable *bool
		Metadata map[string]any
	}
	d := json.NewDecoder(strings.NewReader(c.TypeJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&field); err != nil {
		return err
	}
	comment, _ := field.Metadata["comment"].(string)
	jsonType, textType := typeNames[c.TypeName], strings.ToLower(c.TypeName)
	if text := typeTexts[c.TypeName]; text != "" {
		textType = text
	}
	if c.TypeName == "DECIMAL" {
		if c.Precision == nil || c.Scale == nil || *c.Precision > 38 || *c.Scale > *c.Precision {
			return fmt.Errorf("a decimal without precision and scale")
		}
		jsonType = fmt.Sprintf("decimal(%d,%d)", *c.Precision, *c.Scale)
		textType = jsonType
	}
	switch {
	case field.Name != c.Name:
		return fmt.Errorf("field name %s does not match column name %s", field.Name, c.Name)
	case field.Nullable == nil || field.Metadata == nil:
		return fmt.Errorf("type_json.nullable and type_json.metadata are required")
	case c.Nullable != nil && *c.Nullable != *field.Nullable:
		return fmt.Errorf("field nullable does not match column nullable")
	case jsonType == "" || field.Type != jsonType:
		return fmt.Errorf("type %s is not %s", field.Type, c.TypeName)
	case c.TypeText == nil || *c.TypeText != textType:
		return fmt.Errorf("type_text is not %s", textType)
	case c.Position == nil || *c.Position != i:
		return fmt.Errorf("position is not %d", i)
	case c.Comment != nil && *c.Comment != comment, c.Comment == nil && comment != "":
		return fmt.Errorf("the comment is not that of type_json")
	}
	if c.Nullable == nil {
		yes := true
		c.Nullable = &yes
	}
	return nil
}
