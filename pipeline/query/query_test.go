package query

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: pipeline.StringType},
	{Name: "country", Type: pipeline.CodeType, Nullable: true},
	{Name: "orders", Type: pipeline.Int64Type},
	{Name: "line", Type: pipeline.Int32Type, Nullable: true},
	{Name: "price", Type: pipeline.PriceType, Nullable: true},
	{Name: "total", Type: pipeline.SumType},
	{Name: "guest", Type: pipeline.BoolType, Nullable: true},
	{Name: "day", Type: pipeline.DateType, Nullable: true},
	{Name: "at", Type: pipeline.TimestampType, Nullable: true},
	{Name: "other", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "IN", Type: pipeline.Int64Type},
}, nil)

const rowsJSON = `[
{"id":"a",   "country":"France",  "orders":1, "line":1,    "price":"12.5000", "total":"123456789012345678901234.5678", "guest":true,  "day":"2024-01-31", "at":"2024-01-31 10:00:00.000001", "other":1.5,  "IN":1},
{"id":"b'b", "country":null,      "orders":2, "line":null, "price":null,      "total":"-0.0001", "guest":null,  "day":null,         "at":null, "other":null, "IN":2},
{"id":"",    "country":"Germany", "orders":-3,"line":-7,   "price":"-0.0001", "total":"0.0000",  "guest":false, "day":"1969-12-31", "at":"1969-12-31 23:59:59.999999", "other":2, "IN":3},
{"id":"Ünï_c%de", "country":"France", "orders":"9007199254740993", "line":5, "price":"99999999999999.9999", "total":"1.0000", "guest":true, "day":"2024-02-29", "at":"2024-02-29 00:00:00", "other":2, "IN":4}
]`

func testBatch(t testing.TB) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rowsJSON))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// rowsCase is a condition and the rows of the test batch that pass.
type rowsCase struct {
	condition string
	want      []int
}

func TestRows(t *testing.T) {
	checkRows(t, []rowsCase{
		{"id = 'a'", []int{0}},
		{"id = 'b''b'", []int{1}},
		{"id = ''", []int{2}},
		{"id != 'a'", []int{1, 2, 3}},
		{"id <> 'a' AND id < 'c'", []int{1, 2}},
		{"id > 'a'", []int{1, 3}},
		{"ID = 'a'", []int{0}},
		{`"id" = 'a'`, []int{0}},
		{`"IN" = 1`, []int{0}},
		{`"IN" in (1, 4)`, []int{0, 3}},
		{"country = 'France'", []int{0, 3}},
		{"country != 'France'", []int{2}},
		{"NOT country = 'France'", []int{2}},
		{"NOT (country = 'France')", []int{2}},
		{"country IS NULL", []int{1}},
		{"country is not null", []int{0, 2, 3}},
		{"NOT country IS NULL", []int{0, 2, 3}},
		{"other IS NULL", []int{1}},
		{"country IN ('France', 'Spain')", []int{0, 3}},
		{"country NOT IN ('France', 'Spain')", []int{2}},
		{"country LIKE 'F%'", []int{0, 3}},
		{"country NOT LIKE 'F%'", []int{2}},
		{"id LIKE '_n__c%d_'", []int{3}},
		{"orders = 1", []int{0}},
		{"orders = 1.0", []int{0}},
		{"orders = 1.5", nil},
		{"orders > 1.5", []int{1, 3}},
		{"orders < 1.5", []int{0, 2}},
		{"orders <= -3", []int{2}},
		{"orders >= -3.5", []int{0, 1, 2, 3}},
		{"orders < -2.5", []int{2}},
		{"orders = 9007199254740993", []int{3}},
		{"orders = 9007199254740992", nil},
		{"orders < 999999999999999999999999999999999999999999", []int{0, 1, 2, 3}},
		{"orders > -999999999999999999999999999999999999999999", []int{0, 1, 2, 3}},
		{"orders = 999999999999999999999999999999999999999999", nil},
		{"line != 5", []int{0, 2}},
		{"price = 12.5", []int{0}},
		{"price = 12.50000", []int{0}},
		{"price = 12.50001", nil},
		{"price != 12.50001", []int{0, 2, 3}},
		{"price < 12.50001", []int{0, 2}},
		{"price <= 12.49999", []int{2}},
		{"price = -.0001", []int{2}},
		{"price > -0.00011", []int{0, 2, 3}},
		{"price < -0.00009", []int{2}},
		{"price >= 99999999999999.9999", []int{3}},
		{"price > 99999999999999.99985", []int{3}},
		{"total = 123456789012345678901234.5678", []int{0}},
		{"total > 123456789012345678901234.56775", []int{0}},
		{"total < 0", []int{1}},
		{"guest", []int{0, 3}},
		{"NOT guest", []int{2}},
		{"guest = false", []int{2}},
		{"guest != TRUE", []int{2}},
		{"guest OR orders = 2", []int{0, 1, 3}},
		{"guest AND orders = 2", nil},
		{"NOT (guest AND orders = 2)", []int{0, 2, 3}},
		{"NOT (guest AND orders = 1)", []int{1, 2, 3}},
		{"day = '2024-01-31'", []int{0}},
		{"day < '1970-01-01'", []int{2}},
		{"day >= '2024-01-31' and day <= '2024-12-31'", []int{0, 3}},
		{"at = '2024-01-31 10:00:00.000001'", []int{0}},
		{"at = '2024-01-31T11:00:00.000001+01:00'", []int{0}},
		{"at = '2024-01-31t10:00:00.000001z'", []int{0}},
		{"at > '2024-01-31T10:00'", []int{0, 3}},
		{"at >= '2024-02-29'", []int{3}},
		{"at < '1970-01-01'", []int{2}},
		{"at > '2024-01-31 10:00:00.0000005' AND at < '2024-01-31 10:00:00.0000015'", []int{0}},
		{"at < '1969-12-31 23:59:59.9999995'", []int{2}},
		{"at > '1969-12-31 23:59:59.9999985' AND at < '1970-01-01'", []int{2}},
		{"orders = 1 OR orders = 2 AND id = 'x'", []int{0}},
		{"(orders = 1 OR orders = 2) AND NOT id = 'x'", []int{0, 1}},
		{"NOT NOT orders = 1", []int{0}},
	})
}

// checkRows evaluates conditions on the test batch, and on a slice of it.
func checkRows(t *testing.T, cases []rowsCase) {
	t.Helper()
	rec := testBatch(t)
	for _, tc := range cases {
		f, err := Parse(tc.condition, schema)
		if err != nil {
			t.Errorf("%s: %v", tc.condition, err)
			continue
		}
		got, err := f.Rows(rec, nil)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: rows %v, %v, want %v", tc.condition, got, err, tc.want)
		}
		// A slice of the batch is a batch too.
		part := rec.NewSlice(1, 3)
		var shifted []int
		for _, i := range tc.want {
			if i == 1 || i == 2 {
				shifted = append(shifted, i-1)
			}
		}
		if got, err := f.Rows(part, nil); err != nil || !slices.Equal(got, shifted) {
			t.Errorf("%s on a slice: rows %v, %v, want %v", tc.condition, got, err, shifted)
		}
		part.Release()
	}
}

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct{ condition, want string }{
		{"", "character 1: found the end where a column"},
		{"contry = 'x'", `character 1: there is no column "contry"` + "\n  did you mean country?"},
		{"zzzzzzzzzzzzz = 1", "the columns are id, country"},
		{"id = 5", "character 6: column id is a string, which 5 does not fit\n  write '5'"},
		{"id = x", "write 'x'"},
		{"orders = '5'", "write a number without quotes"},
		{"orders = 1.2.3", `"1.2.3" is not a number`},
		{"day = 2024-01-31", "2024"},
		{"orders = 5x", `"5x" is not a number`},
		{"day = '2024-02-30'", "write a date as '2024-01-31'"},
		{"at = 'noon'", "write a time as"},
		{"guest = 1", "write TRUE or FALSE"},
		{"guest < TRUE", "use = or !="},
		{"orders LIKE '1%'", "LIKE is for texts"},
		{"id LIKE 5", "a pattern in single quotes"},
		{"id = NULL", "use id IS NULL"},
		{"id IN ('a', NULL)", "use id IS NULL"},
		{"id IN ()", "found ) where a literal"},
		{"id IN 'a'", "found 'a' where ( is expected"},
		{"id", "found the end where an operator"},
		{"id NOT 'a'", "an operator"},
		{"guest NOT", "an operator"},
		{"'a' = id", "the column comes first"},
		{"5", "found the end where an operator"},
		{"orders + 5", "found the end where an operator"},
		{"orders + ", "found the end where a column or a number"},
		{"orders + line = ", "found the end where a column or a number"},
		{"orders / 2 = 1", "there is no division"},
		{"orders = line / 2", "there is no division"},
		{"day + 1 > '2024-01-31'", "+ is for numbers: column day is a date"},
		{"orders * id > 2", "* is for numbers: column id is a text"},
		{"orders = day", "column day is a date, with which number column orders does not compare"},
		{"orders + 1 = '5'", "texts, dates and times are compared with a column"},
		{"guest < guest", "use = or !="},
		{"orders BETWEEN 1", "found the end where AND"},
		{"orders = (line + 1", "found the end where ) is expected"},
		{strings.Repeat("(", 5000) + "orders" + strings.Repeat(")", 5000) + " = 1", "nested too deeply"},
		{strings.Repeat("- ", 5000) + "orders = 1", "nested too deeply"},
		{"orders = 0." + strings.Repeat("1", 200) + " * line", "too many digits"},
		{"orders = 0" + strings.Repeat(" * 0."+strings.Repeat("1", 90), 3), "digits after the point"},
		{"AND id = 'a'", "found AND where a column"},
		{"IN = 5", "found IN where a column"},
		{"id = 'a", "the quote ' is not closed"},
		{"(id = 'a'", "found the end where ) is expected"},
		{"id = 'a')", "found ) where AND, OR or the end"},
		{"id = 'a' id = 'b'", "character 10: found id where AND"},
		{"id == 'a'", "found = where a literal"},
		{"id ; 'a'", `unexpected ';'`},
		{"id = 'ä' ; x", "character 10: unexpected"},
		{"other = 1", "cannot be compared"},
		{strings.Repeat("(", 5000), "nested too deeply"},
		{strings.Repeat("NOT ", 5000), "nested too deeply"},
	} {
		_, err := Parse(tc.condition, schema)
		if err == nil {
			t.Errorf("%.40s: no error", tc.condition)
			continue
		}
		if !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.40s:\n got  %v\n want %s", tc.condition, err, tc.want)
		}
	}
	twins := arrow.NewSchema([]arrow.Field{{Name: "a", Type: pipeline.Int64Type}, {Name: "A", Type: pipeline.Int64Type}}, nil)
	if _, err := Parse("A = 1", twins); err != nil {
		t.Error(err)
	}
	twins = arrow.NewSchema([]arrow.Field{{Name: "aB", Type: pipeline.Int64Type}, {Name: "Ab", Type: pipeline.Int64Type}}, nil)
	if _, err := Parse("ab = 1", twins); err == nil || !strings.Contains(err.Error(), "may be aB or Ab") {
		t.Error(err)
	}
}

func TestColumns(t *testing.T) {
	f, err := Parse("price > 1 AND (id = 'a' OR PRICE < 0) AND other IS NULL", schema)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Columns(); !slices.Equal(got, []string{"price", "id", "other"}) {
		t.Error(got)
	}
	narrow := arrow.NewSchema(schema.Fields()[:1], nil)
	rec := array.NewRecord(narrow, testBatch(t).Columns()[:1], 4)
	if _, err := f.Rows(rec, nil); !errors.Is(err, pipeline.ErrData) {
		t.Errorf("a batch without the column: %v", err)
	}
}

// Decimal comparisons agree with rational arithmetic.
func TestDecimalsAreExact(t *testing.T) {
	ops := map[string]func(int) bool{
		"=": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
		">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
	}
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.SampledFrom([]int{0, 1, 4, 6}).Draw(t, "scale")
		v := rapid.OneOf(rapid.Int64Range(-30, 30), rapid.Int64()).Draw(t, "v")
		lit := rapid.StringMatching(`[-+]?([0-9]{1,3}|[0-9]{17,45})?(\.[0-9]{1,8})?`).Filter(func(s string) bool {
			return regexp.MustCompile(`[0-9]`).MatchString(s)
		}).Draw(t, "literal")
		op := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "op")

		typ := &arrow.Decimal128Type{Precision: 38, Scale: int32(scale)}
		s := arrow.NewSchema([]arrow.Field{{Name: "v", Type: typ}}, nil)
		b := array.NewDecimal128Builder(memory.DefaultAllocator, typ)
		defer b.Release()
		b.Append(decimal128.FromI64(v))
		col := b.NewArray()
		defer col.Release()
		rec := array.NewRecord(s, []arrow.Array{col}, 1)
		defer rec.Release()

		f, err := Parse(fmt.Sprintf("v %s %s", op, lit), s)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.Rows(rec, nil)
		if err != nil {
			t.Fatal(err)
		}
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		want, ok := new(big.Rat).SetString(strings.TrimPrefix(lit, "+"))
		if !ok {
			t.Fatal(lit)
		}
		order := new(big.Rat).SetFrac(big.NewInt(v), power).Cmp(want)
		if got := len(rows) == 1; got != ops[op](order) {
			t.Fatalf("%d/%s %s %s is %v", v, power, op, lit, got)
		}
	})
}

// LIKE agrees with the regular expression that it stands for.
func TestLike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.StringOfN(rapid.SampledFrom([]rune("abä%_")), 0, 8, -1)
		p, s := letters.Draw(t, "pattern"), letters.Draw(t, "text")
		re := "(?s)^"
		for _, r := range p {
			switch r {
			case '%':
				re += ".*"
			case '_':
				re += "."
			default:
				re += regexp.QuoteMeta(string(r))
			}
		}
		if got, want := compilePattern(p).match([]byte(s)), regexp.MustCompile(re+"$").MatchString(s); got != want {
			t.Fatalf("%q LIKE %q is %v", s, p, got)
		}
	})
	for _, s := range []string{"\xff", "a\xffb", "\xc3"} { // invalid UTF-8 counts a byte as a character
		if !compilePattern("%_%").match([]byte(s)) {
			t.Errorf("%q LIKE '%%_%%'", s)
		}
	}
}

// Random conditions agree with an evaluation row by row.
func TestLogic(t *testing.T) {
	rec := testBatch(t)
	leaves := map[string][]truth{ // by hand, over the four rows
		"guest":                     {isTrue, unknown, isFalse, isTrue},
		"country = 'Germany'":       {isFalse, unknown, isTrue, isFalse},
		"orders > 1":                {isFalse, isTrue, isFalse, isTrue},
		"price IS NULL":             {isFalse, isTrue, isFalse, isFalse},
		"line IN (1, 5)":            {isTrue, unknown, isFalse, isTrue},
		"day NOT IN ('1969-12-31')": {isTrue, unknown, isFalse, isTrue},
	}
	var names []string
	for k := range leaves {
		names = append(names, k)
	}
	slices.Sort(names)
	var gen func(t *rapid.T, depth int) (string, []truth)
	gen = func(t *rapid.T, depth int) (string, []truth) {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		if depth == 0 || kind == 0 {
			s := rapid.SampledFrom(names).Draw(t, "leaf")
			return s, leaves[s]
		}
		a, av := gen(t, depth-1)
		out := make([]truth, 4)
		if kind == 1 {
			for i := range out {
				out[i] = map[truth]truth{isTrue: isFalse, isFalse: isTrue, unknown: unknown}[av[i]]
			}
			return "NOT (" + a + ")", out
		}
		b, bv := gen(t, depth-1)
		for i := range out {
			x, y := av[i], bv[i]
			switch {
			case kind == 2 && (x == isFalse || y == isFalse):
				out[i] = isFalse
			case kind == 3 && (x == isTrue || y == isTrue):
				out[i] = isTrue
			case x == unknown || y == unknown:
				out[i] = unknown
			case kind == 2:
				out[i] = isTrue
			}
		}
		return "(" + a + ") " + []string{2: "AND", 3: "or"}[kind] + " (" + b + ")", out
	}
	rapid.Check(t, func(t *rapid.T) {
		s, truths := gen(t, 4)
		f, err := Parse(s, schema)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for i, x := range truths {
			if x == isTrue {
				want = append(want, i)
			}
		}
		if got, err := f.Rows(rec, nil); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s: %v, %v, want %v", s, got, err, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"id = 'a'", "NOT (price >= -1.5 AND day < '2024-01-01') OR guest", "id NOT LIKE '%_' AND line IN (1,2)", `"IN" IS NOT NULL`, "(orders -1) * 2.5 >= line + total", "day <= at AND price BETWEEN -total AND 5", "id = '\xff", "-.5", "((((", "id\x00='a'"} {
		f.Add(s)
	}
	rec := testBatch(f)
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := Parse(s, schema)
		if err != nil {
			if !errors.Is(err, pipeline.ErrConfig) {
				t.Fatal(err)
			}
			return
		}
		if _, err := filter.Rows(rec, nil); err != nil {
			t.Fatal(err)
		}
	})
}
