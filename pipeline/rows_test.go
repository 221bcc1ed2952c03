package pipeline

import (
	"testing"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

type everyType struct {
	S  string          `col:"s" doc:"text"`
	C  Null[Code]      `col:"c" doc:"code"`
	I  int64           `col:"i" doc:"integer"`
	J  Null[int32]     `col:"j" doc:"integer"`
	B  bool            `col:"b" doc:"truth"`
	D  Null[Date]      `col:"d" doc:"day"`
	T  Timestamp       `col:"t" doc:"instant"`
	P  Null[Price]     `col:"p" doc:"price"`
	R  Rate            `col:"r" doc:"rate"`
	Q  Ratio           `col:"q" doc:"ratio"`
	U  Sum             `col:"u" doc:"sum"`
	X  Bytes           `col:"x" doc:"bytes"`
	NU Null[Sum]       `col:"nu" doc:"sum"`
	NT Null[Timestamp] `col:"nt" doc:"instant"`
}

func TestRowsRoundTrip(t *testing.T) {
	table := Declare[everyType]("test.every", "Every type.", "s")
	rows := []everyType{
		{S: "a", C: Some(Code("x")), I: -5, J: Some(int32(7)), B: true, D: Some(Date(-1)), T: 42, P: Some(Price(-125000)), R: 5, Q: -6, U: Sum{decimal128.FromI64(-9)}, X: Bytes("raw"), NU: Some(Sum{decimal128.New(1, 2)})},
		{S: "", I: 1 << 60, X: Bytes(""), NT: Some(Timestamp(-3))},
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := table.Record(mem, rows)
	defer rec.Release()
	got, err := table.Rows(rec)
	if err != nil {
		t.Fatal(err)
	}
	sums := cmp.Comparer(func(a, b Sum) bool { return a == b })
	empty := cmp.Transformer("bytes", func(b Bytes) string { return string(b) })
	if d := cmp.Diff(rows, got, sums, empty); d != "" {
		t.Error(d)
	}
	slice := rec.NewSlice(1, 2)
	defer slice.Release()
	got, err = table.Rows(slice)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rows[1:], got, sums, empty); d != "" {
		t.Error(d)
	}
}

func TestRowsRefusesNullAndOtherTables(t *testing.T) {
	type one struct {
		A string `col:"a" doc:"text"`
	}
	type nullable struct {
		A Null[string] `col:"a" doc:"text"`
	}
	strict, loose := Declare[one]("test.strict", "Strict."), Declare[nullable]("test.loose", "Loose.")
	rec := loose.Record(nil, []nullable{{}})
	defer rec.Release()
	if _, err := strict.Rows(rec); err == nil {
		t.Error("NULL was accepted in a column that is not nullable")
	}
	if err := strict.Check(Declare[everyType]("test.every", "Every type.").Record(nil, nil)); err == nil {
		t.Error("a batch of another table was accepted")
	}
}

func TestDeclarePanicsOnABadDeclaration(t *testing.T) {
	for name, declare := range map[string]func(){
		"no doc": func() {
			Declare[struct {
				A string `col:"a"`
			}]("test.t", "T.")
		},
		"no col": func() {
			Declare[struct {
				A string `doc:"a"`
			}]("test.t", "T.")
		},
		"float": func() {
			Declare[struct {
				A float64 `col:"a" doc:"a"`
			}]("test.t", "T.")
		},
		"upper case": func() {
			Declare[struct {
				A string `col:"A" doc:"a"`
			}]("test.t", "T.")
		},
		"no layer": func() {
			Declare[struct {
				A string `col:"a" doc:"a"`
			}]("t", "T.")
		},
		"unknown key": func() {
			Declare[struct {
				A string `col:"a" doc:"a"`
			}]("test.t", "T.", "b")
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			declare()
		})
	}
}
