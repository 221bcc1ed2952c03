package catalogtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Databricks is a workspace with one SQL warehouse and one metastore. Its
// fields may be changed between requests, with Lock held.
type Databricks struct {
	sync.Mutex
	URL       string
	Warehouse string
	Tokens    []string // that are good now
	ClientID  string   // of the service principal
	Secret    string
	Issued    int    // tokens given to the service principal
	Expires   int    // seconds that such a token says it is good for
	State     string // of the warehouse
	Polls     int    // how often a statement is PENDING or RUNNING first
	Chunk     int    // rows in a part of a result
	Executed  []string
	Cancelled int

	// Fault, where it is not nil, may answer a request itself: it returns true
	// then. body is what was sent.
	Fault func(w http.ResponseWriter, r *http.Request, body string) bool
	// Outcome, where it is not nil, may end a statement otherwise: state is
	// "" where it does not.
	Outcome func(sql string) (state, code, message string)

	meta       metastore
	statements []*execution
}

type execution struct {
	sql, state, code, message string
	polls                     int
	rows                      [][]*string
}

// NewDatabricks starts a workspace that has a catalog main, for the time of a
// test. logs says what Delta tables lie where.
func NewDatabricks(t Test, logs map[string][]Column) *Databricks {
	d := &Databricks{Warehouse: "abc123def456", Tokens: []string{"dapi-0123456789"}, ClientID: "client-1", Secret: "dose-9876543210", Expires: 3600,
		State: "RUNNING", Chunk: 50, meta: metastore{catalogs: []string{"main"}, schemas: map[string]string{}, tables: map[string]*Table{}, logs: logs}}
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(server.Close)
	d.URL = server.URL
	return d
}

// Tables returns the metastore's tables by catalog.schema.table.
func (d *Databricks) Tables() map[string]*Table { return d.meta.tables }

func (d *Databricks) serve(w http.ResponseWriter, r *http.Request) {
	d.Lock()
	defer d.Unlock()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	body := string(sent)
	if d.Fault != nil && d.Fault(w, r, body) {
		return
	}
	if r.URL.Path == "/oidc/v1/token" {
		d.token(w, r, body)
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || !slices.Contains(d.Tokens, token) {
		Refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
		return
	}
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Method == "GET" && strings.HasPrefix(r.URL.Path, "/api/2.0/sql/warehouses/") && len(part) == 5:
		if part[4] != d.Warehouse {
			Refuse(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "SQL warehouse "+part[4]+" does not exist.")
			return
		}
		answerJSON(w, map[string]any{"id": d.Warehouse, "name": "Shared", "state": d.State})
	case r.Method == "POST" && r.URL.Path == "/api/2.0/sql/statements":
		d.post(w, body)
	case strings.HasPrefix(r.URL.Path, "/api/2.0/sql/statements/") && len(part) >= 5:
		n, err := strconv.Atoi(strings.TrimPrefix(part[4], "01ef-"))
		if err != nil || n < 0 || n >= len(d.statements) {
			Refuse(w, http.StatusNotFound, "NOT_FOUND", "The statement "+part[4]+" was not found.")
			return
		}
		e := d.statements[n]
		switch {
		case r.Method == "GET" && len(part) == 5:
			d.advance(e)
			d.answer(w, n)
		case r.Method == "POST" && len(part) == 6 && part[5] == "cancel":
			d.Cancelled++
			e.state, e.polls = "CANCELED", 0
			w.WriteHeader(http.StatusOK)
		case r.Method == "GET" && len(part) == 8 && part[5] == "result" && part[6] == "chunks":
			i, _ := strconv.Atoi(part[7])
			answerJSON(w, d.chunk(n, i))
		default:
			Refuse(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for "+r.Method+" "+r.URL.Path)
		}
	default:
		Refuse(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for "+r.Method+" "+r.URL.Path)
	}
}

// token is the OAuth endpoint for service principals.
func (d *Databricks) token(w http.ResponseWriter, r *http.Request, body string) {
	id, secret, ok := r.BasicAuth()
	if !ok || id != d.ClientID || secret != d.Secret {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":"invalid_client","error_description":"Client authentication failed for %s"}`, secret)
		return
	}
	if body != "grant_type=client_credentials&scope=all-apis" {
		Refuse(w, http.StatusBadRequest, "invalid_request", "grant_type and scope are required")
		return
	}
	d.Issued++
	token := fmt.Sprintf("oauth-token-%d", d.Issued)
	d.Tokens = []string{token} // the one before is not good any more
	answerJSON(w, map[string]any{"access_token": token, "token_type": "Bearer", "scope": "all-apis", "expires_in": d.Expires})
}

var waitTimeout = regexp.MustCompile(`^(0|[5-9]|[1-4][0-9]|50)s$`)

func (d *Databricks) post(w http.ResponseWriter, body string) {
	var in struct {
		Warehouse   string `json:"warehouse_id"`
		Statement   string `json:"statement"`
		WaitTimeout string `json:"wait_timeout"`
		OnTimeout   string `json:"on_wait_timeout"`
		Disposition string `json:"disposition"`
		Format      string `json:"format"`
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&in); {
	case err != nil:
		Refuse(w, http.StatusBadRequest, "BAD_REQUEST", "Could not parse request object: "+err.Error())
	case in.Warehouse != d.Warehouse:
		Refuse(w, http.StatusNotFound, "NOT_FOUND", "SQL warehouse with id "+in.Warehouse+" was not found.")
	case in.Statement == "" || !waitTimeout.MatchString(in.WaitTimeout) || in.OnTimeout != "CONTINUE" || in.Disposition != "INLINE" || in.Format != "JSON_ARRAY":
		Refuse(w, http.StatusBadRequest, "INVALID_PARAMETER_VALUE", "a parameter has a value that is not allowed")
	default:
		d.statements = append(d.statements, &execution{sql: in.Statement, state: "PENDING", polls: d.Polls})
		n := len(d.statements) - 1
		d.advance(d.statements[n])
		d.answer(w, n)
	}
}

// advance brings a statement one step further.
func (d *Databricks) advance(e *execution) {
	switch {
	case e.state != "PENDING" && e.state != "RUNNING":
	case e.polls > 0:
		if e.polls--; e.polls < d.Polls/2 {
			e.state = "RUNNING"
		}
	default:
		if d.Outcome != nil {
			if e.state, e.code, e.message = d.Outcome(e.sql); e.state != "" {
				return
			}
		}
		e.state = "SUCCEEDED"
		d.Executed = append(d.Executed, e.sql)
		rows, failed := d.meta.execute(e.sql)
		if e.rows = rows; failed != nil {
			e.state, e.code, e.message = "FAILED", "BAD_REQUEST", "["+failed.class+"] "+failed.message
		}
	}
}

func (d *Databricks) answer(w http.ResponseWriter, n int) {
	e := d.statements[n]
	status := map[string]any{"state": e.state}
	out := map[string]any{"statement_id": fmt.Sprintf("01ef-%d", n), "status": status}
	switch {
	case e.message != "":
		status["error"] = map[string]any{"error_code": e.code, "message": e.message}
	case e.state == "SUCCEEDED":
		out["manifest"] = map[string]any{"format": "JSON_ARRAY", "total_row_count": len(e.rows), "truncated": false}
		out["result"] = d.chunk(n, 0)
	}
	answerJSON(w, out)
}

func (d *Databricks) chunk(n, i int) map[string]any {
	rows := d.statements[n].rows
	from := min(i*d.Chunk, len(rows))
	to := min(from+d.Chunk, len(rows))
	out := map[string]any{"chunk_index": i, "row_offset": from, "row_count": to - from}
	if to > from {
		out["data_array"] = rows[from:to]
	}
	if to < len(rows) {
		out["next_chunk_index"] = i + 1
		out["next_chunk_internal_link"] = fmt.Sprintf("/api/2.0/sql/statements/01ef-%d/result/chunks/%d?row_offset=%d", n, i+1, to)
	}
	return out
}

// Refuse answers as both APIs do when a request fails.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error_code": code, "message": message})
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
