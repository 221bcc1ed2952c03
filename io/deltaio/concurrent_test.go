package deltaio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// increment adds one to the number that a table of one row holds, n times. It
// begins anew after a conflict, as the next run of a pipeline would.
func increment(dir string, n int) (conflicts int, err error) {
	ctx := context.Background()
	for i := 0; i < n; {
		s, err := Load(ctx, dir)
		if err != nil {
			return conflicts, err
		}
		amount := int64(-1)
		for rec, err := range Scan(ctx, s, nil) {
			if err != nil {
				return conflicts, err
			}
			rows, err := sales.Rows(rec)
			if err != nil || len(rows) != 1 {
				return conflicts, fmt.Errorf("%d rows, %v", len(rows), err)
			}
			amount = int64(rows[0].Amount.V)
		}
		f, err := writeOne(table{dir: dir}, sale{ID: "counter", Amount: pipeline.Some(pipeline.Price(amount + 1))})
		if err != nil {
			return conflicts, err
		}
		c := NewChange(s, Update, "UPDATE")
		c.Add = []File{f}
		for _, f := range s.Files() {
			c.Remove = append(c.Remove, f.Path)
		}
		switch _, err := Commit(ctx, dir, c); {
		case errors.Is(err, ErrConflict):
			conflicts++
		case err != nil:
			return conflicts, err
		default:
			i++
		}
	}
	return conflicts, nil
}

// TestIncrementProcess is the body of the processes that TestConcurrent starts.
func TestIncrementProcess(t *testing.T) {
	dir := os.Getenv("SMELT_TEST_INCREMENT")
	if dir == "" {
		t.Skip("started by TestConcurrent")
	}
	n, _ := strconv.Atoi(os.Getenv("SMELT_TEST_TIMES"))
	if _, err := increment(dir, n); err != nil {
		t.Fatal(err)
	}
}

// TestConcurrent has goroutines and processes change one table at once: no
// change is lost, and none is done on an old state.
func TestConcurrent(t *testing.T) {
	dir := t.TempDir() + "/silver/counter"
	commitSales(t, dir, nil, Append, sale{ID: "counter", Amount: pipeline.Some(pipeline.Price(0))})
	const goroutines, processes, times = 4, 2, 6
	var wg sync.WaitGroup
	conflicts := make([]int, goroutines)
	for i := range goroutines {
		wg.Go(func() {
			var err error
			if conflicts[i], err = increment(dir, times); err != nil {
				t.Error(err)
			}
		})
	}
	for range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestIncrementProcess$")
			cmd.Env = append(os.Environ(), "SMELT_TEST_INCREMENT="+dir, "SMELT_TEST_TIMES="+strconv.Itoa(times))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	s := mustLoad(t, dir)
	want := (goroutines + processes) * times
	rows := scanned(t, s, []string{"amount"})
	if s.Version != int64(want) || len(rows) != 1 || rows[0] != fmt.Sprintf("amount=%q ", pipeline.FormatDecimal(int64(want), 4)) {
		t.Errorf("version %d, rows %v, want %d increments", s.Version, rows, want)
	}
	t.Logf("%d increments, conflicts %v", want, conflicts)
}

// TestConcurrentAppends has blind appends, overwrites and creations race: all
// succeed but for the creations, of which one does.
func TestConcurrentAppends(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/silver/sales"
	var wg sync.WaitGroup
	created := make([]error, 6)
	for i := range created {
		f := writeSales(t, dir, sale{ID: fmt.Sprint("first", i)})
		wg.Go(func() {
			c := NewChange(nil, Append, "CREATE TABLE")
			c.Metadata, _ = MetadataOf(sales.Table)
			c.Add = []File{f}
			_, created[i] = Commit(ctx, dir, c)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range created {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrConflict) {
			t.Error(err)
		}
	}
	if s := mustLoad(t, dir); won != 1 || s.Version != 0 || s.Rows() != 1 {
		t.Fatalf("%d creations, %v", won, created)
	}
	base := mustLoad(t, dir)
	const writers, times = 5, 5
	versions := make(chan int64, writers*times)
	for i := range writers {
		wg.Go(func() {
			for k := range times {
				f, err := writeOne(table{dir: dir}, sale{ID: fmt.Sprint(i, k)})
				if err != nil {
					t.Error(err)
					return
				}
				c := NewChange(base, Append, "WRITE")
				if i == 0 && k == 2 {
					c.Mode = Overwrite
				}
				c.Add = []File{f}
				v, err := Commit(ctx, dir, c)
				if err != nil {
					t.Error(err)
				}
				versions <- v
			}
		})
	}
	wg.Wait()
	close(versions)
	seen := map[int64]bool{0: true}
	for v := range versions {
		if seen[v] {
			t.Errorf("version %d was given twice", v)
		}
		seen[v] = true
	}
	// The rows are those after the overwrite, in the log's order.
	history, err := History(ctx, dir)
	if err != nil || len(history) != 1+writers*times {
		t.Fatalf("%d versions, %v", len(history), err)
	}
	want := int64(0)
	for _, c := range history {
		want += c.RowsAdded
		if c.FilesRemoved > 0 {
			break
		}
	}
	if s := mustLoad(t, dir); s.Rows() != want {
		t.Errorf("%d rows, want %d", s.Rows(), want)
	}
}

// TestConcurrentOperations has appends, upserts, compactions, checkpoints and
// vacuums beside one another: the rows are those of the appends, as the upserts
// changed them.
func TestConcurrentOperations(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/silver/sales"
	commitSales(t, dir, nil, Append, sale{ID: "0", Amount: pipeline.Some(pipeline.Price(1))})
	one := func(id string, amount int) pipeline.Stream {
		return pipeline.Of(sales.Record(nil, []sale{{ID: id, Amount: pipeline.Some(pipeline.Price(amount))}}))
	}
	const times = 8
	var wg sync.WaitGroup
	for _, work := range []func(i int) error{
		func(i int) error {
			_, err := Write(ctx, dir, sales.Table, Append, one(fmt.Sprint("a", i), 1), WriteOptions{})
			return err
		},
		func(i int) error {
			_, err := Write(ctx, dir, sales.Table, Append, one(fmt.Sprint("b", i), 1), WriteOptions{})
			return err
		},
		func(i int) error {
			_, err := Upsert(ctx, dir, sales.Table, []string{"id"}, one("0", i+2), WriteOptions{})
			return err
		},
		func(int) error { _, err := Compact(ctx, dir, CompactOptions{}); return err },
		func(int) error { _, err := Checkpoint(ctx, dir); return err },
		func(int) error { _, err := Vacuum(ctx, dir, VacuumOptions{}); return err },
		func(int) error {
			s, err := Load(ctx, dir)
			if err != nil {
				return err
			}
			zero := 0
			for rec, err := range Scan(ctx, s, nil) {
				if err != nil {
					return err
				}
				for _, text := range render(rec, nil) {
					if strings.HasPrefix(text, `id="0"`) {
						zero++
					}
				}
			}
			if zero != 1 {
				return fmt.Errorf("%v has the row %d times", s, zero)
			}
			return nil
		},
	} {
		wg.Go(func() {
			for i := range times {
				// After ten conflicts in a row an operation gives up, clearly.
				if err := work(i); errors.Is(err, ErrConflict) {
					t.Log(err)
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s := mustLoad(t, dir)
	ids := map[string]bool{}
	for _, text := range scanned(t, s, []string{"id"}) {
		if ids[text] {
			t.Errorf("%s is there twice", text)
		}
		ids[text] = true
	}
	if len(ids) != 1+2*times {
		t.Errorf("%d rows, want %d", len(ids), 1+2*times)
	}
}

// TestConcurrentCreation has writers race for creating a table: one does, and
// the others append to it.
func TestConcurrentCreation(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/silver/sales"
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			rec := sales.Record(nil, []sale{{ID: fmt.Sprint(i)}})
			defer rec.Release()
			if _, err := Write(ctx, dir, sales.Table, Append, pipeline.Of(rec), WriteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s := mustLoad(t, dir); s.Version != 4 || s.Rows() != 5 {
		t.Errorf("version %d, %d rows", s.Version, s.Rows())
	}
}
