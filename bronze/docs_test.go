package bronze

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// docs/configuration.md says of every key, and of every column that a mapping
// may fill, what the declarations say. A table stands after the comment that
// names what it lists; on a failure, put the wanted one in its place.
func TestConfigurationDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, b := range blocks() {
		var w strings.Builder
		fmt.Fprintf(&w, "%s\n\n| key | meaning | value | default | example |\n| --- | --- | --- | --- | --- |\n", b.doc)
		for _, k := range b.keys {
			fmt.Fprintf(&w, "| `%s` | %s | %s | %s | `%s` |\n", k.name, k.doc, k.kind, k.value, k.example)
		}
		want[b.name] = w.String()
	}
	for name, table := range tables {
		var w strings.Builder
		w.WriteString("| column | holds | type |\n| --- | --- | --- |\n")
		for _, c := range mappable(table, nil) {
			fmt.Fprintf(&w, "| `%s` | %s | %s |\n", c.Name, c.Doc, pipeline.TypeName(c.Type))
		}
		want[name] = w.String()
	}
	for name, table := range want {
		marker := "<!-- " + name + " -->\n\n"
		_, after, ok := strings.Cut(string(text), marker)
		if !ok || !strings.HasPrefix(after, table) {
			t.Errorf("docs/configuration.md lacks\n%s%s", marker, table)
		}
	}
}

// Every example in docs/configuration.md loads: a whole file as it is, a part of
// one beside a source.
func TestConfigurationExamples(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	loaded, whole := 0, 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "sources:") {
			block = "sources: [{table: products, files: p.csv, columns: {product_id: Id}}]\n" + block
		} else {
			whole++
		}
		if _, err := ParseMapping("example", []byte(block)); err != nil {
			t.Errorf("%v\n%s", err, block)
		}
		loaded++
	}
	// The other fences hold an error, a comment and a failed test; another kind of
	// fence would pass by unread.
	if fences := strings.Count("\n"+string(text), "\n```"); whole < 5 || fences != 2*(loaded+3) {
		t.Errorf("%d examples, %d of them whole files, between %d fences", loaded, whole, fences)
	}
}
