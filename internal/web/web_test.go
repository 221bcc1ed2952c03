package web

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// A server for all addresses is known by any number, and by no name.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		host, asked string
		want        bool
	}{
		{"0.0.0.0", "192.168.1.5:8580", true}, {"", "192.168.1.5", true}, {"::", "[fe80::1]:8580", true}, {"", "evil.example", false}, {"0.0.0.0", "", false},
		{"192.168.1.5", "192.168.1.5:1", true}, {"192.168.1.5", "192.168.1.6", false}, {"shop.lan", "SHOP.lan:80", true}, {"shop.lan", "192.168.1.5", false},
		{"::1", "[::1]:8580", true}, {"localhost", "localhost", true}, {"localhost", "127.0.0.1", true}, {"127.0.0.1", "", false},
	} {
		if got := knows(c.host, c.asked); got != c.want {
			t.Errorf("%q asked as %q: %v", c.host, c.asked, got)
		}
	}
}

func TestPolicy(t *testing.T) {
	f := NewFile("index.html", []byte(`<head><meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; script-src 'sha256-a+/='; "></head>`))
	if want := "default-src 'none'; script-src 'sha256-a+/='; frame-ancestors 'none'"; f.policy != want {
		t.Errorf("%s", f.policy)
	}
}

func TestListen(t *testing.T) {
	ctx := context.Background()
	for _, addr := range []string{"127.0.0.1", "8580", ""} {
		if _, err := Listen(ctx, addr); !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("%q: %v", addr, err)
		}
	}
	l, err := Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Local() || !strings.HasPrefix(l.URL(), "http://127.0.0.1:") {
		t.Errorf("%v %s", l.Local(), l.URL())
	}
	if _, err := Listen(ctx, l.Addr().String()); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), "--addr names another") {
		t.Errorf("in use: %v", err)
	}
	all, err := Listen(ctx, ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if all.Local() || !strings.HasPrefix(all.URL(), "http://127.0.0.1:") {
		t.Errorf("all: %v %s", all.Local(), all.URL())
	}
}

func TestWriteFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for _, text := range []string{"long text", "text"} {
		if err := WriteFile(dir, "x.txt", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "x.txt")); err != nil || string(got) != text {
			t.Errorf("%s %v", got, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
	for _, in := range []string{filepath.Join(dir, "x.txt"), filepath.Join(dir, "x.txt", "y")} {
		if err := WriteFile(in, "z", nil); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "--target-path") {
			t.Errorf("%s: %v", in, err)
		}
	}
}
