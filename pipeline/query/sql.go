package query

import (
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// SQL writes a condition on the columns of a schema as an engine's SQL has it: it is
// true of the same rows. Times without an offset are UTC's, so the session's time
// zone must be UTC. Errors are those of Parse.
func SQL(condition string, schema *arrow.Schema, d sql.Dialect) (string, error) {
	if _, err := Parse(condition, schema); err != nil {
		return "", err
	}
	tokens, err := lex(condition)
	if err != nil {
		return "", err
	}
	p := &parser{condition: condition, tokens: tokens, schema: schema}
	var b strings.Builder
	for i, t := range tokens[:len(tokens)-1] {
		s := t.text
		switch {
		case t.isColumn():
			f, err := p.column(t)
			if err != nil {
				return "", err
			}
			s = d.Column(f.Name)
		case t.kind == word:
			s = strings.ToLower(s)
		case t.kind == text:
			if d == sql.Spark && tokens[i-1].is("LIKE") { // where Spark takes a backslash for an escape
				s = strings.ReplaceAll(s, `\`, `\\`)
			}
			s = d.Text(s)
		}
		if i > 0 && !tokens[i-1].is("(") && !t.is(")") && !t.is(",") {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String(), nil
}
