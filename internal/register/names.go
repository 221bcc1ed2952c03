package register

import (
	"regexp"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Names says what the tables are called in a catalog:
// Catalog.<Prefix><layer>.<table>.
type Names struct {
	Catalog string // "" = the catalog that a SQL session is in
	Prefix  string // of the schemas
}

// bad are characters that no name in Unity Catalog may have.
var bad = regexp.MustCompile(`[./ \x00-\x1f\x7f]`)

// Check returns an error where Unity Catalog would refuse a name.
func (n Names) Check() error {
	for _, name := range []struct{ flag, value string }{{"--catalog", n.Catalog}, {"--schema-prefix", n.Prefix}} {
		if bad.MatchString(name.value) || len(name.value) > 200 {
			return &pipeline.Error{Kind: pipeline.ErrConfig, Value: name.value, Msg: name.flag + ": not a name in Unity Catalog",
				Hint: "a name has at most 255 characters, and no dot, space or slash"}
		}
	}
	return nil
}

func (n Names) schema(layer string) string { return n.Prefix + layer }

// parts returns the full name of a schema, or of a table in it.
func (n Names) parts(layer string, table ...string) []string {
	p := append([]string{n.schema(layer)}, table...)
	if n.Catalog != "" {
		p = append([]string{n.Catalog}, p...)
	}
	return p
}

// dotted returns a table's full name as people write it.
func (n Names) dotted(t *Table) string { return strings.Join(n.parts(t.Layer, t.Name), ".") }

// about says what a schema is for. A Unity Catalog server takes at most 255
// characters here.
func about(layer string) string {
	switch layer {
	case "bronze":
		return "The shop's files as they are, typed and renamed. Made by smelt."
	case "silver":
		return "Cleansed and modelled: dimensions, sales and what was quarantined. Made by smelt."
	case "gold":
		return "Business tables: customers, segments, products, periods and regions. Made by smelt."
	}
	return "Made by smelt."
}
