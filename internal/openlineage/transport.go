package openlineage

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// console writes events as lines.
type console struct{ w io.Writer }

func (c console) String() string { return "the console" }

func (c console) Send(_ context.Context, event []byte) error {
	_, err := c.w.Write(append(event, '\n'))
	return err
}

// appended adds events to a file as lines, each in one write, so that several
// runs may share it.
type appended struct{ path string }

func (a appended) String() string { return a.path }

func (a appended) Send(_ context.Context, event []byte) error {
	f, err := os.OpenFile(a.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = f.Write(append(event, '\n'))
		err = errors.Join(err, f.Close())
	}
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// server posts events to an OpenLineage API. It follows no redirect, so that the
// key goes nowhere else.
type server struct {
	url     *url.URL
	key     string // "" = none is sent
	gzip    bool
	timeout time.Duration // of one attempt
	pause   time.Duration // before the second attempt; twice as long before the third
}

// attempts is how often an event is posted where the server is not there, or busy.
const attempts = 3

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// String leaves out what may be secret: who, and what is asked.
func (s *server) String() string { return s.url.Scheme + "://" + s.url.Host }

func (s *server) Send(ctx context.Context, event []byte) error {
	for n := 1; ; n++ {
		again, err := s.post(ctx, event)
		if err == nil || !again || n == attempts {
			return s.redacted(err)
		}
		select {
		case <-ctx.Done():
			return s.redacted(err)
		case <-time.After(s.pause << (n - 1)):
		}
	}
}

// post sends an event once; again says that another attempt may help.
func (s *server) post(ctx context.Context, event []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body := event
	if s.gzip {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(event)
		if err := errors.Join(err, z.Close()); err != nil {
			return false, err
		}
		body = b.Bytes()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "smelt")
	if s.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if s.key != "" {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	res, err := client.Do(req)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) { // it has the whole address
			err = e.Err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", s.timeout)
		}
		return true, err
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16)) // all of it, for the connection serves the next event too
	switch {
	case res.StatusCode/100 == 2:
		return false, nil
	case res.StatusCode/100 == 5, res.StatusCode == http.StatusTooManyRequests:
		return true, fmt.Errorf("HTTP %d: %s", res.StatusCode, oneLine(text))
	}
	return false, fmt.Errorf("%w: HTTP %d: %s", ErrRefused, res.StatusCode, oneLine(text))
}

// oneLine is the beginning of an answer.
func oneLine(text []byte) string {
	return strings.Join(strings.Fields(string(text[:min(len(text), 300)])), " ")
}

// redacted takes secrets out of an error, which may repeat what was sent.
func (s *server) redacted(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	secrets := []string{s.key, s.url.RawQuery}
	if s.url.User != nil {
		password, _ := s.url.User.Password()
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return &redactedError{err, text}
}

type redactedError struct {
	err  error
	text string
}

func (r *redactedError) Error() string { return r.text }
func (r *redactedError) Unwrap() error { return r.err }
