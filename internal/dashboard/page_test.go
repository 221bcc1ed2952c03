package dashboard

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/smeltdata/smelt/internal/pagekit"
	"github.com/smeltdata/smelt/pipeline"
)

var (
	full = sync.OnceValue(func() *fixture { return newFixture("Larch & Fennel") })
	bare = sync.OnceValue(func() *fixture { return newFixture("Bare shop", "cost", "geography", "customers") })
)

func pageOf(t testing.TB, b *Book) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Page(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Every file of the folder is in the page, once.
func TestPageFiles(t *testing.T) {
	entries, err := files.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range entries {
		want = append(want, e.Name())
	}
	have := append([]string{"page.html", "page.css", "vendor", "world.json"}, scripts...)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("the page is made of %v, the folder has %v", have, want)
	}
}

// Nothing of the page makes markup or code of a text, and it asks for one address only.
func TestPageScripts(t *testing.T) {
	for _, name := range append([]string{"page.html", "page.css"}, scripts...) {
		text := strings.Replace(file(name), "fetch(\"api/figures\"", "", 1)
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(", "XMLHttpRequest", "import(", "@import", "url(", "style=", "onclick="} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}

// The scripts run in one function, where a later function of a name silently
// takes the place of an earlier one.
func TestPageNames(t *testing.T) {
	seen := map[string]string{"el": "dom.js", "svg": "dom.js", "filled": "dom.js", "to": "dom.js", "link": "dom.js", "code": "dom.js", "breakable": "dom.js"}
	for _, name := range scripts {
		for _, m := range regexp.MustCompile(`(?m)^(?:async )?(?:function|const|let) (\w+)`).FindAllStringSubmatch(file(name), -1) {
			if other := seen[m[1]]; other != "" {
				t.Errorf("%s is declared in %s and in %s", m[1], other, name)
			}
			seen[m[1]] = name
		}
	}
}

func TestPagePolicy(t *testing.T) {
	for mode, connects := range map[string]bool{"build": false, "serve": true} {
		page := string(pageOf(t, full().book(mode)))
		for _, m := range regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, pagekit.Hash(m[2])) {
				t.Errorf("the policy does not know the %s that begins %.60q", m[1], m[2])
			}
		}
		policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1]
		if strings.Contains(policy, "unsafe-") {
			t.Errorf("the policy is unsafe: %s", policy)
		}
		if strings.Contains(policy, "connect-src") != connects {
			t.Errorf("%s: %s", mode, policy)
		}
	}
}

// Texts of the shop cannot end the block that holds them.
func TestPageHostile(t *testing.T) {
	b := full().book("build")
	b.Shop.Name = "</script><img src=x onerror=\"alert(1)\">\u2028"
	page := pageOf(t, b)
	if n := bytes.Count(page, []byte("</script>")); n != 6 {
		t.Errorf("the page has %d ends of scripts, want its own 6", n)
	}
	if bytes.Contains(page, []byte("onerror=\"")) {
		t.Error("a text of the shop is in the page as it is")
	}
}

func TestPageSize(t *testing.T) {
	page := len(pageOf(t, full().book("build")))
	t.Logf("a shop of %d lines: %d bytes", len(full().lines), page)
	if page > 3_000_000 {
		t.Errorf("the page has %d bytes, more than 3,000,000", page)
	}
	if n := len(pageOf(t, &Book{Mode: "build", Figures: &Figures{}})); n > 1_400_000 {
		t.Errorf("the page without figures has %d bytes, more than 1,400,000", n)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestPageErrors(t *testing.T) {
	if err := Page(broken{}, full().book("serve")); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a writer that fails: %v", err)
	}
	b := full().book("serve")
	b.Figures.Products.Pareto[0].X = math.NaN()
	if err := Page(&bytes.Buffer{}, b); !errors.Is(err, pipeline.ErrData) {
		t.Errorf("a number that is none: %v", err)
	}
}

// TestPageWrites writes pages into the folder $SMELT_PAGES, to be looked at.
func TestPageWrites(t *testing.T) {
	dir := os.Getenv("SMELT_PAGES")
	if dir == "" {
		t.Skip("SMELT_PAGES names the folder for pages")
	}
	for name, f := range map[string]*fixture{"full": full(), "bare": bare()} {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), pageOf(t, f.book("build")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
