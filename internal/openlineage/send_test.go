package openlineage

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// api is a lineage server that answers what it is told to.
type api struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int // the next ones; then 201
	got     []*http.Request
	bodies  []string
}

func newAPI(t *testing.T, answers ...int) *api {
	a := &api{answers: answers}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		var in io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			in = z
		}
		text, _ := io.ReadAll(in)
		a.got, a.bodies = append(a.got, r), append(a.bodies, string(text))
		status := http.StatusCreated
		if len(a.answers) > 0 {
			status, a.answers = a.answers[0], a.answers[1:]
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "http://elsewhere.invalid/")
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "you sent %s\nwith %s", r.Header.Get("Authorization"), r.URL.RawQuery)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) server(t *testing.T, query string) *server {
	u, err := url.Parse(a.URL + "/api/v1/lineage" + query)
	if err != nil {
		t.Fatal(err)
	}
	return &server{url: u, key: "k3y", timeout: time.Minute, pause: time.Nanosecond}
}

func TestServer(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int
		posts   int
		err     string // "" = none
		refused bool
	}{
		{"taken", nil, 1, "", false},
		{"busy, then there", []int{503, 429}, 3, "", false},
		{"never there", []int{500, 500, 500}, 3, "HTTP 500: you sent Bearer [secret] with [secret]", false},
		{"refused", []int{422}, 1, "HTTP 422", true},
		{"no such key", []int{401}, 1, "HTTP 401: you sent Bearer [secret]", true},
		{"sent on", []int{302}, 1, "HTTP 302", true},
	} {
		a := newAPI(t, c.answers...)
		s := a.server(t, "?code=qu3ry")
		s.gzip = true
		err := s.Send(context.Background(), []byte(`{"event":1}`))
		if len(a.got) != c.posts {
			t.Errorf("%s: %d posts, want %d", c.name, len(a.got), c.posts)
		}
		if c.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) || errors.Is(err, ErrRefused) != c.refused {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
		if err != nil && (strings.Contains(err.Error(), "k3y") || strings.Contains(err.Error(), "qu3ry")) {
			t.Errorf("%s: the error has a secret: %v", c.name, err)
		}
		for i, r := range a.got {
			if r.Method != "POST" || r.URL.Path != "/api/v1/lineage" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer k3y" || a.bodies[i] != `{"event":1}` {
				t.Errorf("%s: %s %s %v %q", c.name, r.Method, r.URL, r.Header, a.bodies[i])
			}
		}
	}
}

// TestServerGone tells of a server that is not there without its whole address.
func TestServerGone(t *testing.T) {
	a := newAPI(t)
	s := a.server(t, "?code=qu3ry")
	s.url.User = url.UserPassword("jo", "passw0rd")
	a.Close()
	err := s.Send(context.Background(), []byte("{}"))
	if err == nil || errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "qu3ry") || strings.Contains(err.Error(), "passw0rd") || strings.Contains(err.Error(), "lineage") {
		t.Errorf("a server that is gone: %v", err)
	}
	if s.String() != a.URL {
		t.Errorf("it is called %s", s)
	}
}

// stuck is a server that takes requests and at some point answers no more.
type stuck struct {
	asked   chan struct{}
	answers int
}

func (s *stuck) String() string { return "a stuck server" }
func (s *stuck) Send(ctx context.Context, _ []byte) error {
	s.asked <- struct{}{}
	if s.answers--; s.answers >= 0 {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestSender(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	event := func(name string) *Event { return &Event{Job: jobOf{JobID: JobID{Name: name}}} }

	t.Run("in order", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		for range 2 {
			s := NewSender(appended{path})
			for i := range 20 {
				s.Send(event(fmt.Sprint(i)))
			}
			if err := s.Close(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(lines) != 40 {
			t.Fatalf("%d lines, want 40", len(lines))
		}
		for i, line := range lines {
			var e Event
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Job.Name != fmt.Sprint(i%20) {
				t.Errorf("line %d: %v %s", i, err, e.Job.Name)
			}
		}
	})
	t.Run("one is refused", func(t *testing.T) {
		a := newAPI(t, 201, 422)
		defer a.Close()
		s := NewSender(a.server(t, ""))
		for i := range 4 {
			s.Send(event(fmt.Sprint(i)))
		}
		err := s.Close(time.Minute)
		if len(a.got) != 4 || err == nil || !strings.Contains(err.Error(), "1 of 4 lineage events did not get to "+a.URL+": refused: HTTP 422") {
			t.Errorf("%d posts, %v", len(a.got), err)
		}
		client.CloseIdleConnections()
	})
	t.Run("nobody is there", func(t *testing.T) {
		a := newAPI(t, 500, 500, 500)
		defer a.Close()
		s := NewSender(a.server(t, ""))
		for i := range 4 {
			s.Send(event(fmt.Sprint(i)))
		}
		err := s.Close(time.Minute)
		if len(a.got) != attempts || err == nil || !strings.Contains(err.Error(), "4 of 4 lineage events") {
			t.Errorf("%d posts, %v", len(a.got), err)
		}
		client.CloseIdleConnections()
	})
	t.Run("no answer comes", func(t *testing.T) {
		to := &stuck{asked: make(chan struct{}, 1)}
		s := NewSender(to)
		s.Send(event("a"))
		s.Send(event("b"))
		<-to.asked
		if err := s.Close(time.Nanosecond); err == nil || err.Error() != "2 of 2 lineage events did not get to a stuck server: it took too long" {
			t.Error(err)
		}
	})
	t.Run("it answers once", func(t *testing.T) {
		to := &stuck{asked: make(chan struct{}, 1), answers: 1}
		s := NewSender(to)
		s.Send(event("a"))
		s.Send(event("b"))
		<-to.asked
		<-to.asked
		if err := s.Close(time.Nanosecond); err == nil || err.Error() != "1 of 2 lineage events did not get to a stuck server: it took too long" {
			t.Error(err)
		}
	})
	t.Run("more than are queued", func(t *testing.T) {
		to := &stuck{asked: make(chan struct{}, 1)}
		s := NewSender(to)
		s.Send(event("a"))
		<-to.asked
		for range queued + 3 {
			s.Send(event("b"))
		}
		if err := s.Close(time.Nanosecond); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("%d of %d ", queued+4, queued+4)) {
			t.Error(err)
		}
	})
	t.Run("the folder is gone", func(t *testing.T) {
		s := NewSender(appended{filepath.Join(t.TempDir(), "gone", "events")})
		s.Send(event("a"))
		if err := s.Close(time.Minute); err == nil || !strings.HasSuffix(err.Error(), ": no such file or directory") {
			t.Error(err)
		}
	})
}
