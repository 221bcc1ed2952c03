package sql

import "strings"

// Text writes a text as the dialect's literal. One with {{ in it is put together of
// two, for it is no call.
func (d Dialect) Text(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if d == Spark {
		s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "''", `\'`)
	}
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		if i > 0 && s[i-1] == '{' && strings.IndexByte("{%#", s[i]) >= 0 {
			b.WriteString("' || '")
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('\'')
	return b.String()
}

// Column writes a column's name as it stands, in quotes where it needs some.
func (d Dialect) Column(name string) string {
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && name != "" && (name[0] < '0' || name[0] > '9') && !reserved[name]
	switch {
	case plain:
		return name
	case d == Spark:
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// reserved are the words that either engine takes for its own where a column stands.
var reserved = map[string]bool{
	"all": true, "and": true, "any": true, "as": true, "between": true, "case": true, "cast": true, "check": true, "column": true, "create": true,
	"current_date": true, "current_time": true, "current_timestamp": true, "default": true, "distinct": true, "else": true, "end": true, "except": true,
	"false": true, "for": true, "from": true, "full": true, "group": true, "having": true, "in": true, "inner": true, "intersect": true, "is": true,
	"join": true, "left": true, "like": true, "limit": true, "not": true, "null": true, "offset": true, "on": true, "or": true, "order": true,
	"right": true, "select": true, "some": true, "table": true, "then": true, "to": true, "true": true, "union": true, "unique": true, "user": true,
	"using": true, "values": true, "when": true, "where": true, "window": true, "with": true,
}
