// Package archtest holds the tree to its architecture: who may import whom.
package archtest

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/smeltdata/smelt/"

// rank orders the layers: a package imports only what ranks lower.
var rank = map[string]int{"pipeline": 0, "metrics": 1, "bronze": 2, "silver": 3, "gold": 4}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		from := strings.TrimPrefix(words[0], module)
		seen++
		for _, path := range words[1:] {
			if strings.HasPrefix(path, "github.com/parquet-go/") && !strings.HasPrefix(from, "io/") {
				t.Errorf("%s imports %s: parquet-go belongs under io/", from, path)
			}
			to, ours := strings.CutPrefix(path, module)
			if ours && !allowed(from, to) {
				t.Errorf("%s must not import %s", from, to)
			}
		}
	}
	if seen < 8 {
		t.Fatalf("go list named %d packages only", seen)
	}
}

func allowed(from, to string) bool {
	a, layer := rank[from]
	b, toLayer := rank[to]
	switch {
	case layer && toLayer:
		return b < a
	case layer && from != "pipeline" && strings.HasPrefix(to, "pipeline/"):
		return true
	case layer:
		return false // a layer imports no format and nothing internal
	case strings.HasPrefix(from, "pipeline/"):
		return to == "pipeline" || strings.HasPrefix(to, "pipeline/")
	case strings.HasPrefix(from, "io/"):
		return to == "pipeline" || strings.HasPrefix(to, "io/")
	case from == "internal/cli" || from == module[:len(module)-1]:
		return true
	default: // other internal packages
		return to != "internal/cli"
	}
}
