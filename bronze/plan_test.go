package bronze

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

// A column that is not there, or not once, is an error with the file, the
// column and the nearest name.
func TestBindErrors(t *testing.T) {
	f := files{"memory://p": "Id|Brand|Price|Brand\n1|a|2|b", "memory://l": "Key|Name|Twice|Twice\n1|x|y|z"}
	const lookups = "lookups: {l: {files: memory://l, key: Key}}"
	for columns, want := range map[string]string{
		"unit_price: Pric":                                  `memory://p: column "Pric": the file has no such column` + "\n  did you mean \"Price\"? the file's columns are: Id, Brand, Price, Brand",
		"unit_price: {from: [Price, Zzzzzzzz]}":             `memory://p: column "Zzzzzzzz": the file has no such column` + "\n  the file's columns are: Id, Brand, Price, Brand",
		"brand: {template: '{Brnd}'}":                       `memory://p: column "Brnd": the file has no such column` + "\n  did you mean \"Brand\"? the file's columns are: Id, Brand, Price, Brand",
		"brand: Brand":                                      `memory://p: column "Brand": columns 2 and 4 of the file have this name` + "\n  give the columns names of your own: names: [Id, Brand, Price, Brand 2]; in a Parquet file, rename one",
		"brand: {from: 'l[Brand].Name'}":                    `memory://p: column "Brand": columns 2 and 4 of the file have this name` + "\n  give the columns names of your own: names: [Id, Brand, Price, Brand 2]; in a Parquet file, rename one",
		"brand: {from: ['l[Id].Nam', Id]}":                  `memory://l: column "Nam": the file has no such column` + "\n  did you mean \"Name\"? the file's columns are: Key, Name, Twice, Twice",
		"brand: {from: ['l[Id].Name', 'l[Id].Twice']}":      `memory://l: column "Twice": columns 3 and 4 of the file have this name` + "\n  give the columns names of your own: names: [Key, Name, Twice, Twice 2]; in a Parquet file, rename one",
		"brand: {template: 'x {l[l[Idd].Name].Name} {Id}'}": `memory://p: column "Idd": the file has no such column` + "\n  did you mean \"Id\"? the file's columns are: Id, Brand, Price, Brand",
	} {
		_, err := readAll(t, parse(t, products(lookups, columns)), f, 0, nil)
		if !errors.Is(err, pipeline.ErrInput) || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", columns, err, want)
		}
	}
	// An ambiguous name that nothing needs is no matter.
	if got, err := readAll(t, parse(t, products("", "unit_price: Price")), f, 0, nil); err != nil || got.rows[0][0] != "product_id=1 unit_price=2 @memory://p:1" {
		t.Errorf("%v %v", got.rows, err)
	}
}

// Names that can stand in smelt.yml as they are, each of its own.
func TestUnique(t *testing.T) {
	for in, want := range map[string]string{
		"A|A|A":                "A|A 2|A 3",
		"A|A|A 2":              "A|A 3|A 2",
		"|A|":                  "column 1|A|column 3",
		"column 2|":            "column 2|column 2 2",
		"Price: net|2024|a, b": `"Price: net"|"2024"|"a, b"`,
	} {
		if got := strings.Join(unique(strings.Split(in, "|")), "|"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A lookup's column that only a later one of its files has twice is ambiguous too.
func TestLookupTwice(t *testing.T) {
	f := files{"memory://p": "Id|Price\n1|2", "memory://l": "Key|Name\n1|x", "memory://m": "Key|Name|Name\n2|y|z"}
	_, err := readAll(t, parse(t, products("lookups: {l: {files: ['memory://l', 'memory://m'], key: Key}}", "brand: l[Id].Name")), f, 0, nil)
	if !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), `memory://m: column "Name": several columns of the file have this name`) {
		t.Error(err)
	}
}

func TestUnmapped(t *testing.T) {
	ctx := context.Background()
	m := parse(t, strings.Replace(shopText, "Item, integer", "[' Item '], integer", 1))
	f := shopFiles(1)
	f["memory://s2"] = "Store|Extra|Extra| Item |No|Qty|Price|At|Country|Name|Title|Other\n"
	inputs, err := OpenInputs(ctx, m, f.open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"Extra"}, {"Extra", "Extra", "Other"}, nil} {
		if got := inputs[i].Unmapped(m); !slices.Equal(got, want) {
			t.Errorf("%s: %v", inputs[i].File.Name, got)
		}
	}
}

// Fields are shared where the cast is the same in every way that matters, and
// only there; a code of one source column is the same text in every file.
func TestFieldsAndDictionaries(t *testing.T) {
	zone := func(hours int) *time.Location { return time.FixedZone("", hours*3600) } // of one name
	from := func(column, from string) ColumnSpec { return ColumnSpec{Column: column, From: []string{from}} }
	withZone := func(column string, hours int) ColumnSpec {
		return ColumnSpec{Column: column, From: []string{"At"}, Location: zone(hours)}
	}
	m := &Mapping{Sources: []SourceSpec{
		{Table: "sales", Files: []string{"memory://a"}, Columns: []ColumnSpec{
			from("order_id", "No"), withZone("ordered_at", 1), withZone("returned_at", 2), withZone("updated_at", 1), from("customer_id", "Id"), from("product_id", "Id"), from("quantity", "Q"),
			{Column: "channel", From: []string{"Id"}, Nulls: []string{"x"}}, {Column: "city", From: []string{"Id"}, Nulls: []string{"x"}, Map: map[string]string{"y": "Z"}},
		}},
		{Table: "sales", Files: []string{"memory://b"}, Location: zone(5), Nulls: []string{"y"}, Columns: []ColumnSpec{
			from("order_id", "Id"), from("ordered_at", "At"), from("customer_id", "Id"), from("product_id", "No"), from("quantity", "Q"),
		}},
	}}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	f := files{"memory://a": "No|At|Id|Q\n1|2024-01-01 10:00|x|1\n2|2024-01-01|y|2", "memory://b": "Id|At|No|Q\ny|2024-01-01 10:00|1|1\nz|2024-01-01 10:00|2|1"}
	got, err := readAll(t, m, f, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"order_id=1 ordered_at=2024-01-01T09:00:00Z returned_at=2024-01-01T08:00:00Z customer_id=x product_id=x quantity=1 updated_at=2024-01-01T09:00:00Z @memory://a:1",
		"order_id=2 ordered_at=2023-12-31T23:00:00Z returned_at=2023-12-31T22:00:00Z customer_id=y product_id=y quantity=2 channel=y city=Z updated_at=2023-12-31T23:00:00Z @memory://a:2",
		"ordered_at=2024-01-01T05:00:00Z product_id=1 quantity=1 @memory://b:1",
		"order_id=z ordered_at=2024-01-01T05:00:00Z customer_id=z product_id=2 quantity=1 @memory://b:2",
	}
	if diff := cmp.Diff(want, got.rows[0]); diff != "" {
		t.Error(diff)
	}
	inputs, err := OpenInputs(context.Background(), m, f.open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := inputs[0].Bind(m, nil, inputs[0].Main())
	if err != nil {
		t.Fatal(err)
	}
	// No, At in two zones, Id plain and Id with nulls, Q.
	if len(plan.fields) != 6 {
		t.Errorf("%d fields", len(plan.fields))
	}
}

// Two readers of one plan work side by side.
func TestReadersConcurrently(t *testing.T) {
	ctx := context.Background()
	m, f := parse(t, shopText), shopFiles(2000)
	lookups, err := LoadLookups(ctx, m, f.open)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := OpenInputs(ctx, m, f.open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := inputs[0].Bind(m, lookups, inputs[0].Main(), inputs[0].Derived(Products.Table))
	if err != nil {
		t.Fatal(err)
	}
	segments, err := inputs[0].Source.Split(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	var wait sync.WaitGroup
	rows := make([][]string, 4)
	for worker := range rows {
		wait.Go(func() {
			r := plan.NewReader(mem, "batch-1", Dictionaries{})
			defer r.Release()
			for range 2 {
				for b, err := range r.Scan(ctx, cutSegment{segments[0], 100 + worker}, nil) {
					if err != nil {
						t.Error(err)
						return
					}
					rows[worker] = append(rows[worker], showRows(b.Records[0])...)
				}
			}
		})
	}
	wait.Wait()
	if len(rows[0]) != 4000 {
		t.Errorf("%d rows", len(rows[0]))
	}
	for worker := range rows {
		if !slices.Equal(rows[0], rows[worker]) {
			t.Errorf("worker %d has other rows", worker)
		}
	}
}

// Some records only, a stop half-way, a failing source, and batches that
// outlive the reader.
func TestScan(t *testing.T) {
	ctx := context.Background()
	m, f := parse(t, shopText), shopFiles(500)
	lookups, err := LoadLookups(ctx, m, f.open)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := OpenInputs(ctx, m, f.open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := inputs[1].Bind(m, lookups, inputs[1].Main(), inputs[1].Derived(Customers.Table))
	if err != nil {
		t.Fatal(err)
	}
	segments, err := inputs[1].Source.Split(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	r := plan.NewReader(mem, "batch-1", Dictionaries{})
	segment := cutSegment{segments[0], 64}
	var all []string
	var kept []arrow.Record
	rng := rand.New(rand.NewPCG(3, 4))
	for b, err := range r.Scan(ctx, segment, nil) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, showRows(b.Records[0])...)
		if rng.IntN(2) == 0 {
			b.Records[0].Retain()
			kept = append(kept, b.Records[0])
		}
	}
	var some []string
	for b, err := range r.Scan(ctx, segment, []int64{3, 64, 65, 66, 400, 500, 900}) {
		if err != nil {
			t.Fatal(err)
		}
		some = append(some, showRows(b.Records[0])...)
	}
	if !slices.Equal(some, []string{all[2], all[63], all[64], all[65], all[399], all[499]}) {
		t.Errorf("some records: %v", some)
	}
	for range r.Scan(ctx, segment, nil) {
		break
	}
	canceled, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	var last error
	for b, err := range r.Scan(canceled, failing{segment}, nil) {
		if n++; n == 2 {
			cancel()
		}
		if last = err; err != nil && b != nil {
			t.Error("a batch beside an error")
		}
	}
	if n != 3 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d steps, then %v", n, last)
	}
	r.Release()
	for i, rec := range kept {
		for row, text := range showRows(rec) {
			if !slices.Contains(all, text) {
				t.Fatalf("kept batch %d row %d became %s", i, row, text)
			}
		}
		rec.Release()
	}
}

// failing stops a scan by the context's error.
type failing struct{ cutSegment }

func (f failing) Scan(ctx context.Context, s pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) {
		for b, err := range f.cutSegment.Scan(context.WithoutCancel(ctx), s) {
			if ctx.Err() != nil {
				b, err = nil, ctx.Err()
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// A source of other types: numbers become keys of lookups and ids as they are
// written, whole numbers without a fraction.
func TestTypedSource(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "Id", Type: arrow.PrimitiveTypes.Int16, Nullable: true}, {Name: "Price", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "Cost", Type: &arrow.Decimal128Type{Precision: 38, Scale: 6}, Nullable: true}, {Name: "At", Type: &arrow.TimestampType{Unit: arrow.Millisecond}, Nullable: true},
		{Name: "Brand", Type: pipeline.CodeType, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.Int16Builder).AppendValues([]int16{7, 8}, []bool{true, true})
	b.Field(1).(*array.Float64Builder).AppendValues([]float64{17.0, 1e300}, nil)
	b.Field(2).(*array.Decimal128Builder).AppendValues([]decimal128.Num{decimal128.FromI64(1234567), decimal128.FromI64(5)}, nil)
	b.Field(3).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{0, 1500}, nil)
	if err := b.Field(4).(*array.BinaryDictionaryBuilder).AppendString("Acme"); err != nil {
		t.Fatal(err)
	}
	b.Field(4).AppendNull()
	rec := b.NewRecord()
	open := func(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
		if f.Path == "memory://typed" {
			return pipeline.NewArraySource(f.Name, schema, func(context.Context) pipeline.Stream { return pipeline.Of(rec) }), nil
		}
		return files{"memory://l": "Key|Name\n7|seven\n17|seventeen"}.open(ctx, f)
	}
	m := parse(t, `
lookups: {l: {files: memory://l, key: Key}}
sources:
  - table: products
    files: memory://typed
    columns: {product_id: Id, unit_price: Price, unit_cost: Cost, updated_at: {from: At, timezone: Asia/Tokyo}, brand: {from: [Brand, "l[Id].Name"]}, category: "l[Price].Name", product_name: {template: "{Id} {At}"}, subcategory: {from: Id, map: {7: VII}}}
`)
	ctx := context.Background()
	lookups, err := LoadLookups(ctx, m, open)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := OpenInputs(ctx, m, open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := inputs[0].Bind(m, lookups, inputs[0].Main())
	if err != nil {
		t.Fatal(err)
	}
	r := plan.NewReader(memory.DefaultAllocator, "batch-1", Dictionaries{})
	defer r.Release()
	segments, _ := inputs[0].Source.Split(ctx, 0)
	var got []string
	for out, err := range r.Scan(ctx, segments[0], nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, showRows(out.Records[0])...)
	}
	want := []string{
		"product_id=7 product_name=7 1970-01-01T00:00:00 category=seventeen subcategory=VII brand=Acme unit_cost=1.2346 unit_price=17 updated_at=1969-12-31T15:00:00Z @memory://typed:1",
		`product_id=8 product_name=8 1970-01-01T00:00:01.5 subcategory=8 unit_cost=0 unit_price=? updated_at=1969-12-31T15:00:01.5Z @memory://typed:2 _rescued_data={"Price":"1e+300"}`,
	}
	want[1] = strings.Replace(want[1], " unit_price=?", "", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c := r.Counts(); c.Rounded["unit_cost"] != 2 || c.Rescued["unit_price"] != 1 {
		t.Errorf("%+v", c)
	}
}

// Every array of a batch is a sound one: Arrow's own validation, and a copy
// through a builder, agree.
func TestRecordsAreSound(t *testing.T) {
	m, f := parse(t, shopText), shopFiles(50)
	_, err := readAll(t, m, f, 7, func(in *Input) []Target { return []Target{in.Main()} })
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := OpenInputs(context.Background(), m, f.open)
	defer CloseInputs(inputs)
	if err != nil {
		t.Fatal(err)
	}
	lookups, err := LoadLookups(context.Background(), m, f.open)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := inputs[0].Bind(m, lookups, inputs[0].Main())
	if err != nil {
		t.Fatal(err)
	}
	r := plan.NewReader(memory.DefaultAllocator, "batch-1", Dictionaries{})
	defer r.Release()
	segments, _ := inputs[0].Source.Split(context.Background(), 0)
	for out, err := range r.Scan(context.Background(), cutSegment{segments[0], 7}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		rec := out.Records[0]
		rows, err := Sales.Rows(rec)
		if err != nil {
			t.Fatal(err)
		}
		again := Sales.Record(nil, rows)
		for i, c := range rec.Columns() {
			nulls := 0
			for r := range c.Len() {
				if c.IsNull(r) {
					nulls++
				}
			}
			if nulls != c.NullN() || c.Len() != int(rec.NumRows()) {
				t.Errorf("%s: %d NULLs of %d, says %d", rec.ColumnName(i), nulls, c.Len(), c.NullN())
			}
		}
		if !reflect.DeepEqual(showRows(rec), showRows(again)) {
			t.Errorf("a copy has other rows")
		}
		again.Release()
	}
}
