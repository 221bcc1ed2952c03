package pipeline

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

func parser(t testing.TB, c Cast) *Parser {
	t.Helper()
	p, err := NewParser(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecimal(t *testing.T) {
	plain := Cast{Type: PriceType}
	german := Cast{Type: PriceType, Number: Number{Decimal: ',', Thousands: '.', Currency: true}}
	us := Cast{Type: PriceType, Number: Number{Thousands: ',', Currency: true, Parentheses: true, Percent: true}}
	french := Cast{Type: PriceType, Number: Number{Decimal: ',', Thousands: ' '}}
	nulls := Cast{Type: PriceType, Nulls: []string{"n/a", "-1"}}
	rate := Cast{Type: RateType, Number: Number{Percent: true}}
	for _, c := range []struct {
		cast Cast
		text string
		want int64
		st   Status
	}{
		{plain, "12.5", 125000, Parsed}, {plain, "-12.5", -125000, Parsed}, {plain, "+1", 10000, Parsed},
		{plain, " 7 ", 70000, Parsed}, {plain, "\u00a07\t", 70000, Parsed}, {plain, ".5", 5000, Parsed}, {plain, "5.", 50000, Parsed},
		{plain, "1.23455", 12346, Rounded}, {plain, "-1.23455", -12346, Rounded}, {plain, "1.23454", 12345, Rounded},
		{plain, "1.5e3", 15000000, Parsed}, {plain, "15E-1", 15000, Parsed}, {plain, "1e-9", 0, Rounded},
		{plain, "99999999999999.9999", 999999999999999999, Parsed}, {plain, "99999999999999.99995", 0, Failed},
		{plain, "100000000000000", 0, Failed}, {plain, "1e14", 0, Failed}, {plain, "0e99999999999999999999", 0, Parsed},
		{plain, "", 0, Missing}, {plain, "  ", 0, Missing}, {plain, "-", 0, Failed}, {plain, ".", 0, Failed}, {plain, "1.2.3", 0, Failed},
		{plain, "1,000", 0, Failed}, {plain, "$5", 0, Failed}, {plain, "5-", 0, Failed}, {plain, "NaN", 0, Failed}, {plain, "1e", 0, Failed},
		{plain, "- 5", 0, Failed}, {us, "- 5", -50000, Parsed}, {plain, "--5", 0, Failed}, {plain, "+-5", 0, Failed}, {plain, "-+5", 0, Failed},
		{german, "1.234,56 €", 12345600, Parsed}, {german, "EUR 5", 50000, Parsed}, {german, "-1.234.567,8", -12345678000, Parsed},
		{german, "12.5", 0, Failed}, {german, "1.2345,6", 0, Failed},
		{us, "$1,234.50", 12345000, Parsed}, {us, "-$5", -50000, Parsed}, {us, "$-5", -50000, Parsed}, {us, "($12.50)", -125000, Parsed},
		{us, "12.5-", -125000, Parsed}, {us, "12.5%", 1250, Parsed}, {us, "£\u00a03", 30000, Parsed}, {us, "5 USD", 50000, Parsed},
		{german, "R$ 1.234,50", 12345000, Parsed}, {german, "12,50 zł", 125000, Parsed}, {german, "kr. 5", 50000, Parsed}, {german, "-5 Kč", -50000, Parsed},
		{us, "US$5", 50000, Parsed}, {us, "X5", 0, Failed}, {us, "kr", 0, Failed}, {plain, "5 kr", 0, Failed},
		{us, "(5", 0, Failed}, {us, "5)", 0, Failed}, {us, "1,5", 0, Failed}, {us, "USD", 0, Failed}, {us, "$", 0, Failed},
		{french, "1 234,5", 12345000, Parsed}, {french, "1\u00a0234,5", 12345000, Parsed}, {french, "1\u202f234\u202f567", 12345670000, Parsed},
		{nulls, "n/a", 0, Missing}, {nulls, " n/a ", 0, Missing}, {nulls, "-1", 0, Missing}, {nulls, "-2", -20000, Parsed},
		{rate, "12.5%", 125000, Parsed}, {rate, "0.1", 100000, Parsed}, {rate, "1000", 0, Failed},
	} {
		got, st := parser(t, c.cast).Decimal([]byte(c.text))
		if st != c.st || st != Failed && got != c.want {
			t.Errorf("%q with %+v = %d, %d; want %d, %d", c.text, c.cast.Number, got, st, c.want, c.st)
		}
	}
}

func TestInt(t *testing.T) {
	p := parser(t, Cast{Type: Int64Type})
	money := parser(t, Cast{Type: Int64Type, Number: Number{Thousands: ',', Currency: true}})
	for _, c := range []struct {
		p    *Parser
		text string
		want int64
		st   Status
	}{
		{p, "42", 42, Parsed}, {p, "-42", -42, Parsed}, {p, "2.0", 2, Parsed}, {p, "2.", 2, Parsed}, {p, "2.5", 0, Failed}, {p, "1.5e1", 15, Parsed},
		{p, "1.5e3", 1500, Parsed}, {p, "1.55e1", 0, Failed}, {p, "", 0, Missing}, {p, "x", 0, Failed}, {p, "-", 0, Failed},
		{p, "9223372036854775807", 9223372036854775807, Parsed}, {p, "9223372036854775808", 0, Failed},
		{p, "-9223372036854775807", -9223372036854775807, Parsed}, {p, "99999999999999999999", 0, Failed}, {p, "000000000000000000000007", 7, Parsed},
		{money, "$1,000", 1000, Parsed}, {money, "1,000.00", 1000, Parsed},
	} {
		if got, st := c.p.Int64([]byte(c.text)); st != c.st || got != c.want {
			t.Errorf("Int64(%q) = %d, %d; want %d, %d", c.text, got, st, c.want, c.st)
		}
	}
	if _, st := p.Int32([]byte("2147483648")); st != Failed {
		t.Error("Int32 took 2^31")
	}
	if v, st := p.Int32([]byte("-2147483648")); st != Parsed || v != -2147483648 {
		t.Error("Int32 did not take -2^31")
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		patterns, text, want string // want "" = Failed
	}{
		{"", "2024-02-29", "2024-02-29"}, {"", "2023-02-29", ""}, {"", " 2024-01-31 ", "2024-01-31"}, {"", "2024-13-01", ""},
		{"", "2024-01-31T00:00:00Z", "2024-01-31"}, {"", "2024-01-31 00:00", "2024-01-31"}, {"", "2024-01-31 00:00:01", ""},
		{"", "0001-01-01", "0001-01-01"}, {"", "0000-01-01", ""}, {"", "9999-12-31", "9999-12-31"}, {"", "2024-1-1", ""}, {"", "2024-01-3x", ""},
		{"%m/%d/%Y", "1/2/2015", "2015-01-02"}, {"%m/%d/%Y", "12/31/2015", "2015-12-31"}, {"%m/%d/%Y", "2/30/2015", ""}, {"%m/%d/%Y", "1/2/2015x", ""},
		{"%d.%m.%y", "1.2.69", "1969-02-01"}, {"%d.%m.%y", "1.2.68", "2068-02-01"}, {"%D", "01/02/24", "2024-01-02"},
		{"%d %b %Y", "3 Mar 2024", "2024-03-03"}, {"%d %B %Y", "3 SEPTEMBER 2024", "2024-09-03"}, {"%e %B %Y", " 3 May 2024", "2024-05-03"},
		{"%Y%m%d", "20240229", "2024-02-29"}, {"%Y %j", "2024 366", "2024-12-31"}, {"%Y %j", "2023 366", ""}, {"%Y %j", "2023 0", ""},
		{"%Y-%m-%d|%d/%m/%Y", "31/12/2024", "2024-12-31"}, {"%F %T", "2024-01-02 03:04:05", "2024-01-02"}, {"%Y%%%m%%%d", "2024%01%02", "2024-01-02"},
	} {
		var patterns []string
		if c.patterns != "" {
			patterns = strings.Split(c.patterns, "|")
		}
		got, st := parser(t, Cast{Type: DateType, Dates: patterns}).Date([]byte(c.text))
		if (st == Failed) != (c.want == "") || st == Parsed && got.String() != c.want {
			t.Errorf("%q by %q = %s (%d), want %s", c.text, c.patterns, got, st, c.want)
		}
	}
}

func TestTimestamps(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{"", "2024-01-02", "2024-01-02T00:00:00Z"}, {"", "2024-01-02 03:04", "2024-01-02T03:04:00Z"}, {"", "2024-01-02T03:04:05", "2024-01-02T03:04:05Z"},
		{"", "2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05.123456Z"}, {"", "2024-01-02 03:04:05.9999996", "2024-01-02T03:04:06Z"},
		{"", "1969-12-31 23:59:59.1234565", "1969-12-31T23:59:59.123457Z"}, {"", "2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"},
		{"", "2024-01-02T03:04-0530", "2024-01-02T08:34:00Z"}, {"", "2024-01-02T03:04:05+02", "2024-01-02T01:04:05Z"},
		{"", "2024-01-02T24:00:00", ""}, {"", "2024-01-02T03:60", ""}, {"", "2024-01-02T03:04:60", ""}, {"", "2024-01-02T03", ""}, {"", "2024-01-02T", ""},
		{"", "2024-01-02 03:04:05.", ""}, {"", "2024-01-02 03:04:05.1234567890", ""}, {"", "2024-01-02T03:04:05+24:00", ""}, {"", "2024-01-02X03:04:05", ""},
		{"", "9999-12-31T23:59:59.9999999", ""}, {"", "0001-01-01T00:00:00+01:00", ""},
		{"%m/%d/%Y %I:%M %p", "1/2/2024 12:05 AM", "2024-01-02T00:05:00Z"}, {"%m/%d/%Y %I:%M %p", "1/2/2024 12:05 pm", "2024-01-02T12:05:00Z"},
		{"%m/%d/%Y %I:%M %p", "1/2/2024 13:05 pm", ""}, {"%F %T.%f %z", "2024-01-02 03:04:05.5 +01:00", "2024-01-02T02:04:05.5Z"},
		{"%F %T %Z", "2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"}, {"%F %T %Z", "2024-01-02 03:04:05 CET", ""}, {"%FT%T%z", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"},
	} {
		var patterns []string
		if c.pattern != "" {
			patterns = []string{c.pattern}
		}
		got, st := parser(t, Cast{Type: TimestampType, Dates: patterns}).Timestamp([]byte(c.text))
		if (st == Failed) != (c.want == "") || st == Parsed && got.String() != c.want {
			t.Errorf("%q by %q = %s (%d), want %s", c.text, c.pattern, got, st, c.want)
		}
	}
}

func TestTextAndBool(t *testing.T) {
	ids := parser(t, Cast{Type: CodeType, Integer: true, Nulls: []string{"NULL"}})
	for text, want := range map[string]string{"17850.0": "17850", "17850": "17850", "17850.5": "17850.5", "A.0": "A.0", "-3.00": "-3", ".0": ".0", "NULL": "", " NULL\t": "", "": "", " x": " x", "x.": "x."} {
		got, st := ids.Text([]byte(text), nil)
		if string(got) != want || (st == Missing) != (want == "") {
			t.Errorf("Text(%q) = %q, %d", text, got, st)
		}
	}
	if got, st := parser(t, Cast{Type: StringType}).Text([]byte(" "), nil); st != Parsed || string(got) != " " {
		t.Error("a blank text is not missing")
	}
	flags := parser(t, Cast{Type: BoolType})
	for text, want := range map[string]bool{"true": true, "Yes": true, " 1 ": true, "F": false, "no": false} {
		if got, st := flags.Bool([]byte(text)); st != Parsed || got != want {
			t.Errorf("Bool(%q) = %v, %d", text, got, st)
		}
	}
	if _, st := flags.Bool([]byte("maybe")); st != Failed {
		t.Error("maybe is no bool")
	}
}

func TestNewParserErrors(t *testing.T) {
	for name, c := range map[string]Cast{
		"type": {Type: SumType}, "no type": {}, "float": {Type: arrow.PrimitiveTypes.Float64},
		"separators": {Type: PriceType, Number: Number{Thousands: '.'}}, "digit": {Type: PriceType, Number: Number{Decimal: '5'}},
		"verb": {Type: DateType, Dates: []string{"%Y-%m-%Q"}}, "end": {Type: DateType, Dates: []string{"%Y-%m-%d%"}},
		"no day": {Type: DateType, Dates: []string{"%Y-%m"}}, "no year": {Type: DateType, Dates: []string{"%m/%d"}},
		"two years": {Type: DateType, Dates: []string{"%Y%y%m%d"}}, "12 hours": {Type: TimestampType, Dates: []string{"%F %I:%M"}},
	} {
		if _, err := NewParser(c); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: error %v, want ErrConfig", name, err)
		}
	}
}

// FuzzDecimal compares with math/big: whatever big.Rat can read as a plain
// number, the parser reads the same, rounded half away from zero.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1.5", "-0.00005", "99999999999999.99995", "1e-5", "12345678901234567890.5", "0.00004999999999999999999999", ".", "1e400", "5e-5", "49999e-9", "0e000", "1e007", "0.0000000000000000000000000000000000000000000000000001e55"} {
		f.Add(s)
	}
	p := parser(f, Cast{Type: PriceType})
	ints := parser(f, Cast{Type: Int64Type})
	wild := parser(f, Cast{Type: PriceType, Number: Number{Decimal: ',', Thousands: ' ', Currency: true, Percent: true, Parentheses: true}})
	f.Fuzz(func(t *testing.T, s string) {
		wild.Decimal([]byte(s)) // must not panic
		got, st := p.Decimal([]byte(s))
		whole, wholeSt := ints.Int64([]byte(s))
		want, ok, judged := bigNumber(s)
		if !judged {
			return
		}
		if !ok {
			if st == Parsed || st == Rounded {
				t.Fatalf("%q was taken as %d", s, got)
			}
			return
		}
		isInt := want.IsInt() && want.Num().IsInt64()
		if isInt != (wholeSt == Parsed) && want.Num().Cmp(big.NewInt(-1<<63)) != 0 || isInt && wholeSt == Parsed && whole != want.Num().Int64() {
			t.Fatalf("Int64(%q) = %d, %d; want %s", s, whole, wholeSt, want.RatString())
		}
		scaled := new(big.Rat).Mul(want, big.NewRat(10000, 1))
		half := big.NewRat(int64(scaled.Sign()), 2)
		sum := new(big.Rat).Add(scaled, half)
		q := new(big.Int).Quo(sum.Num(), sum.Denom())
		if new(big.Int).Abs(q).Cmp(big.NewInt(MaxPrice)) > 0 {
			if st != Failed {
				t.Fatalf("%q = %d, %d; want Failed", s, got, st)
			}
			return
		}
		wantSt := Parsed
		if !scaled.IsInt() {
			wantSt = Rounded
		}
		if st != wantSt || got != q.Int64() {
			t.Fatalf("%q = %d, %d; want %s, %d", s, got, st, q, wantSt)
		}
	})
}

// bigNumber reads [+-]digits[.digits][e[+-]digits]; judged is false where the
// text may be such a number but is too large to be worked out here.
func bigNumber(s string) (r *big.Rat, ok, judged bool) {
	m := plainNumber.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil || !strings.ContainsAny(m[1], "0123456789") {
		return nil, false, true
	}
	exponent := strings.TrimLeft(m[2], "+-0")
	if len(exponent) > 2 || len(m[1]) > 200 {
		return nil, false, false
	}
	r, ok = new(big.Rat).SetString(m[0])
	return r, ok, true
}

var plainNumber = regexp.MustCompile(`^([+-]?[0-9]*\.?[0-9]*)(?:[eE]([+-]?[0-9]+))?$`)

// FuzzDate compares the ISO forms with package time.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "2023-02-29", "0000-01-01", "2024-01-01T10:20:30Z", "2024-01-01 10:20:30.123456789", "2024-01-01T10:20:30+05:30", "0001-01-01T00:00:00-00:60"} {
		f.Add(s, "%m/%d/%Y %I:%M %p")
	}
	date, stamp := parser(f, Cast{Type: DateType}), parser(f, Cast{Type: TimestampType})
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if p, err := NewParser(Cast{Type: TimestampType, Dates: []string{pattern}}); err == nil {
			p.Timestamp([]byte(s)) // must not panic
			p.Date([]byte(s))
		}
		if d, err := time.Parse("2006-01-02", s); err == nil && d.Year() > 0 {
			if got, st := date.Date([]byte(s)); st != Parsed || got != DateOf(d) {
				t.Fatalf("Date(%q) = %s, %d; want %s", s, got, st, d)
			}
		} else if got, st := date.Date([]byte(s)); len(s) == 10 && st == Parsed {
			t.Fatalf("Date(%q) = %s; time says %v", s, got, err)
		}
		for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00"} {
			want, err := time.Parse(layout, s)
			if err != nil || want.Nanosecond()%1000 != 0 || strings.Contains(s, ",") || len(s) < 19 || s[11] == ' ' || s[13] != ':' || want.UnixMicro() < minMicros || want.UnixMicro() > maxMicros || strings.Contains(s, "+24") || strings.Contains(s, "-24") || strings.HasSuffix(s, ":60") {
				continue // time takes hours with a blank, and offsets of 24 hours or 60 minutes
			}
			dot := strings.IndexByte(s, '.')
			if dot >= 0 && len(strings.TrimRight(s[dot+1:], "Z+-:0123456789")) == 0 && len(s)-dot > 10 {
				continue // more digits than are accepted, perhaps
			}
			if got, st := stamp.Timestamp([]byte(s)); st != Parsed || int64(got) != want.UnixMicro() {
				t.Fatalf("Timestamp(%q) = %s, %d; want %s", s, got, st, want)
			}
		}
	})
}

// FuzzUsual holds what is read at once, as usual texts are, to the general
// parsers: these read the same text with a blank before it.
func FuzzUsual(f *testing.F) {
	for _, s := range []string{"", "1", "12345678", "-1234567", "123.45", ".5", "5.", "1.2.3", "1,5", "99999999", "0.000001", "-", "1234567\xb0", "12:45",
		"2024-02-29", "2024-02-30", "2024-01-31 12:34", "2024-01-31T12:34:56", "2024-01-31 12:34:56Z", "2024-01-31T12:34:60Z", "2024-01-31 24:00", "2024-01-31 12:34:5", "2024-01-31t12:34", "2024-01-31 12.34"} {
		f.Add(s)
	}
	nulls := []string{"0", "99999999", "2024-02-29", "2024-01-31 12:34"}
	zone := location(f, "Europe/Berlin")
	var numbers, times []*Parser
	for _, n := range [][]string{nil, nulls} {
		for _, c := range []Cast{{Type: PriceType}, {Type: RateType, Number: Number{Decimal: ','}}, {Type: &arrow.Decimal128Type{Precision: 18, Scale: 12}}, {Type: &arrow.Decimal128Type{Precision: 2, Scale: 0}}} {
			c.Nulls = n
			numbers = append(numbers, parser(f, c))
		}
		times = append(times, parser(f, Cast{Type: TimestampType, Location: zone, Nulls: n}))
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, general := []byte(s), []byte(" "+s)
		for _, p := range numbers {
			v, st := p.Decimal(b)
			if want, wantSt := p.Decimal(general); v != want || st != wantSt {
				t.Fatalf("Decimal(%q) = %d, %d; want %d, %d", s, v, st, want, wantSt)
			}
			if brief, ok := p.Brief(append(b[:len(b):len(b)], "12345678"...), uint32(len(b))); ok && (brief != v || st != Parsed && len(b) > 0) {
				t.Fatalf("Brief(%q) = %d; Decimal %d, %d", s, brief, v, st)
			}
			v, st = p.Int64(b)
			if want, wantSt := p.Int64(general); v != want || st != wantSt {
				t.Fatalf("Int64(%q) = %d, %d; want %d, %d", s, v, st, want, wantSt)
			}
		}
		for _, p := range times {
			v, st := p.Timestamp(b)
			if want, wantSt := p.Timestamp(general); v != want || st != wantSt {
				t.Fatalf("Timestamp(%q) = %s, %d; want %s, %d", s, v, st, want, wantSt)
			}
			d, st := p.Date(b)
			if want, wantSt := p.Date(general); d != want || st != wantSt {
				t.Fatalf("Date(%q) = %s, %d; want %s, %d", s, d, st, want, wantSt)
			}
		}
	})
}

func TestParsersAllocateNothing(t *testing.T) {
	price := parser(t, Cast{Type: PriceType, Number: Number{Thousands: ',', Currency: true}})
	stamp := parser(t, Cast{Type: TimestampType, Location: location(t, "Europe/Berlin")})
	values := [][]byte{[]byte("$1,234.567891"), []byte("2024-03-31 02:30:00.5"), []byte("12.50"), []byte("x")}
	if n := testing.AllocsPerRun(100, func() {
		for _, v := range values {
			price.Decimal(v)
			price.Int64(v)
			stamp.Timestamp(v)
			stamp.Date(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func BenchmarkParsers(b *testing.B) {
	price, ints := parser(b, Cast{Type: PriceType}), parser(b, Cast{Type: Int64Type})
	date := parser(b, Cast{Type: DateType})
	stamp := parser(b, Cast{Type: TimestampType, Location: location(b, "Europe/Berlin")})
	us := parser(b, Cast{Type: DateType, Dates: []string{"%m/%d/%Y"}})
	text := func(s string) []byte { return []byte(s) }
	for name, f := range map[string]func(){
		"int": func() { ints.Int64(text("17850")) }, "decimal": func() { price.Decimal(text("123.45")) },
		"rounded": func() { price.Decimal(text("123.456789")) }, "date": func() { date.Date(text("2024-02-29")) },
		"timestamp": func() { stamp.Timestamp(text("2024-02-29 10:20:30")) }, "strftime": func() { us.Date(text("2/29/2024")) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}
