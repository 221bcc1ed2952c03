package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Databricks runs SQL on a warehouse through the SQL Statement Execution API.
// It is for one goroutine.
type Databricks struct {
	c         *client
	warehouse string
	note      func(string)
}

// NewDatabricks returns a Databricks of a resolved workspace. note is told what
// takes a while.
func NewDatabricks(w *Workspace, note func(string)) *Databricks {
	return &Databricks{c: newClient(w.Host, "Databricks", w.tokens(), note), warehouse: w.Warehouse, note: note}
}

// The states of a statement.
const (
	pending   = "PENDING"
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
)

// answer is what the API says of a statement.
type answer struct {
	ID     string `json:"statement_id"`
	Status struct {
		State string `json:"state"`
		Error struct {
			Code    string `json:"error_code"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"status"`
	Manifest struct {
		Truncated bool `json:"truncated"`
	} `json:"manifest"`
	Result *chunk `json:"result"`
}

// chunk is a part of a result.
type chunk struct {
	Rows [][]*string `json:"data_array"`
	Next string      `json:"next_chunk_internal_link"`
}

const (
	statements = "/api/2.0/sql/statements"
	// firstWait is how long the API may hold the first answer: the shortest that
	// it allows, since nothing can be cancelled before it has named the statement.
	firstWait   = "5s"
	longestPoll = 5 * time.Second
)

// run executes a statement and returns its rows, NULL as nil. When ctx ends,
// the statement is cancelled.
func (d *Databricks) run(ctx context.Context, s statement) ([][]*string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := map[string]any{"warehouse_id": d.warehouse, "statement": s.sql, "wait_timeout": firstWait, "on_wait_timeout": "CONTINUE",
		"disposition": "INLINE", "format": "JSON_ARRAY"}
	var a answer
	// A first answer that is not waited for leaves a statement that nobody can cancel.
	err := d.c.finish(ctx, http.MethodPost, statements, in, &a, !s.once)
	if err != nil {
		return nil, d.explain(s, err)
	}
	path := statements + "/" + url.PathEscape(a.ID)
	told := false
	for wait := 250 * time.Millisecond; a.Status.State == pending || a.Status.State == running; wait = min(wait*3/2, longestPoll) {
		if a.ID == "" {
			return nil, d.fail(s, "the answer names no statement", "")
		}
		if a.Status.State == pending && !told {
			told = true
			d.note("waiting for the SQL warehouse to take the statement")
		}
		if err = d.c.pause(ctx, wait); err == nil {
			err = d.c.call(ctx, http.MethodGet, path, nil, &a, true)
		}
		if err != nil {
			d.cancel(ctx, path)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, d.explain(s, err)
		}
	}
	switch a.Status.State {
	case succeeded:
		return d.rows(ctx, s, &a)
	case "FAILED", "CANCELED", "CLOSED":
		msg := "the statement was " + strings.ToLower(a.Status.State)
		if a.Status.State == "FAILED" {
			msg = "the statement failed"
		}
		for _, part := range []string{a.Status.Error.Code, a.Status.Error.Message} {
			if part != "" {
				msg += ": " + part
			}
		}
		return nil, d.fail(s, msg, d.hint(s, a.Status.State, a.Status.Error.Code, a.Status.Error.Message))
	}
	return nil, d.fail(s, fmt.Sprintf("the statement is in a state that the API does not document: %q", a.Status.State), "")
}

// rows returns all chunks of a result.
func (d *Databricks) rows(ctx context.Context, s statement, a *answer) ([][]*string, error) {
	if a.Manifest.Truncated {
		return nil, d.fail(s, "Databricks cut the result off", "")
	}
	var out [][]*string
	for c := a.Result; c != nil; {
		out = append(out, c.Rows...)
		if c.Next == "" {
			break
		}
		if !strings.HasPrefix(c.Next, statements+"/") {
			return nil, d.fail(s, "the result goes on at an address that is not the API's", "")
		}
		next := &chunk{}
		if err := d.c.call(ctx, http.MethodGet, c.Next, nil, next, true); err != nil {
			return nil, d.explain(s, err)
		}
		c = next
	}
	return out, nil
}

// cancel asks for a statement's end; a failure of that is no further error.
func (d *Databricks) cancel(ctx context.Context, path string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if err := d.c.call(ctx, http.MethodPost, path+"/cancel", nil, nil, true); err != nil {
		d.note("the statement that was running could not be cancelled: it ends by itself")
	}
}

// ready says how the warehouse is, where the token's owner may see that. A
// warehouse that is stopped is started by the first statement.
func (d *Databricks) ready(ctx context.Context) error {
	var w struct {
		Name  string `json:"name"`
		State string `json:"state"`
	}
	err := d.c.call(ctx, http.MethodGet, "/api/2.0/sql/warehouses/"+url.PathEscape(d.warehouse), nil, &w, true)
	var status *statusError
	switch {
	case errors.As(err, &status) && status.status == http.StatusForbidden:
		return nil // running statements takes CAN USE only
	case errors.As(err, &status) && (status.status == http.StatusNotFound || status.status == http.StatusBadRequest):
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: d.warehouse, Msg: "--warehouse: this workspace has no such SQL warehouse", Err: err,
			Hint: "the id stands on the warehouse's page, and at the end of its HTTP path"}
	case err != nil:
		return err
	}
	switch w.State {
	case "DELETED", "DELETING":
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: w.Name, Msg: "the SQL warehouse has been deleted", Hint: "name another with --warehouse"}
	case "STOPPED", "STOPPING", "STARTING":
		d.note(fmt.Sprintf("the SQL warehouse %s is %s: it starts now, which takes a while", w.Name, strings.ToLower(w.State)))
	}
	return nil
}

// explain adds to a request's refusal which table it was about and what it takes.
func (d *Databricks) explain(s statement, err error) error {
	var status *statusError
	if !errors.As(err, &status) {
		return err
	}
	hint := ""
	switch {
	case status.status == http.StatusForbidden && strings.Contains(strings.ToLower(status.message), "access token"):
		hint = "the token is wrong, has expired or is of another workspace"
	case status.status == http.StatusForbidden:
		hint = "who the token belongs to needs CAN USE on the SQL warehouse, and a token with the scope sql or all-apis"
	case status.status == http.StatusNotFound:
		hint = "is --warehouse the id of a SQL warehouse of this workspace?"
	default:
		return err
	}
	return d.fail(s, d.c.redact(status.Error()), hint)
}

func (d *Databricks) fail(s statement, msg, hint string) error {
	e := &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "Databricks: " + d.c.redact(msg), Hint: hint}
	if s.table != nil {
		e.Table = s.table.FullName()
	}
	return e
}

// hint says what to do about a statement's error.
func (d *Databricks) hint(s statement, state, code, message string) string {
	all := strings.ToUpper(code + " " + message)
	has := func(texts ...string) bool {
		for _, t := range texts {
			if strings.Contains(all, t) {
				return true
			}
		}
		return false
	}
	switch {
	case has("PERMISSION_DENIED", "INSUFFICIENT_PRIVILEGES", "INSUFFICIENT_PERMISSIONS", "DOES NOT HAVE", "NOT AUTHORIZED", "ACCESS DENIED"):
		if s.need == "" {
			return ""
		}
		return "this takes " + s.need
	case has("NO_SUCH_CATALOG", "CATALOG_NOT_FOUND", "CATALOG_DOES_NOT_EXIST"):
		return "name a catalog that exists with --catalog; smelt creates none in Databricks"
	case has("NO_SUCH_EXTERNAL_LOCATION", "EXTERNAL_LOCATION_DOES_NOT_EXIST", "NO PARENT EXTERNAL LOCATION"):
		return "an external location has to cover --location: CREATE EXTERNAL LOCATION … URL … WITH (STORAGE CREDENTIAL …)"
	case has("LOCATION_OVERLAP"):
		return "another table or volume lies there already; drop it, or register this lake elsewhere"
	case has("DELTA_MISSING", "DELTA_TABLE_NOT_FOUND", "PATH_NOT_FOUND", "DELTA_PATH_DOES_NOT_EXIST", "TRANSACTION LOG"):
		return "are the lake's files at --location?"
	case has("DEPENDS ON"):
		return "a foreign key of a table that is not this lake's needs this key: drop it, register, and add it again"
	case has("ALREADY_EXISTS", "ALREADY EXISTS"):
		return "somebody else registers at the same time; try again"
	case has("TEMPORARILY_UNAVAILABLE", "UNDER_MAINTENANCE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"), state == "CANCELED", state == "CLOSED":
		return "try again: what was done already is not done again"
	}
	return ""
}
