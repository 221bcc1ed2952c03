package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// lake is what a server under test shows.
type lake struct {
	mu        sync.Mutex
	stamp     string
	err       error
	collected int
	failed    []error
}

func (l *lake) set(stamp string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stamp, l.err = stamp, err
}

func (l *lake) server() *Server {
	return &Server{
		Stamp: func() string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.stamp
		},
		Collect: func(context.Context) (*catalog.Catalog, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.collected++
			return &catalog.Catalog{Project: "shop-" + l.stamp, Tables: []catalog.Table{{Name: "gold.sales", Doc: strings.Repeat("It is long. ", 500)}}}, l.err
		},
		Failed: func(err error) { l.failed = append(l.failed, err) },
	}
}

// serve starts a server and returns its address, and what stops it.
func serve(t *testing.T, l *lake) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	on, err := web.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- on.Serve(ctx, l.server()) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("the server ends with", err)
		}
	})
	t.Cleanup(stop)
	return strings.TrimSuffix(on.URL(), "/"), stop
}

// get makes a request with headers "Name: value"; Host is one of them.
func get(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	got, err := client.Do(r)
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
	l := &lake{stamp: "1"}
	url, _ := serve(t, l)
	page, text := get(t, "GET", url+"/")
	if page.StatusCode != 200 || page.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(text, "shop-1") {
		t.Errorf("page: %v %s", page, text)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || !strings.HasSuffix(policy, "; frame-ancestors 'none'") {
		t.Errorf("policy: %s", policy)
	}

	whole, text := get(t, "GET", url+"/catalog.json")
	var c catalog.Catalog
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Project != "shop-1" || whole.Header.Get("Content-Type") != "application/json" || whole.Header.Get("Content-Encoding") != "" {
		t.Errorf("catalog: %v %v", whole, err)
	}
	for _, name := range []string{"manifest.json", "catalog.json", "run_results.json", "sources.json"} {
		if got, text := get(t, "GET", url+"/target/"+name); got.StatusCode != 200 || !json.Valid([]byte(text)) {
			t.Errorf("%s: %v %s", name, got, text)
		}
	}

	// Compressed where that is asked for, and not sent again where it is known.
	small, body := get(t, "GET", url+"/catalog.json", "Accept-Encoding: br, gzip;q=0.5", "Range: bytes=0-3")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || small.Header.Get("Content-Encoding") != "gzip" || len(body) >= len(text) {
		t.Fatalf("gzip: %v %v", small, err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != text {
		t.Errorf("gzip: %v", err)
	}
	if none, _ := get(t, "GET", url+"/catalog.json", "Accept-Encoding: gzip;q=0"); none.Header.Get("Content-Encoding") != "" {
		t.Error("gzip is sent to who refuses it")
	}
	if small.Header.Get("ETag") == whole.Header.Get("ETag") {
		t.Error("two encodings have one tag")
	}
	for _, of := range []*http.Response{small, whole} {
		headers := []string{"If-None-Match: " + of.Header.Get("ETag")}
		if of == small {
			headers = append(headers, "Accept-Encoding: gzip")
		}
		if again, text := get(t, "GET", url+"/catalog.json", headers...); again.StatusCode != 304 || text != "" {
			t.Errorf("again: %v %s", again, text)
		}
	}
	if head, text := get(t, "HEAD", url+"/"); head.StatusCode != 200 || text != "" {
		t.Errorf("HEAD: %v %s", head, text)
	}
	if l.collected != 1 {
		t.Errorf("collected %d times", l.collected)
	}

	for _, c := range []struct {
		method, path, header string
		want                 int
	}{
		{"POST", "/", "A: b", 405}, {"GET", "/nothing", "A: b", 404}, {"GET", "/target/", "A: b", 404}, {"GET", "/target/../../etc/passwd", "A: b", 404}, {"GET", "//", "A: b", 404},
		{"GET", "/", "Host: evil.example", 403}, {"GET", "/catalog.json", "Host: evil.example:8580", 403}, {"GET", "/", "Host: 127.0.0.1.evil.example", 403},
		{"GET", "/", "Host: 10.1.2.3:8580", 403}, {"GET", "/", "Host: localhost.", 403},
		{"GET", "/", "Host: localhost:8580", 200}, {"GET", "/", "Host: LOCALHOST", 200}, {"GET", "/", "Host: [::1]:8580", 200}, {"GET", "/", "Host: 127.0.0.1", 200},
	} {
		got, text := get(t, c.method, url+c.path, c.header)
		if got.StatusCode != c.want || c.want == 403 && strings.Contains(text, "shop") {
			t.Errorf("%s %s %s: %d", c.method, c.path, c.header, got.StatusCode)
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s %s: headers %v", c.method, c.path, got.Header)
		}
	}
}

// What changes is there with the next request, and what is wrong is said.
func TestServerChanges(t *testing.T) {
	l := &lake{stamp: "1"}
	url, stop := serve(t, l)
	first, _ := get(t, "GET", url+"/")
	l.set("2", nil)
	second, text := get(t, "GET", url+"/", "If-None-Match: "+first.Header.Get("ETag"))
	if second.StatusCode != 200 || !strings.Contains(text, "shop-2") || l.collected != 2 {
		t.Errorf("changed: %v, collected %d times", second, l.collected)
	}
	l.set("3", &pipeline.Error{Kind: pipeline.ErrInput, File: "log", Msg: "is damaged", Hint: "mend it"})
	for range 2 {
		if got, text := get(t, "GET", url+"/"); got.StatusCode != 503 || !strings.Contains(text, "log: is damaged") || !strings.Contains(text, "mend it") {
			t.Errorf("damaged: %v %s", got, text)
		}
	}
	l.set("4", nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, text := get(t, "GET", url+"/"); got.StatusCode != 200 || !strings.Contains(text, "shop-4") {
				t.Errorf("mended: %v", got)
			}
		})
	}
	all.Wait()
	if l.collected != 5 || len(l.failed) != 2 {
		t.Errorf("collected %d times, failed %v", l.collected, l.failed)
	}
	stop()
	if _, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		t.Error("it still answers")
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := Write(dir, &catalog.Catalog{Project: "shop"}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, Page))
	if err != nil || !bytes.Contains(page, []byte("shop")) {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 5 {
		t.Errorf("%v %v", files, err)
	}
	if err := Write(filepath.Join(dir, Page), &catalog.Catalog{}); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "--target-path") {
		t.Errorf("a file for a folder: %v", err)
	}
}
