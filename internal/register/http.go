package register

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// client calls a JSON API. It repeats what the server could not take (429, 503)
// and, where the caller says that a call may be repeated, what got lost on the
// way; it gives up after a few attempts. It follows no redirect, so that a token
// goes nowhere but to base.
type client struct {
	base  string // without a slash at the end
	what  string // what it talks to, for errors: "Databricks"
	token tokens // nil = no token is sent
	http  *http.Client
	pause func(ctx context.Context, d time.Duration) error
	note  func(string)
}

// tokens gives the token to send. fresh asks for another than the last one,
// which the server refused; errOnlyToken says that there is no other.
type tokens interface {
	token(ctx context.Context, fresh bool) (string, error)
	secrets() []string // texts that must not be printed
}

// statusError is an answer that is no success.
type statusError struct {
	status  int
	code    string // the API's own: "PERMISSION_DENIED"
	message string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("HTTP %d", e.status)
	for _, part := range []string{e.code, e.message} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

const (
	attempts    = 6
	longestWait = time.Minute // that a server's Retry-After is followed for
	answerLimit = 64 << 20
)

func newClient(base, what string, t tokens, note func(string)) *client {
	return &client{base: base, what: what, token: t, note: note,
		http: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		pause: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		}}
}

// call sends a request with in as its JSON body, unless in is nil, and reads
// the answer into out, unless that is nil. An answer that is no success is a
// *statusError within the error.
func (c *client) call(ctx context.Context, method, path string, in, out any, repeatable bool) error {
	return c.do(ctx, ctx, method, path, in, out, repeatable)
}

// finish is call, but a request that has been sent is waited for though ctx
// ends, a minute at most: its answer says what there is to cancel.
func (c *client) finish(ctx context.Context, method, path string, in, out any, repeatable bool) error {
	return c.do(ctx, context.WithoutCancel(ctx), method, path, in, out, repeatable)
}

// do repeats a request while ctx lasts; each is sent with sent.
func (c *client) do(ctx, sent context.Context, method, path string, in, out any, repeatable bool) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	renewed := false
	for n := 1; ; n++ {
		after, err := c.once(sent, method, path, body, out)
		var status *statusError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &status) && status.status == http.StatusUnauthorized && c.token != nil && !renewed:
			renewed = true
			if _, e := c.token.token(ctx, true); errors.Is(e, errOnlyToken) {
				return c.fail(err)
			} else if e != nil {
				return c.fail(e)
			}
			continue // it had expired
		case errors.As(err, &status) && (status.status == http.StatusTooManyRequests || status.status == http.StatusServiceUnavailable):
		case errors.As(err, &status) && repeatable && (status.status == http.StatusBadGateway || status.status == http.StatusGatewayTimeout):
		case errors.Is(err, errLost) && repeatable:
		default:
			return c.fail(err)
		}
		if n == attempts {
			return c.fail(fmt.Errorf("after %d attempts: %w", n, err))
		}
		if after == 0 {
			after = time.Duration(float64(500*time.Millisecond) * float64(int(1)<<(n-1)) * (0.75 + rand.Float64()/2))
		}
		if err := c.pause(ctx, min(after, longestWait)); err != nil {
			return err
		}
	}
}

var (
	errLost      = errors.New("no answer") // or not a whole one
	errOnlyToken = errors.New("there is no other token")
)

// once sends a request once. after is how long the server asks to wait.
func (c *client) once(ctx context.Context, method, path string, body []byte, out any) (after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "smelt")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != nil {
		token, err := c.token.token(ctx, false)
		if err != nil {
			return 0, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errLost, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerLimit+1))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", errLost, err)
	case len(text) > answerLimit:
		return 0, fmt.Errorf("the answer is longer than %d MiB", answerLimit>>20)
	case res.StatusCode/100 != 2:
		return retryAfter(res.Header.Get("Retry-After")), refused(res, text)
	case out == nil:
		return 0, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return 0, fmt.Errorf("the answer to %s %s is no JSON as documented: %w", method, path, err)
	}
	return 0, nil
}

// refused reads an answer that is no success, in whichever of the forms of
// Databricks, Unity Catalog and OAuth it comes.
func refused(res *http.Response, text []byte) error {
	e := &statusError{status: res.StatusCode}
	var body struct {
		Code        any    `json:"error_code"` // a text, or a number where a gateway answers
		Message     string `json:"message"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(text, &body) == nil {
		if code, ok := body.Code.(string); ok {
			e.code = code
		}
		e.code, e.message = e.code+body.Error, body.Message+body.Description
		return e
	}
	switch plain := strings.TrimSpace(string(text)); {
	case res.StatusCode/100 == 3:
		e.message = "it sends on to another page, as a server that is not this API does"
	case strings.HasPrefix(plain, "<"):
		e.message = "a web page, not an answer of this API"
	default:
		e.message = plain[:min(len(plain), 300)]
	}
	return e
}

// retryAfter reads the header: seconds or a time.
func retryAfter(header string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(header)); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(time.Until(t), 0)
	}
	return 0
}

// fail turns an error into one that says what to do and holds no secret.
func (c *client) fail(err error) error {
	var known *pipeline.Error
	if errors.As(err, &known) {
		return err
	}
	e := &pipeline.Error{Kind: pipeline.ErrOutput, Msg: c.what + " at " + c.base, Err: &redacted{err, c.redact(err.Error())}}
	var status *statusError
	switch {
	case errors.Is(err, errLost):
		e.Hint = "is the address right, and can this machine reach it?"
	case !errors.As(err, &status):
	case status.status == http.StatusUnauthorized:
		e.Hint = "the token or secret is wrong or has expired"
	case status.status == http.StatusForbidden:
		e.Hint = "who the token belongs to may not do this"
	case status.status == http.StatusNotFound && status.code == "", status.status/100 == 3:
		e.Hint = "is the address that of this API?"
	case status.status == http.StatusTooManyRequests, status.status == http.StatusServiceUnavailable:
		e.Hint = "the server is busy: try again later; what was done already is not done again"
	case status.status/100 == 5:
		e.Hint = "the fault is the server's: try again; what was done already is not done again"
	}
	return e
}

// redact takes secrets out of a text that came from elsewhere.
func (c *client) redact(text string) string {
	if c.token == nil {
		return text
	}
	for _, secret := range c.token.secrets() {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// redacted is an error that prints another text.
type redacted struct {
	err  error
	text string
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }
