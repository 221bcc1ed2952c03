package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// Server hands out the dashboard of a lake as it is now:
//
//	/                                                         the page
//	/api/figures?from=2024-01-01&to=…&country=France&country=Spain   Figures as JSON
//	/api/events                                               "published", as server-sent events
//
// A dimension's values are "or", dimensions are "and"; an empty value is lines of
// unknown value. A wrong filter is status 400 with {"error": …, "hint": …}.
//
// It reads; web.Listener.Serve keeps away whom that is not for. Its first fields are
// set once. Load comes first, then Watch runs beside the requests, which are safe at
// the same time: each is answered from one version of the lake.
type Server struct {
	Stamp  func() string                              // another text when the lake has changed; asked by Load and Watch only
	Open   func(ctx context.Context) (*Loaded, error) // loads the lake as it is now
	Failed func(err error)                            // is told of a lake that Watch could not load, and of figures that failed, one after the other

	now   atomic.Pointer[version]
	stamp string // of now, or of what could not be loaded
	seen  string // at the last look

	mu   sync.Mutex
	news chan struct{} // closed when now is another version
	done chan struct{} // closed when Watch ends
}

// Loaded is a version of the lake: the page, and what answers its filters. Figures is
// safe for concurrent use, and ends early with its ctx.
type Loaded struct {
	Page    []byte
	Figures func(ctx context.Context, f Filter) (*Figures, error)
}

// Load loads the lake, which must be readable.
func (s *Server) Load(ctx context.Context) error {
	s.news, s.done = make(chan struct{}), make(chan struct{})
	return s.load(ctx, s.Stamp()) // before the lake is looked at: what comes meanwhile is new
}

func (s *Server) load(ctx context.Context, stamp string) error {
	s.stamp = stamp
	l, err := s.Open(ctx)
	if err != nil {
		return err
	}
	v := &version{page: web.NewFile("index.html", l.Page), figures: l.Figures, turn: make(chan struct{}, 1), answers: newAnswers(answersSize)}
	before := s.now.Swap(v)
	if before == nil || before.page.Tag() == v.page.Tag() { // the checks were evaluated, and nothing was published
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.news)
	s.news = make(chan struct{})
	return nil
}

// Watch looks each second whether the lake has changed, and loads it anew while the
// version before still answers, until ctx ends. A version that cannot be loaded is
// left out: what was there before stays until the lake changes again.
func (s *Server) Watch(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.look(ctx)
		}
	}
}

// look loads the lake when it has changed and then stayed the same from one look to
// the next: a run publishes one table after the other.
func (s *Server) look(ctx context.Context) {
	stamp := s.Stamp()
	settled := stamp == s.seen
	s.seen = stamp
	if !settled || stamp == s.stamp {
		return
	}
	if err := s.load(ctx, stamp); err != nil && ctx.Err() == nil {
		s.failed(err)
	}
}

func (s *Server) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Failed(err)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The request has been read. What limits that would break off a long answer.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	v := s.now.Load()
	switch r.URL.Path {
	case "/":
		v.page.ServeHTTP(w, r)
	case "/api/figures":
		s.figures(w, r, v)
	case "/api/events":
		s.events(w, r)
	default:
		http.Error(w, "there is no such page; / is the dashboard", http.StatusNotFound)
	}
}

func (s *Server) figures(w http.ResponseWriter, r *http.Request, v *version) {
	f, err := FilterOf(r.URL.RawQuery)
	var answer *web.File
	if err == nil {
		answer, err = v.answer(r.Context(), f)
	}
	switch {
	case err == nil:
		answer.ServeHTTP(w, r)
	case r.Context().Err() != nil: // nobody waits for it any more
	case errors.Is(err, pipeline.ErrConfig):
		failure(w, http.StatusBadRequest, err)
	default:
		s.failed(err)
		failure(w, http.StatusInternalServerError, err)
	}
}

// failure answers with what is wrong.
func failure(w http.ResponseWriter, status int, err error) {
	var out struct {
		Error string `json:"error"`
		Hint  string `json:"hint"`
	}
	out.Error = err.Error()
	var e *pipeline.Error
	if errors.As(err, &e) {
		plain := *e
		plain.Hint, out.Hint = "", e.Hint
		out.Error = plain.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // to a browser that may have gone
}

// events tells a page that its lake has been published anew, until it goes or Watch
// ends. A page that was away learns of it when it comes back, by the id of the
// version that it knows.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	say := func(text string) bool {
		_ = c.SetWriteDeadline(time.Now().Add(time.Minute))
		_, err := fmt.Fprint(w, text+"\n\n")
		return err == nil && c.Flush() == nil
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	s.mu.Lock()
	news, tag := s.news, s.now.Load().page.Tag()
	s.mu.Unlock()
	first := "id: " + tag
	if id := r.Header.Get("Last-Event-ID"); id != "" && id != tag {
		first = published(tag)
	}
	alive := time.NewTicker(20 * time.Second)
	defer alive.Stop()
	for text := first; say(text); {
		select {
		case <-r.Context().Done():
			return
		case <-s.done:
			return
		case <-alive.C:
			text = ":" // tells a proxy that somebody is there, and us when nobody is
		case <-news:
			s.mu.Lock()
			news, tag = s.news, s.now.Load().page.Tag()
			s.mu.Unlock()
			text = published(tag)
		}
	}
}

func published(tag string) string { return "id: " + tag + "\nevent: published\ndata: published" }

// version is a version of the lake that is answered from.
type version struct {
	page    *web.File
	figures func(ctx context.Context, f Filter) (*Figures, error)
	turn    chan struct{} // one filter is computed at a time: it takes all cores
	answers *answers
}

// answer returns the figures of a filter, from those kept where they are.
func (v *version) answer(ctx context.Context, f Filter) (*web.File, error) {
	key, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	if kept := v.answers.get(string(key)); kept != nil {
		return kept, nil
	}
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if kept := v.answers.get(string(key)); kept != nil { // computed while we waited
		return kept, nil
	}
	figures, err := v.figures(ctx, f)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(figures)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Msg: "the figures cannot be written as JSON", Err: err}
	}
	file := web.NewFile("figures.json", text)
	v.answers.put(string(key), file)
	return file, nil
}

// FilterOf reads a filter as the address of a request or a page has it: from, to, and
// any number of values for each dimension. What is no such is a *pipeline.Error of kind
// ErrConfig; whether there is such a dimension the lake tells.
func FilterOf(query string) (Filter, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return Filter{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: query, Msg: "the filter is no query of an address", Err: err, Hint: "write from=2024-01-01&country=France"}
	}
	var f Filter
	for name, list := range values {
		day := map[string]*string{"from": &f.From, "to": &f.To}[name]
		switch {
		case day == nil:
			f = f.With(name, list...)
		case len(list) > 1:
			return Filter{}, &pipeline.Error{Kind: pipeline.ErrConfig, Value: name, Msg: "is given twice", Hint: "write one day, as " + name + "=2024-01-31"}
		default:
			*day = list[0]
		}
	}
	return f, nil
}
