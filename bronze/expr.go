package bronze

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Expr says where a value comes from: a column of the source, or a column of a
// lookup's record whose key another Expr gives.
type Expr struct {
	Column string // of the source, or of the lookup
	Lookup string // "" = a column of the source
	Key    *Expr  // what the lookup is asked for; nil where Lookup is ""
}

// Source returns the column of the source that the expression begins with: the
// innermost key of its lookups.
func (e Expr) Source() string {
	for e.Key != nil {
		e = *e.Key
	}
	return e.Column
}

// String renders the expression as smelt.yml writes it.
func (e Expr) String() string {
	if e.Key == nil {
		return e.Column
	}
	return e.Lookup + "[" + e.Key.String() + "]." + e.Column
}

// ParseExpr reads a column's name or lookup[expression].Column. A text is a
// lookup only where one of that name is declared; every other text is the name
// of a source column, whatever characters it holds. Blanks around names do not
// count, as they do not in headers.
func ParseExpr(text string, lookups map[string]LookupSpec) (Expr, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Expr{}, exprError(text, "a column's name is empty", "")
	}
	name, rest, bracket := strings.Cut(text, "[")
	if _, declared := lookups[name]; !bracket || !declared {
		// A misspelt lookup would otherwise only show as a missing column.
		if m := lookupShape.FindStringSubmatch(text); m != nil && !onlyDigits.MatchString(m[2]) {
			if near := pipeline.Nearest(m[1], slices.Sorted(maps.Keys(lookups))); near != "" {
				return Expr{}, exprError(text, fmt.Sprintf("no lookup is called %q", m[1]), fmt.Sprintf("did you mean %q?", near))
			}
		}
		return Expr{Column: text}, nil
	}
	depth, end := 1, -1
	for i := 0; i < len(rest) && end < 0; i++ {
		switch rest[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	form := fmt.Sprintf("write %s[KeyColumn].Column", name)
	if end < 0 {
		return Expr{}, exprError(text, "a bracket is not closed", form)
	}
	column, dot := strings.CutPrefix(rest[end+1:], ".")
	column = strings.TrimSpace(column)
	if !dot || column == "" {
		return Expr{}, exprError(text, "the lookup's column is missing", form)
	}
	if strings.TrimSpace(rest[:end]) == "" {
		return Expr{}, exprError(text, "the lookup's key is missing", form)
	}
	key, err := ParseExpr(rest[:end], lookups)
	if err != nil {
		return Expr{}, err
	}
	return Expr{Column: column, Lookup: name, Key: &key}, nil
}

// lookupShape is what looks like a lookup; digits as a key are how flattened
// JSON names its columns (items[0].price).
var (
	lookupShape = regexp.MustCompile(`^([\pL_][\pL\d_-]*) ?\[(.*)\]\..`)
	onlyDigits  = regexp.MustCompile(`^\d*$`)
)

func exprError(text, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Value: text, Msg: msg, Hint: hint}
}

// TemplatePart is a piece of a template: literal text, or the value of an
// expression.
type TemplatePart struct {
	Text string
	Expr *Expr // nil = Text
}

// ParseTemplate reads a text with {expressions} in it; {{ and }} stand for the
// braces themselves. A template without an expression is an error: that is a
// constant. Its value is NULL where any of its expressions is.
func ParseTemplate(text string, lookups map[string]LookupSpec) ([]TemplatePart, error) {
	var parts []TemplatePart
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, TemplatePart{Text: literal.String()})
			literal.Reset()
		}
	}
	exprs := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			literal.WriteByte(c)
			i++
		case c == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, exprError(text, "a { is not closed", "write {{ for the brace itself")
			}
			e, err := ParseExpr(text[i+1:i+end], lookups)
			if err != nil {
				return nil, err
			}
			flush()
			parts = append(parts, TemplatePart{Expr: &e})
			exprs++
			i += end
		case c == '}':
			return nil, exprError(text, "a } has no {", "write }} for the brace itself")
		default:
			literal.WriteByte(c)
		}
	}
	flush()
	if exprs == 0 {
		return nil, exprError(text, "the template names no column", `write columns in braces: "{Store}-{Receipt}", or use value for a constant`)
	}
	return parts, nil
}
