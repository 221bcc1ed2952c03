package silver

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// manyCustomers returns records of n customers in some order, of whom every
// third has a later one.
func manyCustomers(n int, shuffled bool) []bronze.Customer {
	rng := rand.New(rand.NewPCG(3, 3))
	var rows []bronze.Customer
	add := func(i, version int) {
		rows = append(rows, bronze.Customer{
			CustomerID: pipeline.Some(fmt.Sprintf("C%07d", i)), FirstName: pipeline.Some(fmt.Sprintf("Ann %d", version)), LastName: pipeline.Some(fmt.Sprintf("Lee %d", i)),
			Email: pipeline.Some(fmt.Sprintf("ann.%d@example.com", i*version)), City: pipeline.Some(pipeline.Code(fmt.Sprintf("City %d", i/1000))), Country: pipeline.Some(pipeline.Code([]string{"USA", "Italia", ""}[i%3])),
			BirthDate: pipeline.Null[pipeline.Date]{V: pipeline.Date(i), Valid: i%2 == 0}, UpdatedAt: pipeline.Some(pipeline.Timestamp(version)), SourceFile: "c", BatchID: "b"})
	}
	for i := range n {
		add(i, 1)
	}
	for i := 0; i < n; i += 3 {
		add(i, 100)
	}
	if shuffled {
		rng.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
	}
	for i := range rows {
		rows[i].SourceRow = int64(i + 1)
	}
	return rows
}

// A large dimension comes in batches, ascending by key, and Customers has the
// same rows.
func TestDimensionInBatches(t *testing.T) {
	const n = outputRows + 100
	full := pipeline.NewScratch(1, t.TempDir())
	defer full.Close()
	for _, c := range []struct {
		shuffled bool
		scratch  *pipeline.Scratch
	}{{false, nil}, {true, full}} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		m, err := New(&bronze.Mapping{Sources: []bronze.SourceSpec{{Table: "customers"}}}, nil, mem, c.scratch)
		if err != nil {
			t.Fatal(err)
		}
		for rows := range slices.Chunk(manyCustomers(n, c.shuffled), 5000) {
			rec := bronze.Customers.Record(nil, rows)
			if err := m.AddCustomers(rec, func(arrow.Record) error { return errors.New("quarantined") }); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
		if err := errors.Join(m.Freeze(), m.Resolved(), m.Finish()); err != nil {
			t.Fatal(err)
		}
		some, err := m.Customers(mem, "country_code", "full_name")
		if err != nil {
			t.Fatal(err)
		}
		if got := some.Schema().String(); got != arrow.NewSchema([]arrow.Field{DimCustomers.Schema.Field(0), DimCustomers.Schema.Field(3), DimCustomers.Schema.Field(13)}, nil).String() {
			t.Errorf("columns: %s", got)
		}
		i, batches := 0, 0
		if err := m.DimCustomers(mem, func(rec arrow.Record) error {
			if rec.NumRows() > outputRows {
				t.Errorf("a batch of %d rows", rec.NumRows())
			}
			batches++
			rows, err := DimCustomers.Rows(rec)
			for at, row := range rows {
				version := map[bool]int{true: 100, false: 1}[i%3 == 0]
				want := Customer{CustomerID: fmt.Sprintf("C%07d", i), FirstName: pipeline.Some(fmt.Sprintf("Ann %d", version)), LastName: pipeline.Some(fmt.Sprintf("Lee %d", i)),
					FullName: pipeline.Some(fmt.Sprintf("Ann %d Lee %d", version, i)), Email: pipeline.Some(fmt.Sprintf("ann.%d@example.com", i*version)),
					City: pipeline.Some(pipeline.Code(fmt.Sprintf("City %d", i/1000))), BirthDate: pipeline.Null[pipeline.Date]{V: pipeline.Date(i), Valid: i%2 == 0}, UpdatedAt: pipeline.Some(pipeline.Timestamp(version))}
				if !want.BirthDate.Valid {
					want.BirthDate.V = 0
				}
				if i%3 < 2 {
					want.Country, want.CountryCode = pipeline.Some([]pipeline.Code{"United States", "Italy"}[i%3]), pipeline.Some([]pipeline.Code{"US", "IT"}[i%3])
				}
				if row != want {
					t.Fatalf("row %d:\n%+v, want\n%+v", i, row, want)
				}
				for k, name := range []string{"customer_id", "full_name", "country_code"} {
					a, _ := textAt(rec.Column(DimCustomers.MustIndex(name)), at)
					if b, _ := textAt(some.Column(k), i); !bytes.Equal(a, b) {
						t.Fatalf("row %d: %s is %q in Customers, %q in DimCustomers", i, name, b, a)
					}
				}
				i++
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if i != n || batches != 2 {
			t.Errorf("%d rows in %d batches", i, batches)
		}
		some.Release()
		keys, err := m.Customers(mem)
		if err != nil {
			t.Fatal(err)
		}
		if keys.NumCols() != 1 || keys.Column(0).(*array.String).Len() != n {
			t.Errorf("the keys alone: %v", keys.Schema())
		}
		keys.Release()
		stop := errors.New("stop")
		if err := m.DimCustomers(mem, func(arrow.Record) error { return stop }); err != stop {
			t.Errorf("the writer's error became %v", err)
		}
		if c.scratch != nil {
			c.scratch.Close()
			if err := m.DimCustomers(mem, func(arrow.Record) error { return nil }); !errors.Is(err, pipeline.ErrOutput) {
				t.Errorf("texts that are gone: %v", err)
			}
		}
		m.Release()
		mem.AssertSize(t, 0)
	}
}
