package deltaio

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// statsOf returns the statistics of a written file as Delta's JSON: rows, and
// of the columns that the properties want the number of NULLs and the bounds.
// Texts are cut at 32 characters and times to the millisecond, both so that no
// value lies outside; Boolean and binary columns have no bounds.
func statsOf(rows int64, columns []parquetio.ColumnStats, t *pipeline.Table, properties map[string]string) string {
	var mins, maxs, nulls []byte
	wanted := indexed(t, properties)
	for i := range columns {
		c := &columns[i]
		if !wanted[c.Column] {
			continue
		}
		nulls = strconv.AppendInt(member(nulls, c.Column), c.Nulls, 10)
		if lo := jsonBound(c.Min, t.Columns[i].Type, false); lo != "" {
			mins = append(member(mins, c.Column), lo...)
		}
		if hi := jsonBound(c.Max, t.Columns[i].Type, true); hi != "" {
			maxs = append(member(maxs, c.Column), hi...)
		}
	}
	out := strconv.AppendInt([]byte(`{"numRecords":`), rows, 10)
	for _, part := range []struct {
		name    string
		members []byte
	}{{"minValues", mins}, {"maxValues", maxs}, {"nullCount", nulls}} {
		out = append(out, `,"`+part.name+`":{`...)
		out = append(append(out, part.members...), '}')
	}
	return string(append(out, '}'))
}

// member begins a member of a JSON object.
func member(b []byte, name string) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	key, _ := json.Marshal(name)
	return append(append(b, key...), ':')
}

// indexed returns the columns that are to have statistics: all, but where a
// property of the table says otherwise.
func indexed(t *pipeline.Table, properties map[string]string) map[string]bool {
	out := map[string]bool{}
	if list, ok := properties["delta.dataSkippingStatsColumns"]; ok {
		for _, name := range strings.Split(list, ",") {
			out[strings.Trim(strings.TrimSpace(name), "`")] = true
		}
		return out
	}
	limit, err := strconv.Atoi(properties["delta.dataSkippingNumIndexedCols"])
	if err != nil || limit < 0 {
		limit = len(t.Columns)
	}
	for i := range min(limit, len(t.Columns)) {
		out[t.Columns[i].Name] = true
	}
	return out
}

// jsonBound returns a bound as JSON, or "" for none.
func jsonBound(v any, typ arrow.DataType, upper bool) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case pipeline.Date:
		if !plainYear(v.Time()) {
			return ""
		}
		return `"` + v.String() + `"`
	case pipeline.Timestamp:
		ms := time.UnixMicro(int64(v)).UTC().Truncate(time.Millisecond)
		if upper && ms.UnixMicro() < int64(v) {
			ms = ms.Add(time.Millisecond)
		}
		if !plainYear(ms) {
			return ""
		}
		return ms.Format(`"2006-01-02T15:04:05.000Z"`)
	case decimal128.Num:
		return decimalText(v.BigInt(), typ.(*arrow.Decimal128Type).Scale)
	case string:
		cut, ok := cutText(v, upper)
		if !ok {
			return ""
		}
		out, _ := json.Marshal(cut)
		return string(out)
	}
	return ""
}

// plainYear reports whether a year has four digits: readers disagree on others.
func plainYear(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// decimalText writes an unscaled decimal with all digits of its scale.
func decimalText(unscaled *big.Int, scale int32) string {
	digits := new(big.Int).Abs(unscaled).String()
	if n := int(scale) + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if scale > 0 {
		at := len(digits) - int(scale)
		digits = digits[:at] + "." + digits[at:]
	}
	if unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

const statsText = 32 // characters

// cutText returns a text of at most statsText characters that is not greater,
// or with upper not less, than s; false if there is none.
func cutText(s string, upper bool) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	end, n := len(s), 0
	for i := range s {
		if n == statsText {
			end = i
			break
		}
		n++
	}
	if end == len(s) || !upper {
		return s[:end], true
	}
	// The last character that has a next one becomes that, and ends the text.
	for head := s[:end]; head != ""; {
		r, size := utf8.DecodeLastRuneInString(head)
		head = head[:len(head)-size]
		switch {
		case r == utf8.MaxRune:
			continue
		case r == 0xD7FF:
			r = 0xE000 // what lies between is no character
		default:
			r++
		}
		return head + string(r), true
	}
	return "", false
}

// rowsOf returns the number of rows that statistics tell, or -1.
func rowsOf(stats string) int64 {
	const first = `{"numRecords":`
	if rest, ok := strings.CutPrefix(stats, first); ok {
		// The usual case, of which a table has many.
		if i := strings.IndexAny(rest, ",}"); i > 0 {
			if n, err := strconv.ParseInt(rest[:i], 10, 64); err == nil && n >= 0 {
				return n
			}
		}
	}
	var s struct {
		NumRecords *int64 `json:"numRecords"`
	}
	if stats == "" || json.Unmarshal([]byte(stats), &s) != nil || s.NumRecords == nil || *s.NumRecords < 0 {
		return -1
	}
	return *s.NumRecords
}
