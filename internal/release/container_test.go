package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestDockerfile: BuildKit's parser reads the Dockerfile, and neither its own checks nor
// hadolint's find fault with it; tally has all three. Its own rules are of taste.
func TestDockerfile(t *testing.T) {
	lint := []string{filepath.Join(filepath.Dir(judgetest.Python(t, "tally_cli")), "tally"), "lint", "--no-config", "--no-color", "--slow-checks", "off", "--ignore", "tally/*", "--fail-level", "warning"}
	judged(t, "", lint[0], append(lint[1:], "../../Dockerfile")...)
	judged(t, "RUNN", lint[0], append(lint[1:], changed(t, "../../Dockerfile", "RUN ", "RUNN "))...)
	judged(t, "DL3006", lint[0], append(lint[1:], changed(t, "../../Dockerfile", "FROM scratch", "FROM debian"))...)
}

// TestDockerIgnore: the build's context has every file that the binary is built from.
func TestDockerIgnore(t *testing.T) {
	text, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, line)
		}
	}
	ignored := func(name string) bool {
		for _, p := range patterns {
			if anywhere, ok := strings.CutPrefix(p, "**/"); ok {
				if ok, _ := path.Match(anywhere, path.Base(name)); ok {
					return true
				}
				continue
			}
			first, _, _ := strings.Cut(name, "/")
			if ok, _ := path.Match(p, first); ok {
				return true
			}
		}
		return false
	}
	if !ignored("docs/schedule.md") || !ignored("silver/clean_test.go") || ignored("internal/docs/docs.go") {
		t.Fatal("patterns are not read as Docker reads them")
	}
	cmd := exec.Command("go", "list", "-deps", "-json=Module,Dir,GoFiles,EmbedFiles", ".")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module              *struct{ Main bool }
			Dir                 string
			GoFiles, EmbedFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, name := range append(p.GoFiles, p.EmbedFiles...) {
			rel, err := filepath.Rel(root, filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			seen++
			if ignored(filepath.ToSlash(rel)) {
				t.Errorf("the binary is built from %s, which .dockerignore leaves out", rel)
			}
		}
	}
	if seen < 200 {
		t.Fatalf("go list named %d files only", seen)
	}
}
