package powerbi

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/export"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// complaints returns what Microsoft's command line and pbir-utils have to say about a
// report, mere advice among it. (Microsoft's JSON schemas are not among the judges:
// no package has them.)
func complaints(t *testing.T, m *Model, files []File) []string {
	t.Helper()
	judges, dir := judgetest.PowerBI(t), filepath.Join(t.TempDir(), "project")
	if err := export.Write(dir, files); err != nil {
		t.Fatal(err)
	}
	// Both end with 1 where they complain, so what they write tells.
	ask := func(answer any, name string, args ...string) {
		out, err := exec.Command(name, append(args, filepath.Join(dir, m.Name+".Report"))...).Output()
		if start := bytes.IndexByte(out, '{'); start < 0 || json.Unmarshal(out[start:], answer) != nil {
			t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
		}
	}
	var said []string
	var author struct {
		Data struct {
			Result      string
			Diagnostics map[string]struct{ Items []struct{ Message string } }
		}
	}
	ask(&author, filepath.Join(judges, "node", "node_modules", ".bin", "powerbi-report-author"), "validate", "--no-schema")
	for code, d := range author.Data.Diagnostics {
		for _, i := range d.Items {
			said = append(said, code+": "+i.Message)
		}
	}
	if (author.Data.Result == "succeeded") != (len(said) == 0) {
		t.Fatalf("powerbi-report-author: %s, and %d complaints", author.Data.Result, len(said))
	}
	var utils struct {
		Summary    struct{ Passed int }
		Violations []struct {
			Rule    string `json:"rule_id"`
			Message string
		}
	}
	ask(&utils, filepath.Join(judges, "bin", "pbir-utils"), "validate", "--severity", "info", "--format", "json")
	if utils.Summary.Passed == 0 {
		t.Fatal("pbir-utils checked nothing")
	}
	for _, v := range utils.Violations {
		said = append(said, v.Rule+": "+v.Message)
	}
	return said
}

func TestReportJudged(t *testing.T) {
	m := shopModel(t, true)
	files, err := report(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range complaints(t, m, files) {
		t.Error(c)
	}
}

// The judges find what is wrong: of mistakes all at once, each.
func TestReportJudgesRefuse(t *testing.T) {
	m := shopModel(t, false)
	files, err := report(m)
	if err != nil {
		t.Fatal(err)
	}
	wrong := []struct{ file, old, new, says string }{
		{"sales_by_month/visual.json", `"Y2": {`, `"Y9": {`, "PBIR_ROLE_UNKNOWN"},
		{"sales_by_month/visual.json", `"legend": [`, `"legends": [`, "PBIR_FORMATTING_OBJECT_UNKNOWN"},
		{"sales_by_month/visual.json", `"x": 20`, `"x": 2000`, "PBIR_LAYOUT_OUT_OF_BOUNDS_WIDTH"},
		{"smelt.json", `"name": "smelt.json"`, `"name": "smelt"`, "PBIR_THEME_FILE_NAME_MISMATCH"},
		{"smelt.json", `"#0b5563"`, `"#0b556"`, "PBIR_THEME_DATACOLORS_INVALID"},
		{"pages.json", `"activePageName": "sales"`, `"activePageName": "regions"`, "set_first_page_as_active"},
	}
	for _, w := range wrong {
		for i, f := range files {
			if strings.HasSuffix(f.Path, "/"+w.file) {
				files[i].Data = bytes.Replace(f.Data, []byte(w.old), []byte(w.new), 1)
				if bytes.Equal(files[i].Data, f.Data) {
					t.Fatalf("%s has no %s", w.file, w.old)
				}
			}
		}
	}
	said := strings.Join(complaints(t, m, files), "\n")
	for _, w := range wrong {
		if !strings.Contains(said, w.says) {
			t.Errorf("%s is no %s to the judges:\n%s", w.new, w.says, said)
		}
	}
}
