package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// File is one file as it is served: compressed for who takes that, and not sent
// again to who has it. It is not changed, and safe for concurrent use.
type File struct {
	kind    string // of its content
	policy  string
	tag     string
	text    []byte
	gzipped []byte // nil where it is no smaller
}

// strict is the policy of what is no page.
const strict = "default-src 'none'; frame-ancestors 'none'"

// policyOf finds the policy that a page has set itself. As a header it also says
// what a page cannot: that nobody may put it in a frame.
var policyOf = regexp.MustCompile(`(?i)<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"`)

// NewFile returns a file whose name ends in .html, else it is JSON.
func NewFile(name string, text []byte) *File {
	hash := sha256.Sum256(text)
	f := &File{kind: "application/json", policy: strict, text: text, tag: hex.EncodeToString(hash[:16])}
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

// Size is how many bytes of memory the file takes.
func (f *File) Size() int { return len(f.text) + len(f.gzipped) }

// Tag is the same for equal texts only.
func (f *File) Tag() string { return f.tag }

// ServeHTTP implements http.Handler.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
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
