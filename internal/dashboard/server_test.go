package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// served is a lake that a server under test shows.
type served struct {
	mu       sync.Mutex
	stamp    string
	page     string
	err      error
	failed   []error
	computed atomic.Int64
	started  chan struct{} // where not nil, figures say that they begin and wait for their ctx
}

func (l *served) set(stamp, page string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stamp, l.page, l.err = stamp, page, err
}

func (l *served) failures() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.failed)
}

func (l *served) server() *Server {
	return &Server{
		Stamp: func() string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.stamp
		},
		Open: func(context.Context) (*Loaded, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.err != nil {
				return nil, l.err
			}
			page := l.page
			return &Loaded{[]byte("<html>" + page), func(ctx context.Context, f Filter) (*Figures, error) {
				l.computed.Add(1)
				if l.started != nil {
					l.started <- struct{}{}
					<-ctx.Done()
					return nil, ctx.Err()
				}
				if f.From == "wrong" {
					return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: f.From, Msg: "is no day", Hint: "write 2024-01-31"}
				}
				if f.From == "broken" {
					return nil, &pipeline.Error{Kind: pipeline.ErrData, Msg: "a sum is too large"}
				}
				return &Figures{Filter: f, Total: Frame{Values: map[string][]Value{"revenue": {"1.50"}, "cost": {""}}}, Products: Products{Count: int64(len(page))}}, nil
			}}, nil
		},
		Failed: func(err error) {
			l.mu.Lock() // failures reads it
			defer l.mu.Unlock()
			l.failed = append(l.failed, err)
		},
	}
}

// serve starts a server and returns its address, and what stops it.
func serve(t *testing.T, s *Server) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	on, err := web.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(ctx); err != nil {
		t.Fatal(err)
	}
	watched, done := make(chan struct{}), make(chan error, 1)
	go func() { <-ctx.Done(); close(s.done); close(watched) }() // Watch, without its looks
	go func() { done <- on.Serve(ctx, s) }()
	stop = sync.OnceFunc(func() {
		cancel()
		<-watched
		if err := <-done; err != nil {
			t.Error("the server ends with", err)
		}
	})
	t.Cleanup(stop)
	return strings.TrimSuffix(on.URL(), "/"), stop
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got, string(body)
}

func TestServer(t *testing.T) {
	l := &served{stamp: "1", page: "one"}
	url, _ := serve(t, l.server())
	if page, text := get(t, url+"/"); page.StatusCode != 200 || text != "<html>one" || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("page: %v %s", page, text)
	}
	all, text := get(t, url+"/api/figures?country=Spain&from=2024-01-01&country=&country=Spain&channel=web%26co")
	var f Figures
	if err := json.Unmarshal([]byte(text), &struct {
		Filter   *Filter
		Products *Products
	}{&f.Filter, &f.Products}); err != nil || all.StatusCode != 200 || all.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v %v %s", err, all, text)
	}
	if want := (Filter{From: "2024-01-01", In: map[string][]string{"country": {"", "Spain"}, "channel": {"web&co"}}}); !reflect.DeepEqual(f.Filter, want) || f.Products.Count != 3 {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(text, `"values":{"cost":[null],"revenue":[1.50]}`) {
		t.Errorf("numbers: %s", text)
	}
	if got, text := get(t, url+"/api/figures"); got.StatusCode != 200 || !strings.HasPrefix(text, `{"filter":{"from":"","to":""}`) {
		t.Errorf("no filter: %v %s", got, text)
	}
	// The same filter otherwise written is computed once.
	if again, _ := get(t, url+"/api/figures?channel=web%26co&country=Spain&country=&from=2024-01-01"); again.StatusCode != 200 || l.computed.Load() != 2 {
		t.Errorf("computed %d times", l.computed.Load())
	}
	for _, c := range []struct {
		query  string
		status int
		want   string
	}{
		{"from=wrong", 400, `{"error":"is no day (value \"wrong\")","hint":"write 2024-01-31"}`},
		{"from=2024-01-01&from=2024-01-02", 400, `{"error":"is given twice (value \"from\")","hint":"write one day, as from=2024-01-31"}`},
		{"from=%zz", 400, `{"error":"the filter is no query of an address`},
		{"from=broken", 500, `{"error":"a sum is too large","hint":""}`},
	} {
		got, text := get(t, url+"/api/figures?"+c.query)
		if got.StatusCode != c.status || !strings.HasPrefix(text, c.want) || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v %s", c.query, got, text)
		}
	}
	if failed := l.failures(); len(failed) != 1 || !errors.Is(failed[0], pipeline.ErrData) {
		t.Errorf("failed: %v", failed)
	}
	if got, _ := get(t, url+"/api/"); got.StatusCode != 404 {
		t.Errorf("no page: %v", got)
	}
}

// Requests side by side each get their own filter's figures; one filter is computed
// at a time, and no filter twice.
func TestServerConcurrent(t *testing.T) {
	l := &served{stamp: "1", page: "one"}
	url, _ := serve(t, l.server())
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			want := fmt.Sprintf(`{"filter":{"from":"%d"`, i%6)
			if got, text := get(t, fmt.Sprintf("%s/api/figures?from=%d", url, i%6)); got.StatusCode != 200 || !strings.HasPrefix(text, want) {
				t.Errorf("%d: %v %s", i, got, text)
			}
		})
	}
	all.Wait()
	if n := l.computed.Load(); n != 6 {
		t.Errorf("computed %d times", n)
	}
}

// A request that is given up stops computing, and lets the next one in.
func TestServerAbandoned(t *testing.T) {
	l := &served{stamp: "1", started: make(chan struct{})}
	s := l.server()
	url, _ := serve(t, s)
	ask := func(ctx context.Context, query string) error {
		r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/figures?"+query, nil)
		if err != nil {
			return err
		}
		got, err := http.DefaultClient.Do(r)
		if err == nil {
			got.Body.Close()
		}
		return err
	}
	for range 2 { // the second would wait for ever if the first still computed
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- ask(ctx, "from=a") }()
		<-l.started
		waiting, leave := context.WithCancel(context.Background())
		leave()
		if err := ask(waiting, "from=b"); !errors.Is(err, context.Canceled) {
			t.Errorf("who waits and leaves: %v", err)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if failed := l.failures(); len(failed) != 0 {
		t.Errorf("failed: %v", failed)
	}
}

// stream reads the events of a server, one text for each.
func stream(t *testing.T, url, last string) func() string {
	t.Helper()
	r, err := http.NewRequest("GET", url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(got, err)
	}
	t.Cleanup(func() { got.Body.Close() })
	lines := bufio.NewReader(got.Body)
	return func() string {
		text := ""
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return "end"
			}
			if line == "\n" {
				return text
			}
			text += line
		}
	}
}

// A new version is loaded when the lake has come to rest, is told to who listens, and
// answers from then on; one that cannot be loaded leaves the old one.
func TestServerPublished(t *testing.T) {
	ctx := context.Background()
	l := &served{stamp: "1", page: "one"}
	s := l.server()
	url, stop := serve(t, s)
	tag := func() string { return s.now.Load().page.Tag() }
	first := tag()
	next := stream(t, url, "")
	if got := next(); got != "id: "+first+"\n" {
		t.Errorf("first: %q", got)
	}
	s.look(ctx) // nothing is new
	l.set("2", "three", nil)
	s.look(ctx) // it may still change
	if tag() != first {
		t.Error("loaded while a run publishes")
	}
	s.look(ctx)
	want := "id: " + tag() + "\nevent: published\ndata: published\n"
	if got := next(); got != want || tag() == first {
		t.Errorf("published: %q", got)
	}
	if _, text := get(t, url+"/"); text != "<html>three" {
		t.Errorf("page: %s", text)
	}
	if _, text := get(t, url+"/api/figures"); !strings.Contains(text, `"count":5`) {
		t.Errorf("figures: %s", text)
	}
	if got := stream(t, url, first)(); got != want {
		t.Errorf("who was away: %q", got)
	}
	if got := stream(t, url, tag())(); got != "id: "+tag()+"\n" {
		t.Errorf("who knows it: %q", got)
	}

	l.set("3", "", &pipeline.Error{Kind: pipeline.ErrInput, Msg: "is damaged"})
	for range 4 {
		s.look(ctx)
	}
	if _, text := get(t, url+"/"); text != "<html>three" || len(l.failures()) != 1 {
		t.Errorf("damaged: %s, failed %v", text, l.failures())
	}
	l.set("4", "three", nil) // the same tables: nothing to tell
	s.look(ctx)
	s.look(ctx)
	l.set("5", "five", nil)
	s.look(ctx)
	s.look(ctx)
	if got := next(); got != "id: "+tag()+"\nevent: published\ndata: published\n" {
		t.Errorf("mended: %q", got)
	}
	stop()
	if got := next(); got != "end" {
		t.Errorf("after the end: %q", got)
	}
}

func TestAnswers(t *testing.T) {
	file := func(n int) *web.File { return web.NewFile("x.json", []byte(strings.Repeat("ab", n))) }
	size := file(1).Size() + 1
	a := newAnswers(3 * size)
	for _, key := range []string{"a", "b", "c", "b"} {
		a.put(key, file(1))
	}
	if a.get("a") == nil || a.room != 0 {
		t.Errorf("there is room for three: %d", a.room)
	}
	a.put("d", file(1))
	if a.get("b") != nil || a.get("a") == nil || a.get("c") == nil || a.get("d") == nil {
		t.Errorf("the one used longest ago goes: %v", a.oldest)
	}
	a.put("e", file(1000))
	if len(a.files) != 0 || a.room != 3*size || len(a.oldest) != 0 {
		t.Errorf("one that is too large: %v %d", a.oldest, a.room)
	}
}
