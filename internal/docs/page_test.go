package docs

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/pagekit"
	"github.com/smeltdata/smelt/pipeline"
)

func write(t testing.TB, c *catalog.Catalog) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Page(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every file of the folder is in the page, once.
func TestFiles(t *testing.T) {
	entries, err := files.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	var want, have []string
	for _, e := range entries {
		want = append(want, e.Name())
	}
	have = append([]string{"page.html", "page.css"}, scripts...)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("the page is made of %v, the folder has %v", have, want)
	}
}

// Nothing of the page makes markup or code of a text, and nothing is fetched.
func TestScripts(t *testing.T) {
	for _, name := range append([]string{"page.html", "page.css"}, scripts...) {
		text := file(name)
		for _, bad := range []string{"innerHTML =", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(", "XMLHttpRequest", "import(", "@import", "url(", "style=", "onclick="} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}

func TestPolicy(t *testing.T) {
	page := string(write(t, empty(t)))
	for _, m := range regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, m[1]+"-src") || !strings.Contains(page, pagekit.Hash(m[2])) {
			t.Errorf("the policy does not know the %s that begins %.60q", m[1], m[2])
		}
	}
	if strings.Contains(page, "unsafe-") {
		t.Error("the policy has an unsafe- word")
	}
}

// Texts of the catalog cannot end the block that holds them.
func TestHostile(t *testing.T) {
	page := write(t, hostile())
	if n := bytes.Count(page, []byte("</script>")); n != 3 {
		t.Errorf("the page has %d ends of scripts, want its own 3", n)
	}
	if bytes.Contains(page, []byte("onerror=\"")) || bytes.Contains(page, []byte("\u2028")) {
		t.Error("a text of the catalog is in the page as it is")
	}
}

func TestSize(t *testing.T) {
	if n := len(write(t, &catalog.Catalog{})); n > 150_000 {
		t.Errorf("the page without data has %d bytes, more than 150,000", n)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestErrors(t *testing.T) {
	if err := Page(broken{}, &catalog.Catalog{}); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a writer that fails: %v", err)
	}
	if err := Page(&bytes.Buffer{}, &catalog.Catalog{Runs: []catalog.Run{{Seconds: math.NaN()}}}); !errors.Is(err, pipeline.ErrData) {
		t.Errorf("seconds that are no number: %v", err)
	}
}
