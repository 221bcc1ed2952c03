package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// TestCasts feeds texts of numbers, days and times, right and nearly right, through
// pipeline.Parser and through the steps of bronze's models in DuckDB and Spark.
func TestCasts(t *testing.T) {
	r := judgetest.Random(t)
	judgetest.Rules(t, macros(), func(d sql.Dialect) []judgetest.Rule {
		var out []judgetest.Rule
		for _, n := range numberStyles {
			for _, typ := range []arrow.DataType{pipeline.PriceType, pipeline.RateType, pipeline.Int64Type, pipeline.Int32Type} {
				texts := []string{"", " ", "n/a", " n/a "}
				for range 2_000 {
					texts = append(texts, numberText(r, n.Number))
				}
				out = append(out, castRule(t, d, n.name+"_"+pipeline.TypeName(typ), bronze.ColumnSpec{Number: &n.Number, Nulls: []string{"n/a"}}, typ, texts))
			}
		}
		for _, s := range dateStyles {
			loc, err := time.LoadLocation(s.zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, typ := range []arrow.DataType{pipeline.DateType, pipeline.TimestampType} {
				texts := []string{"", " ", "n/a"}
				for range 2_000 {
					texts = append(texts, dateText(r, s.texts[r.IntN(len(s.texts))]))
				}
				out = append(out, castRule(t, d, s.name+"_"+pipeline.TypeName(typ), bronze.ColumnSpec{Dates: s.dates, Location: loc, Nulls: []string{"n/a"}}, typ, texts))
			}
		}
		ids := []string{"", " ", "17850.0", " 17850.00 ", "-5.", "17850.10", "x.0", ".0", "+1.0", "1.0.0", "007.0", "99999999999999999999999.0"}
		return append(out, castRule(t, d, "ids", bronze.ColumnSpec{Integer: true}, pipeline.StringType, ids), naturalOrders(r))
	})
}

// naturalOrders compares names of files, with numbers of at most 20 digits.
func naturalOrders(r *rand.Rand) judgetest.Rule {
	rule := judgetest.Rule{Name: "natural_order", Columns: []string{"a", "b"}, Type: "boolean", SQL: "{{ natural_order('a') }} < {{ natural_order('b') }}"}
	name := func() string {
		s := ""
		for range 1 + r.IntN(3) {
			s += []string{"sales_", "9", "10", "2024", "007", "99999", "a", "é", "𝄞", "/"}[r.IntN(10)]
		}
		return s + ".csv"
	}
	for range 2_000 {
		if a, b := name(), name(); strings.TrimLeft(a, "0") != strings.TrimLeft(b, "0") {
			rule.Rows = append(rule.Rows, []any{a, b, strconv.FormatBool(bronze.NaturalCompare(a, b) < 0)})
		}
	}
	return rule
}

// castRule is the cast of a column of a source by the steps of its model.
func castRule(t *testing.T, d sql.Dialect, name string, c bronze.ColumnSpec, typ arrow.DataType, texts []string) judgetest.Rule {
	t.Helper()
	c.Column, c.From = "x", []string{"a"}
	p := &Project{Dialect: d, Mapping: &bronze.Mapping{}}
	r := &records{p: p, source: &bronze.SourceSpec{}}
	if err := r.column(&c, typ); err != nil {
		t.Fatal(err)
	}
	parser, err := pipeline.NewParser(p.Mapping.Cast(r.source, &c, typ))
	if err != nil {
		t.Fatal(err)
	}
	rule := judgetest.Rule{Name: name, Columns: []string{"a"}, SQL: "x", Type: map[string]string{
		"price": "decimal(18,4)", "rate": "decimal(9,6)", "int64": "bigint", "int32": "int", "date": "date", "ts": "timestamp", "string": "string"}[pipeline.TypeName(typ)]}
	for _, item := range slices.Concat(r.Texts, r.Mapped, r.Numbers, r.Clocks, r.Typed) {
		rule.Steps = append(rule.Steps, judgetest.Step{Name: item.Name, SQL: item.SQL})
	}
	number := *cmp.Or(c.Number, &pipeline.Number{})
	for _, text := range texts {
		if apart(text, number, c.Dates) {
			continue
		}
		want := parsed(parser, typ, text)
		if old, _ := want.(string); len(c.Dates) > 0 && strings.HasPrefix(old, "0") {
			continue // by a pattern, SQL reads years from 1000 on
		}
		rule.Rows = append(rule.Rows, []any{text, want})
	}
	return rule
}

// What SQL does not read as smelt does: it gives NULL there, and the text stands in
// _rescued_data.
var unread = struct{ exponent, small, long, percent, blank, nanos, tight *regexp.Regexp }{
	exponent: regexp.MustCompile(`[0-9.,][eE][-+]?[0-9]`),                                      // in numbers that are not plain,
	small:    regexp.MustCompile(`[eE][-+]?0*[0-9]\s*$`),                                       // in plain ones from 10 on,
	long:     regexp.MustCompile(`[0-9][0-9.,'’ \x{a0}\x{202f}]{17}`),                          // and after 18 digits; % after those too
	percent:  regexp.MustCompile(`%[^0-9]*-|^[^%]*[-+][^%0-9]*[\s\pZ].*%`),                     // with a minus sign after it, or a blank after the sign
	blank:    regexp.MustCompile(`[/. -] \d|^ \d`),                                             // two before a day, as %e writes
	nanos:    regexp.MustCompile(`\.[0-9]{7}`),                                                 // by a pattern
	tight:    regexp.MustCompile(`^[\s\pZ]*[0-9]{4}(([0-9]{2})*[0-9]|[0-9]* [0-9]+)[\s\pZ]*$`), // a last part of one digit, without separators
}

// apart reports whether a text is one of those.
func apart(text string, n pipeline.Number, dates []string) bool {
	plain := n == (pipeline.Number{})
	switch {
	case len(dates) > 0:
		return unread.blank.MatchString(text) || unread.nanos.MatchString(text) || unread.tight.MatchString(text)
	case unread.exponent.MatchString(text):
		return !plain || unread.long.MatchString(text) || !unread.small.MatchString(text)
	case strings.Contains(text, "%"):
		return unread.long.MatchString(text) || unread.percent.MatchString(text)
	}
	return false
}

// parsed is what a parser makes of a text, as text; nil is NULL.
func parsed(p *pipeline.Parser, typ arrow.DataType, text string) any {
	b := []byte(text)
	var out string
	var s pipeline.Status
	switch typ := typ.(type) {
	case *arrow.Int64Type, *arrow.Int32Type:
		var v int64
		if v, s = p.Int64(b); typ == pipeline.Int32Type {
			var n int32
			n, s = p.Int32(b)
			v = int64(n)
		}
		out = fmt.Sprint(v)
	case *arrow.Date32Type:
		var v pipeline.Date
		v, s = p.Date(b)
		out = v.String()
	case *arrow.TimestampType:
		var v pipeline.Timestamp
		v, s = p.Timestamp(b)
		out = v.Time().UTC().Format("2006-01-02 15:04:05.000000Z07:00")
	case *arrow.Decimal128Type:
		var v int64
		v, s = p.Decimal(b)
		sign := ""
		if v < 0 {
			sign, v = "-", -v
		}
		digits := fmt.Sprintf("%0*d", int(typ.Scale)+1, v)
		out = sign + digits[:len(digits)-int(typ.Scale)] + "." + digits[len(digits)-int(typ.Scale):]
	default:
		var v []byte
		v, s = p.Text(b, nil)
		out = string(v)
	}
	if s == pipeline.Missing || s == pipeline.Failed {
		return nil
	}
	return out
}

var numberStyles = []struct {
	name string
	pipeline.Number
}{
	{name: "plain"},
	{"german", pipeline.Number{Decimal: ',', Thousands: '.'}},
	{"english", pipeline.Number{Thousands: ',', Currency: true}},
	{"swiss", pipeline.Number{Thousands: '\''}},
	{"french", pipeline.Number{Decimal: ',', Thousands: ' ', Currency: true, Percent: true}},
	{"books", pipeline.Number{Thousands: ',', Parentheses: true, Percent: true}},
	{"all", pipeline.Number{Thousands: ',', Parentheses: true, Percent: true, Currency: true}},
}

// numberText writes a number in a style, and often spoils it.
func numberText(r *rand.Rand, n pipeline.Number) string {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	digits := func(most int) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteString(one("0", "0", "9", "9", "1", "4", "5", "5", "7"))
		}
		return b.String()
	}
	whole := digits([]int{3, 6, 15, 20}[r.IntN(4)])
	if n.Thousands != 0 && r.IntN(2) == 0 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + one(string(n.Thousands), string(n.Thousands), string(n.Thousands), " ", "\u00a0", "\u202f", "’", "'", ",", ".") + whole[i:]
		}
	}
	point := "."
	if n.Decimal != 0 {
		point = string(n.Decimal)
	}
	text := whole
	if r.IntN(3) > 0 {
		text += point + digits([]int{2, 5, 8, 25}[r.IntN(4)])
	}
	if n == (pipeline.Number{}) && r.IntN(6) == 0 {
		text += one("e", "E") + one("", "+", "-") + one("0", "1", "2", "05", "3", "7", "11")
	}
	if n.Currency && r.IntN(2) == 0 {
		sign, gap := one("€", "$", "US$", "EUR", "£", "zł", "kr.", "Kč", "Fr.", "eur", "₹"), one("", " ", "\u00a0")
		if r.IntN(2) == 0 {
			text = sign + gap + one("", "", "-") + text
		} else {
			text += gap + sign + one("", "", "", "-")
		}
	}
	if n.Percent && r.IntN(3) == 0 {
		text += one("%", " %")
	}
	switch r.IntN(8) {
	case 0, 1:
		text = one("-", "-", "+") + text
	case 2:
		text += "-"
	case 3:
		text = "(" + text + ")"
	}
	return spoiled(r, text)
}

var dateStyles = []struct {
	name, zone string
	dates      []string
	texts      []string // Go layouts of what is written
}{
	{"iso", "Europe/Berlin", nil, []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05-0700", "2006-01-02T00:00:00.000", "2006-01-02T15:04:05.9999999", "2006-01-02 15:04-07"}},
	{"iso_utc", "UTC", nil, []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02t15:04:05.5z"}},
	{"american", "America/Los_Angeles", []string{"%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%y %I:%M %p"}, []string{"1/2/2006", "01/02/2006", "1/2/2006 15:04", "1/2/06 3:04 PM", "01/02/06 03:04 am"}},
	{"german", "Europe/Berlin", []string{"%d.%m.%Y %H:%M:%S", "%d.%m.%y", "%d.%m.%Y %H:%M:%S.%f"}, []string{"02.01.2006 15:04:05", "2.1.2006 5:04:05", "2.1.06", "02.01.2006 15:04:05.999999"}},
	{"words", "Asia/Kolkata", []string{"%d %b %Y", "%B %d, %Y at %H:%M"}, []string{"2 Jan 2006", "02 january 2006", "January 2, 2006 at 15:04", "JAN 02, 2006 at 5:04"}},
	{"tight", "UTC", []string{"%Y%m%d", "%Y%m%d%H%M%S"}, []string{"20060102", "20060102150405"}},
	{"offsets", "Australia/Lord_Howe", []string{"%Y/%m/%d %H:%M:%S%z", "%d-%m-%Y %H:%M %z"}, []string{"2006/01/02 15:04:05Z07:00", "2006/01/02 15:04:05-0700", "02-01-2006 15:04 -07", "2-1-2006 15:04 Z07:00"}},
	{"day_of_year", "UTC", []string{"%Y-%j"}, []string{"2006-002", "2006-2"}},
}

// dateText writes a random moment in a layout, and often spoils it.
func dateText(r *rand.Rand, layout string) string {
	at := time.Date(1900+r.IntN(200), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e9), time.FixedZone("", 900*(r.IntN(105)-52)))
	if r.IntN(8) == 0 {
		at = time.Date(1+r.IntN(9999), 2, 28+r.IntN(2), 0, 0, 0, 0, time.UTC)
	}
	if r.IntN(3) == 0 { // where clocks change
		at = time.Date(1980+r.IntN(50), time.Month([]int{3, 10, 11, 4}[r.IntN(4)]), 1+r.IntN(31), r.IntN(4), r.IntN(60), 0, 0, time.UTC)
	}
	return spoiled(r, at.Format(layout))
}

// spoiled changes a text in a third of all cases.
func spoiled(r *rand.Rand, s string) string {
	const bits = "0123456789-+.,:/ \u00a0TZzeE%()'a\"\\"
	letters := []rune(s)
	switch i := r.IntN(len(letters) + 1); r.IntN(12) {
	case 0:
		letters = slices.Insert(letters, i, []rune(bits)[r.IntN(len([]rune(bits)))])
	case 1:
		if i < len(letters) {
			letters[i] = []rune(bits)[r.IntN(len([]rune(bits)))]
		}
	case 2:
		if i < len(letters) {
			letters = slices.Delete(letters, i, i+1)
		}
	case 3:
		return []string{" ", "\t", "\u00a0", "\u2003"}[r.IntN(4)] + s + []string{"", " ", "\u3000", "\n"}[r.IntN(4)]
	}
	return string(letters)
}
