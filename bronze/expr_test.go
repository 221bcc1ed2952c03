package bronze

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

var exprLookups = map[string]LookupSpec{"category": {}, "sub": {}, "größe": {}}

func column(name string) Expr { return Expr{Column: name} }

func TestParseExpr(t *testing.T) {
	key := column("ProductSubcategoryKey")
	sub := Expr{Column: "ProductCategoryKey", Lookup: "sub", Key: &key}
	odd := column("key [a]")
	for text, want := range map[string]Expr{
		"Name":                    column("Name"),
		" Order ID ":              column("Order ID"),
		"a[b].c":                  column("a[b].c"),
		"items[0].price":          column("items[0].price"),
		"subs[0].price":           column("subs[0].price"), // near a lookup's name, but a number is no column
		"category":                column("category"),
		"Price [EUR]":             column("Price [EUR]"),
		"x category[y].z":         column("x category[y].z"),
		"sub[Key].Col":            {Column: "Col", Lookup: "sub", Key: &Expr{Column: "Key"}},
		"sub[ Key ]. Col.Name ":   {Column: "Col.Name", Lookup: "sub", Key: &Expr{Column: "Key"}},
		"größe[Maß].Text":         {Column: "Text", Lookup: "größe", Key: &Expr{Column: "Maß"}},
		"sub[key [a]].Col [b].[c": {Column: "Col [b].[c", Lookup: "sub", Key: &odd},
		"category[sub[ProductSubcategoryKey].ProductCategoryKey].CategoryName": {Column: "CategoryName", Lookup: "category", Key: &sub},
	} {
		got, err := ParseExpr(text, exprLookups)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestParseExprErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "empty",
		"  ":                       "empty",
		"sub[Key":                  "not closed",
		"sub[Key]":                 "column is missing",
		"sub[Key].":                "column is missing",
		"sub[Key]Col":              "column is missing",
		"sub[].Col":                "key is missing",
		"sub[category[K].C":        "not closed",
		"sub[category[K]].C":       "column is missing",
		"categry[Key].Col":         `did you mean "category"?`,
		"sub[categry[Key].Col].X":  `did you mean "category"?`,
		"category [Key].Col":       `did you mean "category"?`,
		"category[sub[Key].Col].":  "column is missing",
		"category[sub[Key]. ].Col": "column is missing",
	} {
		_, err := ParseExpr(text, exprLookups)
		if !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestExprSource(t *testing.T) {
	e, err := ParseExpr("category[sub[Key].C].D", exprLookups)
	if err != nil || e.Source() != "Key" || e.String() != "category[sub[Key].C].D" {
		t.Errorf("%v %q %v", e, e.Source(), err)
	}
}

// What ParseExpr accepts, String renders so that it parses to the same again.
func TestExprRoundTrip(t *testing.T) {
	piece := rapid.SampledFrom([]string{"sub[", "category[", "größe[", "]", "].", ".", "Key", " ", "[", "x", "0"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		e, err := ParseExpr(text, exprLookups)
		if err != nil {
			return
		}
		again, err := ParseExpr(e.String(), exprLookups)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, e, err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

func TestParseTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"{A}":                  "<A>",
		"{Store}-{Receipt}":    "<Store>|-|<Receipt>",
		"no. { A } {sub[B].C}": "no. |<A>| |<sub[B].C>",
		"{{{A}}}":              "{|<A>|}",
		"ä{A}ö":                "ä|<A>|ö",
	} {
		parts, err := ParseTemplate(text, exprLookups)
		var got []string
		for _, p := range parts {
			if p.Expr != nil {
				got = append(got, "<"+p.Expr.String()+">")
			} else {
				got = append(got, p.Text)
			}
		}
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "plain", "{", "}", "{A", "A}", "{}", "{ }", "{sub[A}", "{{A}}"} {
		if parts, err := ParseTemplate(text, exprLookups); !errors.Is(err, pipeline.ErrConfig) {
			t.Errorf("%q: got %v, %v, want an error", text, parts, err)
		}
	}
}

func FuzzParseExpr(f *testing.F) {
	for _, s := range []string{"a", "sub[a].b", "category[sub[a].b].c", "sub[[", "sub[a]b].c", "x[y].z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := ParseExpr(text, exprLookups); err == nil && e.Source() == "" {
			t.Fatalf("%q: %#v names no column", text, e)
		}
		_, _ = ParseTemplate(text, exprLookups)
	})
}
