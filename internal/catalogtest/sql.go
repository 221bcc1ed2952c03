package catalogtest

import (
	"fmt"
	"slices"
	"strings"
)

// token is a part of a SQL statement.
type token struct {
	kind byte   // 'i' a quoted identifier, 's' a string, 'w' a word, 'p' punctuation
	text string // a word in upper case; an identifier or string without its quotes
}

// tokens cuts a statement by the rules of Databricks SQL: in an identifier a
// backtick is doubled, in a string a backslash escapes.
func tokens(sql string) ([]token, error) {
	var out []token
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case c == '`':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(sql) {
					return nil, fmt.Errorf("an identifier does not end")
				}
				if sql[i] == '`' {
					if i++; i >= len(sql) || sql[i] != '`' {
						break
					}
				}
				b.WriteByte(sql[i])
			}
			if b.Len() == 0 {
				return nil, fmt.Errorf("an empty identifier")
			}
			out = append(out, token{'i', b.String()})
		case c == '\'':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(sql) {
					return nil, fmt.Errorf("a string does not end")
				}
				if sql[i] == '\'' {
					i++
					break
				}
				if sql[i] == '$' && i+1 < len(sql) && sql[i+1] == '{' {
					return nil, fmt.Errorf("${ is a variable")
				}
				if sql[i] == '\\' {
					i++
					if e := strings.IndexByte("ntr0", sql[i]); e >= 0 {
						b.WriteByte("\n\t\r\x00"[e])
						continue
					}
				}
				b.WriteByte(sql[i])
			}
			out = append(out, token{'s', b.String()})
		case strings.IndexByte("(),.=;<>*", c) >= 0:
			out = append(out, token{'p', string(c)})
			i++
		default:
			j := i
			for j < len(sql) && (sql[j] == '_' || sql[j] >= '0' && sql[j] <= '9' || sql[j]|32 >= 'a' && sql[j]|32 <= 'z') {
				j++
			}
			if j == i {
				return nil, fmt.Errorf("near %q", sql[i:min(i+10, len(sql))])
			}
			out = append(out, token{'w', strings.ToUpper(sql[i:j])})
			i = j
		}
	}
	return out, nil
}

// parser reads a statement's tokens; the first that does not fit panics with a
// syntaxError, which execute turns into an answer.
type parser struct {
	all []token
	at  int
}

type syntaxError string

func (p *parser) fail() {
	near := "the end"
	if p.at < len(p.all) {
		near = p.all[p.at].text
	}
	panic(syntaxError("syntax error at or near '" + near + "'"))
}

// try takes words or punctuation where they come next.
func (p *parser) try(words ...string) bool {
	for i, w := range words {
		if p.at+i >= len(p.all) || p.all[p.at+i].text != w || p.all[p.at+i].kind == 'i' || p.all[p.at+i].kind == 's' {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *parser) want(words ...string) {
	if !p.try(words...) {
		p.fail()
	}
}

func (p *parser) take(kind byte) string {
	if p.at >= len(p.all) || p.all[p.at].kind != kind {
		p.fail()
	}
	p.at++
	return p.all[p.at-1].text
}

// name reads a name of so many parts.
func (p *parser) name(parts int) string {
	out := []string{p.take('i')}
	for range parts - 1 {
		p.want(".")
		out = append(out, p.take('i'))
	}
	return strings.ToLower(strings.Join(out, "."))
}

// list reads ( … , … ).
func (p *parser) list(item func()) {
	p.want("(")
	item()
	for p.try(",") {
		item()
	}
	p.want(")")
}

func (p *parser) idents() (out []string) {
	p.list(func() { out = append(out, p.take('i')) })
	return out
}

func (p *parser) end() {
	if p.at != len(p.all) {
		p.fail()
	}
}

// typeName reads a column's type.
func (p *parser) typeName() string {
	name := strings.ToLower(p.take('w'))
	if name == "decimal" {
		p.want("(")
		precision := p.take('w')
		p.want(",")
		name += "(" + precision + "," + p.take('w') + ")"
		p.want(")")
	}
	if !strings.HasPrefix(name, "decimal(") && !slices.Contains([]string{"string", "binary", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "date", "timestamp", "timestamp_ntz"}, name) {
		p.at--
		p.fail()
	}
	return name
}
