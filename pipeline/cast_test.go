package pipeline

import (
	"math"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// built returns an array of what build appends.
func built[B array.Builder](mem memory.Allocator, t arrow.DataType, build func(B)) arrow.Array {
	b := array.NewBuilder(mem, t)
	defer b.Release()
	build(b.(B))
	return b.NewArray()
}

// texts renders an array: "∅" for NULL.
func texts(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		out[i] = a.ValueStr(i)
		if a.IsNull(i) {
			out[i] = "∅"
		}
		if d, ok := a.(*array.Dictionary); ok && !a.IsNull(i) {
			out[i] = d.Dictionary().ValueStr(d.GetValueIndex(i))
		}
		if ts, ok := a.(*array.Timestamp); ok && !a.IsNull(i) {
			out[i] = Timestamp(ts.Value(i)).String()
		}
		if d, ok := a.(*array.Decimal128); ok && !a.IsNull(i) {
			out[i] = d.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
		}
	}
	return out
}

func TestCastArray(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone database")
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	str := func(v ...string) arrow.Array {
		return built(mem, StringType, func(b *array.StringBuilder) {
			for _, s := range v {
				if s == "∅" {
					b.AppendNull()
				} else {
					b.Append(s)
				}
			}
		})
	}
	f64 := func(v ...float64) arrow.Array {
		return built(mem, arrow.PrimitiveTypes.Float64, func(b *array.Float64Builder) { b.AppendValues(v, nil) })
	}
	i64 := func(v ...int64) arrow.Array {
		return built(mem, Int64Type, func(b *array.Int64Builder) { b.AppendValues(v, nil); b.AppendNull() })
	}
	dec := func(p, s int32, v ...int64) arrow.Array {
		return built(mem, &arrow.Decimal128Type{Precision: p, Scale: s}, func(b *array.Decimal128Builder) {
			for _, n := range v {
				b.Append(decimal128.FromI64(n))
			}
		})
	}
	stamp := func(unit arrow.TimeUnit, zone string, v ...int64) arrow.Array {
		return built(mem, &arrow.TimestampType{Unit: unit, TimeZone: zone}, func(b *array.TimestampBuilder) {
			for _, n := range v {
				b.Append(arrow.Timestamp(n))
			}
		})
	}
	dictOf := func(values []string, codes ...int8) arrow.Array {
		v := str(values...)
		defer v.Release()
		c := built(mem, arrow.PrimitiveTypes.Int8, func(b *array.Int8Builder) {
			for _, k := range codes {
				if k < 0 {
					b.AppendNull()
				} else {
					b.Append(k)
				}
			}
		})
		defer c.Release()
		return array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: StringType}, c, v)
	}
	noon := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)

	for _, c := range []struct {
		name    string
		in      arrow.Array
		to      Cast
		want    []string
		rescued []CastFailure
		rounded int64
	}{
		{name: "text to decimal", in: str("1.23456", "∅", "", "x"), to: Cast{Type: PriceType}, want: []string{"1.2346", "∅", "∅", "∅"}, rescued: []CastFailure{{3, "x"}}, rounded: 1},
		{name: "text with nulls", in: str("a", "n/a", ""), to: Cast{Type: StringType, Nulls: []string{"n/a"}}, want: []string{"a", "∅", "∅"}},
		{name: "empty text", in: str("a", ""), to: Cast{Type: StringType}, want: []string{"a", "∅"}},
		{name: "not UTF-8", in: str("a", "\xff"), to: Cast{Type: StringType}, want: []string{"a", "∅"}, rescued: []CastFailure{{1, "\uFFFD"}}},
		{name: "text to codes", in: str("b", "a", "b", "∅", ""), to: Cast{Type: CodeType}, want: []string{"b", "a", "b", "∅", "∅"}},
		{name: "codes to codes", in: dictOf([]string{"x", "", "z"}, 2, 0, -1, 1, 2), to: Cast{Type: CodeType}, want: []string{"z", "x", "∅", "∅", "z"}},
		{name: "codes to text", in: dictOf([]string{"x", "", "z"}, 2, 0, -1, 1, 2), to: Cast{Type: StringType}, want: []string{"z", "x", "∅", "∅", "z"}},
		{name: "codes to numbers", in: dictOf([]string{"1", "2.0", "?", "∅"}, 0, 1, 2, 2, -1, 3), to: Cast{Type: Int64Type}, want: []string{"1", "2", "∅", "∅", "∅", "∅"}, rescued: []CastFailure{{2, "?"}, {3, "?"}}},
		{name: "codes rounded per row", in: dictOf([]string{"1.00001"}, 0, 0), to: Cast{Type: PriceType}, want: []string{"1.0000", "1.0000"}, rounded: 2},
		{name: "float to decimal", in: f64(0.1, 2.675, math.NaN(), math.Inf(-1), 1e15, -0.00005, 1e-9), to: Cast{Type: PriceType}, want: []string{"0.1000", "2.6750", "∅", "∅", "∅", "-0.0001", "0.0000"},
			rescued: []CastFailure{{2, "NaN"}, {3, "-Inf"}, {4, "1000000000000000"}}, rounded: 2},
		{name: "float to decimal of a comma source", in: f64(1234.5), to: Cast{Type: PriceType, Number: Number{Decimal: ',', Thousands: '.'}}, want: []string{"1234.5000"}},
		{name: "NaN that means null", in: f64(1, math.NaN(), math.Inf(1)), to: Cast{Type: PriceType, Nulls: []string{"NaN"}}, want: []string{"1.0000", "∅", "∅"}, rescued: []CastFailure{{2, "+Inf"}}},
		{name: "float to int", in: f64(2, 2.5, 1e19, math.Copysign(0, -1)), to: Cast{Type: Int64Type}, want: []string{"2", "∅", "∅", "0"}, rescued: []CastFailure{{1, "2.5"}, {2, "10000000000000000000"}}},
		{name: "float to text", in: f64(17850, 1234567, 0.5, 1e21, 1e-7), to: Cast{Type: StringType}, want: []string{"17850", "1234567", "0.5", "1e+21", "0.0000001"}},
		{name: "float to integer id", in: f64(17850, 1234567), to: Cast{Type: CodeType, Integer: true}, want: []string{"17850", "1234567"}},
		{name: "int to int32", in: i64(5, math.MaxInt32+1), to: Cast{Type: Int32Type}, want: []string{"5", "∅", "∅"}, rescued: []CastFailure{{1, "2147483648"}}},
		{name: "int to decimal", in: i64(5, 99_999_999_999_999, 100_000_000_000_000), to: Cast{Type: PriceType}, want: []string{"5.0000", "99999999999999.0000", "∅", "∅"}, rescued: []CastFailure{{2, "100000000000000"}}},
		{name: "int to text", in: i64(-5), to: Cast{Type: StringType}, want: []string{"-5", "∅"}},
		{name: "int that means null", in: i64(-1, 7), to: Cast{Type: Int64Type, Nulls: []string{"-1"}}, want: []string{"∅", "7", "∅"}},
		{name: "int to date by pattern", in: i64(20240131, 7), to: Cast{Type: DateType, Dates: []string{"%Y%m%d"}}, want: []string{"2024-01-31", "∅", "∅"}, rescued: []CastFailure{{1, "7"}}},
		{name: "int to bool", in: i64(1, 0, 2), to: Cast{Type: BoolType}, want: []string{"true", "false", "∅", "∅"}, rescued: []CastFailure{{2, "2"}}},
		{name: "uint64", in: built(mem, arrow.PrimitiveTypes.Uint64, func(b *array.Uint64Builder) { b.Append(7); b.Append(math.MaxUint64) }), to: Cast{Type: Int64Type}, want: []string{"7", "∅"}, rescued: []CastFailure{{1, "18446744073709551615"}}},
		{name: "decimal rescaled", in: dec(10, 6, 1_000_050, 1_000_049, -1_000_050, 5), to: Cast{Type: PriceType}, want: []string{"1.0001", "1.0000", "-1.0001", "0.0000"}, rounded: 4},
		{name: "decimal scaled up", in: dec(10, 2, 1250, -1), to: Cast{Type: PriceType}, want: []string{"12.5000", "-0.0100"}},
		{name: "decimal too large", in: dec(38, 0, 1_000_000_000_000_000), to: Cast{Type: PriceType}, want: []string{"∅"}, rescued: []CastFailure{{0, "1000000000000000"}}},
		{name: "decimal to int", in: dec(10, 2, 1200, 1250), to: Cast{Type: Int64Type}, want: []string{"12", "∅"}, rescued: []CastFailure{{1, "12.50"}}},
		{name: "decimal to integer id of a comma source", in: dec(10, 2, 1200), to: Cast{Type: StringType, Integer: true, Number: Number{Decimal: ','}}, want: []string{"12"}},
		{name: "decimal that breaks its precision", in: built(mem, PriceType, func(b *array.Decimal128Builder) { b.Append(decimal128.New(1, 0)) }), to: Cast{Type: PriceType}, want: []string{"∅"}, rescued: []CastFailure{{0, "1844674407370955.1616"}}},
		{name: "decimal256", in: built(mem, &arrow.Decimal256Type{Precision: 40, Scale: 3}, func(b *array.Decimal256Builder) { b.Append(decimal256.FromI64(1500)) }), to: Cast{Type: PriceType}, want: []string{"1.5000"}},
		{name: "date to timestamp", in: built(mem, DateType, func(b *array.Date32Builder) { b.Append(19905) }), to: Cast{Type: TimestampType, Location: berlin}, want: []string{"2024-06-30T22:00:00Z"}},
		{name: "date to text", in: built(mem, DateType, func(b *array.Date32Builder) { b.Append(19905) }), to: Cast{Type: StringType}, want: []string{"2024-07-01"}},
		{name: "date to number", in: built(mem, DateType, func(b *array.Date32Builder) { b.Append(19905) }), to: Cast{Type: Int64Type}, want: []string{"∅"}, rescued: []CastFailure{{0, "2024-07-01"}}},
		{name: "date64", in: built(mem, arrow.FixedWidthTypes.Date64, func(b *array.Date64Builder) { b.Append(-1); b.Append(86_400_000) }), to: Cast{Type: DateType}, want: []string{"1969-12-31", "1970-01-02"}},
		{name: "local time", in: stamp(arrow.Millisecond, "", noon.UnixMilli()), to: Cast{Type: TimestampType, Location: berlin}, want: []string{"2024-07-01T10:00:00Z"}},
		{name: "zoned time", in: stamp(arrow.Second, "Asia/Tokyo", noon.Unix()), to: Cast{Type: TimestampType, Location: berlin}, want: []string{"2024-07-01T12:00:00Z"}},
		{name: "nanoseconds are rounded", in: stamp(arrow.Nanosecond, "UTC", 1499, 1500, -1500, -1501), to: Cast{Type: TimestampType}, want: []string{"1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000002Z", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999998Z"}},
		{name: "seconds out of range", in: stamp(arrow.Second, "UTC", math.MaxInt64, 253402300800), to: Cast{Type: TimestampType}, want: []string{"∅", "∅"}, rescued: []CastFailure{{0, "9223372036854775807 s"}, {1, "253402300800 s"}}},
		{name: "zoned time to date", in: stamp(arrow.Second, "UTC", noon.Add(11*time.Hour).Unix()), to: Cast{Type: DateType, Location: berlin}, want: []string{"2024-07-02"}},
		{name: "local time to date", in: stamp(arrow.Second, "", noon.Add(11*time.Hour).Unix()), to: Cast{Type: DateType, Location: berlin}, want: []string{"2024-07-01"}},
		{name: "times to text", in: stamp(arrow.Microsecond, "UTC", noon.UnixMicro()+5), to: Cast{Type: StringType}, want: []string{"2024-07-01T12:00:00.000005Z"}},
		{name: "local times to text", in: stamp(arrow.Second, "", noon.Unix()), to: Cast{Type: StringType}, want: []string{"2024-07-01T12:00:00"}},
		{name: "bool to text", in: built(mem, BoolType, func(b *array.BooleanBuilder) { b.Append(true); b.AppendNull() }), to: Cast{Type: CodeType}, want: []string{"true", "∅"}},
		{name: "bool to int", in: built(mem, BoolType, func(b *array.BooleanBuilder) { b.Append(true); b.Append(false) }), to: Cast{Type: Int32Type}, want: []string{"1", "0"}},
		{name: "bool to date", in: built(mem, BoolType, func(b *array.BooleanBuilder) { b.Append(true) }), to: Cast{Type: DateType}, want: []string{"∅"}, rescued: []CastFailure{{0, "true"}}},
		{name: "binary", in: built(mem, BinaryType, func(b *array.BinaryBuilder) { b.AppendString("12"); b.AppendString("\xfe") }), to: Cast{Type: Int64Type}, want: []string{"12", "∅"}, rescued: []CastFailure{{1, "\uFFFD"}}},
		{name: "large text", in: built(mem, arrow.BinaryTypes.LargeString, func(b *array.LargeStringBuilder) { b.Append("2024-07-01"); b.AppendNull() }), to: Cast{Type: DateType}, want: []string{"2024-07-01", "∅"}},
		{name: "null", in: array.NewNull(2), to: Cast{Type: PriceType}, want: []string{"∅", "∅"}},
		{name: "nothing", in: str(), to: Cast{Type: CodeType}, want: []string{}},
		{name: "time of day", in: built(mem, arrow.FixedWidthTypes.Time32s, func(b *array.Time32Builder) { b.Append(3661) }), to: Cast{Type: StringType}, want: []string{"01:01:01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parser(t, c.to)
			out, rescued, rounded, err := CastArray(mem, c.in, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !arrow.TypeEqual(out.DataType(), c.to.Type) {
				t.Errorf("type %s, want %s", out.DataType(), c.to.Type)
			}
			if d := cmp.Diff(c.want, texts(out)); d != "" {
				t.Errorf("values (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.rescued, rescued); d != "" {
				t.Errorf("rescued (-want +got):\n%s", d)
			}
			if rounded != c.rounded {
				t.Errorf("rounded %d, want %d", rounded, c.rounded)
			}
			out.Release()
			if n := c.in.Len(); n > 1 { // a slice gives the same values
				cut := array.NewSlice(c.in, 1, int64(n))
				out, _, _, err := CastArray(mem, cut, p, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want[1:], texts(out)); d != "" {
					t.Errorf("slice (-want +got):\n%s", d)
				}
				out.Release()
				cut.Release()
			}
			c.in.Release()
		})
	}
}

func TestCastArrayKeepsWhatIsRight(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	in := built(mem, StringType, func(b *array.StringBuilder) { b.Append("a"); b.AppendNull() })
	defer in.Release()
	out, _, _, err := CastArray(mem, in, parser(t, Cast{Type: StringType}), nil)
	if err != nil || out != in {
		t.Fatalf("got %v, %v; want the array itself", out, err)
	}
	out.Release()
}

func TestCastArrayRefusesNestedTypes(t *testing.T) {
	list := built(memory.DefaultAllocator, arrow.ListOf(Int64Type), func(b *array.ListBuilder) { b.AppendNull() })
	if _, _, _, err := CastArray(nil, list, parser(t, Cast{Type: Int64Type}), nil); err == nil {
		t.Fatal("no error")
	}
}

// The dictionary that is handed in is the result's: its codes stay, new values
// get the next ones. Arrow wraps a dictionary's data in an array of its own, so
// it is the data that is the same.
func TestCastArrayKeepsCodes(t *testing.T) {
	d := NewDictionary()
	d.Code([]byte("first"))
	in := built(memory.DefaultAllocator, StringType, func(b *array.StringBuilder) { b.Append("second"); b.Append("first") })
	out, _, _, err := CastArray(nil, in, parser(t, Cast{Type: CodeType}), d)
	if err != nil {
		t.Fatal(err)
	}
	codes := out.(*array.Dictionary)
	if codes.GetValueIndex(0) != 1 || codes.GetValueIndex(1) != 0 || codes.Dictionary().Data() != d.Values().Data() {
		t.Fatalf("codes %v of %v", codes.Indices(), codes.Dictionary())
	}
}

// Of a dictionary that is larger than a slice of rows, only the values of the
// rows are cast.
func TestCastArrayLargeDictionary(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	whole := built(mem, CodeType, func(b *array.BinaryDictionaryBuilder) {
		for i := range 1000 {
			if err := b.AppendString(strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		b.AppendNull()
		b.AppendEmptyValue()
	})
	defer whole.Release()
	for _, to := range []arrow.DataType{CodeType, StringType, Int64Type} {
		d := NewDictionary()
		slice := array.NewSlice(whole, 997, 1001)
		out, rescued, _, err := CastArray(mem, slice, parser(t, Cast{Type: to, Nulls: []string{"998"}}), d)
		slice.Release()
		if err != nil || rescued != nil {
			t.Fatal(rescued, err)
		}
		if diff := cmp.Diff([]string{"997", "∅", "999", "∅"}, texts(out)); diff != "" || d.Len() > 2 {
			t.Errorf("%s: %d codes, %s", to, d.Len(), diff)
		}
		out.Release()
	}
}

// A decimal is rescaled as big.Rat would, half away from zero.
func TestCastDecimalProperty(t *testing.T) {
	to := parser(t, Cast{Type: PriceType})
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		scale := rapid.Int32Range(0, 18).Draw(t, "scale")
		in := built(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 19, Scale: scale}, func(b *array.Decimal128Builder) { b.Append(decimal128.FromI64(v)) })
		out, rescued, rounded, err := CastArray(nil, in, to, nil)
		if err != nil {
			t.Fatal(err)
		}
		num := new(big.Int).Mul(big.NewInt(v), big.NewInt(10_000))
		den := new(big.Int).SetUint64(pow10[scale])
		abs := new(big.Int).Abs(num)
		q := new(big.Int).Add(new(big.Int).Lsh(abs, 1), den)
		q.Quo(q, new(big.Int).Lsh(den, 1))
		if num.Sign() < 0 {
			q.Neg(q)
		}
		fits := new(big.Int).Abs(q).Cmp(big.NewInt(MaxPrice)) <= 0
		exact := new(big.Int).Rem(num, den).Sign() == 0
		if fits != out.IsValid(0) || fits == (len(rescued) == 1) {
			t.Fatalf("fits %v, valid %v, rescued %v", fits, out.IsValid(0), rescued)
		}
		if fits && (out.(*array.Decimal128).Value(0).BigInt().Cmp(q) != 0 || exact == (rounded == 1)) {
			t.Fatalf("got %v rounded %d, want %v", out, rounded, q)
		}
	})
}

func BenchmarkCastArray(b *testing.B) {
	const n = 8192
	f := built(memory.DefaultAllocator, arrow.PrimitiveTypes.Float64, func(b *array.Float64Builder) {
		for i := range n {
			b.Append(float64(i) / 100)
		}
	})
	s := built(memory.DefaultAllocator, StringType, func(b *array.StringBuilder) {
		for i := range n {
			b.Append([]string{"north", "south", "east", "west"}[i%4])
		}
	})
	for _, c := range []struct {
		name string
		in   arrow.Array
		to   arrow.DataType
	}{{"float-price", f, PriceType}, {"text-code", s, CodeType}, {"text-text", s, StringType}} {
		b.Run(c.name, func(b *testing.B) {
			p := parser(b, Cast{Type: c.to})
			d := NewDictionary()
			for b.Loop() {
				out, _, _, err := CastArray(nil, c.in, p, d)
				if err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
}
