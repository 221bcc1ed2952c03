package silver

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// TestMacros feeds the rules' Go and their SQL, in DuckDB and Spark, with every
// character and with random nasty texts and instants, and compares.
func TestMacros(t *testing.T) {
	r := judgetest.Random(t)
	texts := nastyTexts(r)
	judgetest.Rules(t, Macros(), func(d sql.Dialect) []judgetest.Rule {
		ofText := func(name string, goes func(s string) string, clean bool) judgetest.Rule {
			r := judgetest.Rule{Name: name, Columns: []string{"a"}, SQL: "{{ " + name + "('a') }}", Type: "string", Rows: [][]any{{nil, nil}}}
			for _, s := range texts {
				if d == sql.Spark && name == "country_key" && youngMarks.MatchString(s) {
					continue
				}
				if clean {
					s = CleanText(s)
				} else if d == sql.Spark {
					s = norm.NFC.String(s)
				}
				if want := goes(s); want != "" {
					r.Rows = append(r.Rows, []any{s, want})
				} else {
					r.Rows = append(r.Rows, []any{s, nil})
				}
			}
			return r
		}
		return []judgetest.Rule{
			ofText("clean_text", CleanText, false),
			ofText("email", func(s string) string { return string(appendEmail(nil, []byte(s))) }, true),
			ofText("phone", func(s string) string { return string(appendPhone(nil, []byte(s))) }, true),
			keyed(ofText("spelling_key", func(s string) string { return string(appendFolded(nil, []byte(s))) }, true)),
			keyed(ofText("country_key", func(s string) string { return string(appendCountryKey(nil, []byte(s))) }, true)),
			localDates(t, r, d),
			nonNegatives(),
		}
	})
}

// keyed is a rule that gives ” where others give NULL.
func keyed(r judgetest.Rule) judgetest.Rule {
	for _, row := range r.Rows[1:] {
		if row[1] == nil {
			row[1] = ""
		}
	}
	return r
}

// youngMarks are of Unicode 14 and 15, which Spark's Java 17 does not know as marks.
var youngMarks = regexp.MustCompile(`[\x{898}-\x{89F}\x{8CA}-\x{8D2}\x{C3C}\x{CF3}\x{ECE}\x{1715}\x{180F}\x{1AC1}-\x{1ACE}\x{1DFA}` +
	`\x{10EFD}-\x{10F85}\x{11070}-\x{11074}\x{110C2}\x{11241}\x{11F00}-\x{11F42}\x{13440}-\x{13455}\x{1CF00}-\x{1CF46}\x{1E08F}\x{1E2AE}\x{1E4EC}-\x{1E4EF}]`)

// pieces are what nasty texts are made of.
var pieces = []string{
	" ", "  ", "\t", "\n", "\r\n", "\v", "\f", "\u0085", "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
	"\u180e", "\u200b", "\u200d", "\u200e", "\u200f", "\u202e", "\ufeff", "\u2060", "\x01", "\x1b", "\x1c", "\x1f", "\x7f", "\u0080", "\ufffd", "\U0010ffff",
	"a", "B", "é", "e\u0301", "E\u0301\u0323", "\u0323", "\u0301", "İ", "I\u0307", "ı", "Σ", "ΑΣ", "ς", "ß", "ẞ", "ﬁ", "Ǆ", "ǅ", "Å", "K", "Ω", "ø", "Ł", "đ",
	"한", "\u1112\u1161\u11ab", "国", "が", "か\u3099", "भारत", "বাংলাদেশ", "ประเทศไทย", "إيران", "Ё", "Й", "🛒", "👩\u200d👩\u200d👧", "🇩🇪", "𝒳", "\U0001e921",
	"'", "''", `"`, `\`, `\n`, `\u0041`, "{{", "}}", "{{ value }}", "{%", "#}", "%", "_", "$1", `\1`, "(", "[", "]", "--", "/*", ";", "`", "´", "’", "‘", "ʼ",
	"@", "@", ".", ".", "..", "+", "+", "0", "49", "(0)", "٣", "４", "½", "-", "‐", "–", "—", "&", "a@b.c", "shop", ".com", "U.S.A.", "St. ", "NULL", "null",
}

// nastyTexts returns every character that Unicode knows, of large alphabets some,
// between letters and alone, and random texts.
func nastyTexts(r *rand.Rand) []string {
	texts := []string{"", " ", strings.Repeat("a.", 20_000), "x@" + strings.Repeat("a.", 20_000) + "b", strings.Repeat(" é", 20_000), strings.Repeat("-&", 5_000)}
	for c := rune(1); c <= unicode.MaxRune; c++ {
		switch {
		case c >= 0xd800 && c < 0xe000: // no characters
		case unicode.In(c, unicode.Han, unicode.Hangul, unicode.Tangut, unicode.Cuneiform, unicode.Egyptian_Hieroglyphs) && r.IntN(50) > 0:
		case unicode.In(c, unicode.Cc, unicode.Cf, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z):
			texts = append(texts, "a "+string(c)+" B"+string(c))
		}
	}
	for n := range 31 { // from 31 marks on Go puts a joiner between them, as Unicode's stream-safe form does
		texts = append(texts, "a"+strings.Repeat("\u0301\u0323", n/2)+strings.Repeat("\u0308", n%2))
	}
	for range 10_000 {
		var b strings.Builder
		for range 1 + r.IntN(9) {
			if r.IntN(20) == 0 {
				b.WriteRune(anyRune(r))
			}
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		texts = append(texts, b.String())
	}
	for range 5_000 { // addresses, nearly
		s := "ann"
		for range 1 + r.IntN(4) {
			s += []string{"@", ".", "a", "Ä", " ", "-", "@x.y"}[r.IntN(7)]
		}
		texts = append(texts, s+"@shop.example", s)
	}
	for _, c := range CountrySpellings() {
		texts = append(texts, c[0], c[1], c[2], strings.ToUpper(c[0]))
	}
	return texts
}

func anyRune(r *rand.Rand) rune {
	for {
		if c := rune(1 + r.IntN(0x20000)); unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			return c
		}
	}
}

// localDates is the rule local_date on random instants and those around midnight
// and around changes of the clocks.
func localDates(t *testing.T, r *rand.Rand, d sql.Dialect) judgetest.Rule {
	rule := judgetest.Rule{Name: "local_date", Columns: []string{"a", "zone"}, Type: "date", SQL: `{{ local_date("cast(a as timestamp)", 'zone') }}`}
	if d == sql.DuckDB {
		rule.SQL = `{{ local_date("cast(a as timestamptz)", 'zone') }}`
	}
	names := []string{"UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"}
	for _, name := range names {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zone := newClock(pipeline.NewZone(loc))
		add := func(at time.Time) {
			day := zone.day(at.UnixMicro())
			rule.Rows = append(rule.Rows, []any{at.UTC().Format("2006-01-02 15:04:05.000000Z07:00"), name, time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)})
		}
		for year := 1900; year < 2100; year++ {
			midnight := time.Date(year, time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, loc)
			add(midnight)
			add(midnight.Add(-time.Microsecond))
			add(midnight.Add(time.Duration(r.Int64N(int64(24 * time.Hour)))).Truncate(time.Microsecond))
		}
		for at := time.Date(1970, 1, 1, 0, 0, 0, 0, loc); at.Year() < 2040; {
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			add(end)
			add(end.Add(-time.Microsecond))
			at = end
		}
	}
	return rule
}

// nonNegatives is the rule non_negative.
func nonNegatives() judgetest.Rule {
	return judgetest.Rule{Name: "non_negative", Columns: []string{"a"}, Type: "decimal(18,4)", SQL: `{{ non_negative("cast(a as decimal(18, 4))") }}`,
		Rows: [][]any{{nil, nil}, {"0", "0"}, {"-0.0001", nil}, {"0.0001", "0.0001"}, {"99999999999999.9999", "99999999999999.9999"}, {"-99999999999999.9999", nil}}}
}
