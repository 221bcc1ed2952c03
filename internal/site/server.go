package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline"
)

// Server hands out the documentation of a lake as it is now:
//
//	/              the page
//	/catalog.json  what it shows, a catalog.Catalog
//	/target/…      dbt's artefacts: /target/manifest.json
//
// It reads, and answers only who asks for it by an address of this machine, so
// that a web page from elsewhere whose name leads here learns nothing.
// Its fields are set once; it is safe for concurrent use.
type Server struct {
	Host    string // that it listens on, "127.0.0.1"; "" and "0.0.0.0" are all
	Stamp   func() string
	Collect func(ctx context.Context) (*catalog.Catalog, error) // anew where Stamp has changed
	Failed  func(err error)                                     // is told of a catalog that could not be collected

	mu    sync.Mutex
	stamp string
	files map[string]*file // by path; nil = not collected yet
}

// file is one file as it is served.
type file struct {
	kind    string // of its content
	policy  string
	tag     string
	text    []byte
	gzipped []byte
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", strict)
	h.Set("Cache-Control", "no-cache") // kept, but asked for: the tag tells whether it has changed
	switch {
	case !s.knows(r.Host):
		http.Error(w, "this server does not answer to that name: open it by the address that smelt docs serve has printed", http.StatusForbidden)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this server can only be read", http.StatusMethodNotAllowed)
		return
	}
	files, err := s.now(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	f := files[r.URL.Path]
	if f == nil {
		http.Error(w, "there is no such page; / is the documentation", http.StatusNotFound)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", f.policy)
	h.Set("Vary", "Accept-Encoding")
	text, tag := f.text, f.tag
	if f.gzipped != nil && accepts(r, "gzip") {
		h.Set("Content-Encoding", "gzip")
		text, tag = f.gzipped, tag+"-gzip"
		r.Header.Del("Range") // of what is compressed a part is of no use
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// knows reports whether a Host header names this server: by the address that it
// listens on, as localhost, or, where it listens on all, by any number. A name
// that somebody has made to lead here is none of these.
func (s *Server) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip, own := net.ParseIP(host), net.ParseIP(s.Host)
	switch {
	case strings.EqualFold(host, "localhost"), ip != nil && ip.IsLoopback():
		return true
	case s.Host == "" || own != nil && own.IsUnspecified():
		return ip != nil
	case ip != nil && own != nil:
		return ip.Equal(own)
	}
	return strings.EqualFold(host, s.Host)
}

// accepts reports whether a request takes an encoding.
func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			return !refused.MatchString(q)
		}
	}
	return false
}

var refused = regexp.MustCompile(`^\s*q=0(\.0*)?\s*$`)

// now returns the files as the lake is now. Of several requests at once one makes
// them and the others wait.
func (s *Server) now(ctx context.Context) (map[string]*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := s.Stamp() // before the lake is looked at: what comes meanwhile is new
	if s.files != nil && stamp == s.stamp {
		return s.files, nil
	}
	files, err := s.collect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.Failed(err)
		}
		return nil, err
	}
	s.stamp, s.files = stamp, files
	return files, nil
}

// collect makes the files.
func (s *Server) collect(ctx context.Context) (map[string]*file, error) {
	c, err := s.Collect(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]*file{}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out["/catalog.json"] = newFile("catalog.json", text)
	dir, err := os.MkdirTemp("", "smelt-docs-")
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "cannot make a temporary folder", Err: err, Hint: "TMPDIR names another place for it"}
	}
	defer os.RemoveAll(dir)
	if err := Write(dir, c); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "cannot be read", Err: err}
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "cannot be read", Err: err}
		}
		at := "/target/" + e.Name()
		if e.Name() == Page {
			at = "/"
		}
		out[at] = newFile(e.Name(), text)
	}
	return out, nil
}

// strict is the policy of what is no page.
const strict = "default-src 'none'; frame-ancestors 'none'"

// policyOf finds the policy that a page has set itself. As a header it also says
// what a page cannot: that nobody may put it in a frame.
var policyOf = regexp.MustCompile(`(?i)<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"`)

func newFile(name string, text []byte) *file {
	hash := sha256.Sum256(text)
	f := &file{kind: "application/json", policy: strict, text: text, tag: hex.EncodeToString(hash[:16])}
	if filepath.Ext(name) == ".html" {
		f.kind = "text/html; charset=utf-8"
		if m := policyOf.FindSubmatch(text); m != nil {
			f.policy = fmt.Sprintf("%s; frame-ancestors 'none'", strings.TrimRight(html.UnescapeString(string(m[1])), "; "))
		}
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // to memory
	_ = z.Close()
	if b.Len() < len(text) {
		f.gzipped = b.Bytes()
	}
	return f
}
