package register

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Unity is an open-source Unity Catalog server and its REST API, as of 0.6.
// It is for one goroutine.
type Unity struct {
	c    *client
	note func(string)
}

const unityPath = "/api/2.1/unity-catalog"

// NewUnity returns a Unity of a server's address, as in http://localhost:8080.
// token is sent as a bearer token; "" sends none. note is told what takes a while.
func NewUnity(server, token string, note func(string)) (*Unity, error) {
	u, err := url.Parse(strings.TrimRight(server, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		e := &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "--unity: not the address of a server", Hint: "as in --unity http://localhost:8080; a token comes from UNITY_TOKEN"}
		if err == nil && u.User == nil && u.RawQuery == "" { // which may hold secrets
			e.Value = server
		}
		return nil, e
	}
	base := strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, unityPath) + unityPath
	var t tokens
	if token != "" {
		t = fixedToken(token)
	}
	return &Unity{c: newClient(base, "Unity Catalog", t, note), note: note}, nil
}

// unityTable and unityColumn are a table as the API writes it.
type unityTable struct {
	Catalog    string            `json:"catalog_name"`
	Schema     string            `json:"schema_name"`
	Name       string            `json:"name"`
	Type       string            `json:"table_type"`
	Format     string            `json:"data_source_format"`
	Columns    []unityColumn     `json:"columns"`
	Location   string            `json:"storage_location"`
	Comment    string            `json:"comment,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

type unityColumn struct {
	Name      string `json:"name"`
	TypeText  string `json:"type_text"`
	TypeJSON  string `json:"type_json"`
	TypeName  string `json:"type_name"`
	Precision *int32 `json:"type_precision,omitempty"` // of a decimal
	Scale     *int32 `json:"type_scale,omitempty"`
	Position  int    `json:"position"` // from 0
	Comment   string `json:"comment,omitempty"`
	Nullable  *bool  `json:"nullable"` // absent in an answer: yes
}

// unityFor returns a table as the server is to have it. A column's type_json is
// the whole field as Spark writes one, which the server checks against the rest.
func unityFor(t *Table, n Names) (*unityTable, error) {
	out := &unityTable{Catalog: n.Catalog, Schema: n.schema(t.Layer), Name: t.Name, Type: "EXTERNAL", Format: strings.ToUpper(t.Format),
		Location: t.Location, Comment: t.Doc, Properties: map[string]string{"source": "smelt", "layer": t.Layer}}
	for i := range t.Columns {
		c := &t.Columns[i]
		kind := c.dataType()
		metadata := map[string]string{}
		if c.Doc != "" {
			metadata["comment"] = c.Doc
		}
		field, err := json.Marshal(struct {
			Name     string            `json:"name"`
			Type     string            `json:"type"`
			Nullable bool              `json:"nullable"`
			Metadata map[string]string `json:"metadata"`
		}{c.Name, kind.json, c.Nullable, metadata})
		if err != nil {
			return nil, err
		}
		column := unityColumn{Name: c.Name, TypeText: kind.text, TypeJSON: string(field), TypeName: kind.name, Position: i, Comment: c.Doc, Nullable: &c.Nullable}
		column.Precision, column.Scale = kind.digits()
		out.Columns = append(out.Columns, column)
	}
	return out, nil
}

// Register makes the server hold the tables, and says what it did with each. A
// table that differs is deleted and made anew, since the API has no other way
// to change one; its files are not touched. It is an error where a name is taken
// by a table that is not external: deleting it would delete its data.
func (u *Unity) Register(ctx context.Context, tables []Table, n Names) ([]Change, error) {
	if err := unityNames(n); err != nil {
		return nil, err
	}
	if err := u.make(ctx, "/catalogs", n.Catalog, map[string]any{"name": n.Catalog, "comment": "Tables of a web shop. Made by smelt."}); err != nil {
		return nil, err
	}
	have := map[string]map[string]*found{} // by schema and table
	for i := range tables {
		schema := n.schema(tables[i].Layer)
		if have[schema] != nil {
			continue
		}
		err := u.make(ctx, "/schemas", n.Catalog+"."+schema, map[string]any{"name": schema, "catalog_name": n.Catalog, "comment": about(tables[i].Layer)})
		if err == nil {
			have[schema], err = u.list(ctx, n.Catalog, schema)
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range tables {
		if f := have[n.schema(tables[i].Layer)][tables[i].Name]; f != nil && !f.external {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Table: n.dotted(&tables[i]), Msg: "this name is taken by a table that the catalog manages, or by a view",
				Hint: "use another --catalog or --schema-prefix, or delete it there"}
		}
	}
	var changes []Change
	for i := range tables {
		t := &tables[i]
		c := Change{n.dotted(t), "unchanged"}
		f := have[n.schema(t.Layer)][t.Name]
		switch {
		case f == nil:
			c.What = "created"
		case len(drift(t, "", f, true)) > 0:
			c.What = "replaced"
		}
		if c.What != "unchanged" {
			u.note("registering " + c.Table)
			if err := u.put(ctx, t, n, f); err != nil {
				return nil, err
			}
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// put makes a table, after deleting the one that stands, unless old is nil. A
// server that refuses the new one gets the old one back.
func (u *Unity) put(ctx context.Context, t *Table, n Names, old *found) error {
	body, err := unityFor(t, n)
	if err != nil {
		return err
	}
	if old != nil {
		err := u.c.call(ctx, http.MethodDelete, "/tables/"+url.PathEscape(n.dotted(t)), nil, nil, true)
		if status := statusOf(err); err != nil && (status == nil || status.status != http.StatusNotFound) {
			return u.explain(n.dotted(t), err, "deleting a table takes to own it, or its schema")
		}
	}
	// A create whose answer got lost has been done, perhaps: the next run sees.
	err = u.c.call(ctx, http.MethodPost, "/tables", body, nil, false)
	if err != nil && old != nil {
		back, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer done()
		if u.c.call(back, http.MethodPost, "/tables", old.unity, nil, false) != nil {
			u.note(n.dotted(t) + " is not registered now: the old table was deleted before the new one was refused")
		}
	}
	return u.explain(n.dotted(t), err, "creating a table takes USE CATALOG, USE SCHEMA and CREATE TABLE, and CREATE EXTERNAL TABLE where an external location covers "+t.Location)
}

// Check returns how the server differs from the lake, and changes nothing.
func (u *Unity) Check(ctx context.Context, tables []Table, n Names) ([]Drift, error) {
	if err := unityNames(n); err != nil {
		return nil, err
	}
	have := map[string]map[string]*found{}
	var out []Drift
	for i := range tables {
		t := &tables[i]
		schema := n.schema(t.Layer)
		if have[schema] == nil {
			var err error
			if have[schema], err = u.list(ctx, n.Catalog, schema); err != nil {
				return nil, err
			}
		}
		out = append(out, drift(t, n.dotted(t), have[schema][t.Name], true)...)
	}
	return out, nil
}

// list returns the tables of a schema by name; none where there is no schema.
func (u *Unity) list(ctx context.Context, catalog, schema string) (map[string]*found, error) {
	out := map[string]*found{}
	for page := ""; ; {
		var answer struct {
			Tables []unityTable `json:"tables"`
			Next   string       `json:"next_page_token"`
		}
		query := url.Values{"catalog_name": {catalog}, "schema_name": {schema}, "max_results": {"50"}}
		if page != "" {
			query.Set("page_token", page)
		}
		err := u.c.call(ctx, http.MethodGet, "/tables?"+query.Encode(), nil, &answer, true)
		if status := statusOf(err); status != nil && status.status == http.StatusNotFound && status.code != "" {
			return out, nil
		}
		if err != nil {
			return nil, u.explain(catalog+"."+schema, err, "listing tables takes USE CATALOG, USE SCHEMA and SELECT on them")
		}
		for _, t := range answer.Tables {
			f := &found{unity: &t, external: t.Type == "EXTERNAL", format: strings.ToLower(t.Format), location: t.Location, comment: t.Comment}
			slices.SortFunc(t.Columns, func(a, b unityColumn) int { return a.Position - b.Position }) // the server keeps no order
			for _, c := range t.Columns {
				f.columns = append(f.columns, foundColumn{name: c.Name, text: strings.ToLower(c.TypeText), comment: c.Comment, nullable: c.Nullable == nil || *c.Nullable})
			}
			out[t.Name] = f
		}
		if answer.Next == "" {
			return out, nil
		}
		if answer.Next == page {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Value: page, Msg: "Unity Catalog: the list of tables does not end"}
		}
		page = answer.Next
	}
}

// make creates a catalog or a schema that does not stand.
func (u *Unity) make(ctx context.Context, path, name string, body map[string]any) error {
	err := u.c.call(ctx, http.MethodGet, path+"/"+url.PathEscape(name), nil, nil, true)
	if status := statusOf(err); status != nil && status.status == http.StatusNotFound && status.code != "" {
		u.note("creating " + name)
		err = u.c.call(ctx, http.MethodPost, path, body, nil, true)
		if status := statusOf(err); status != nil && strings.HasSuffix(status.code, "ALREADY_EXISTS") {
			return nil // somebody was faster, or an answer got lost
		}
	}
	return u.explain(name, err, "creating a catalog takes CREATE CATALOG on the metastore, and a schema CREATE SCHEMA on the catalog")
}

// explain names the table that an error is about, and what would have been needed.
func (u *Unity) explain(name string, err error, need string) error {
	status := statusOf(err)
	if status == nil {
		return err
	}
	e := &pipeline.Error{Kind: pipeline.ErrOutput, Table: name, Msg: "Unity Catalog", Err: err}
	var inner *pipeline.Error
	if errors.As(err, &inner) {
		e.Err, e.Hint = inner.Err, inner.Hint
	}
	switch {
	case status.status == http.StatusForbidden:
		e.Hint = need
	case status.status == http.StatusUnauthorized && u.c.token == nil:
		e.Hint = "this server wants a token: set UNITY_TOKEN"
	case strings.HasSuffix(status.code, "ALREADY_EXISTS"):
		e.Hint = "somebody else registers at the same time; try again"
	}
	return e
}

// statusOf returns the refusal within an error, or nil.
func statusOf(err error) *statusError {
	var status *statusError
	errors.As(err, &status)
	return status
}

var unityName = regexp.MustCompile(`^[a-zA-Z0-9_@-]*$`)

// unityNames returns an error where the server would refuse a name.
func unityNames(n Names) error {
	for _, name := range []struct{ flag, value string }{{"--catalog", n.Catalog}, {"--schema-prefix", n.Prefix}} {
		if !unityName.MatchString(name.value) {
			return &pipeline.Error{Kind: pipeline.ErrConfig, Value: name.value, Msg: name.flag + ": not a name in Unity Catalog", Hint: "letters, digits, _, - and @ make a name"}
		}
	}
	return nil
}
