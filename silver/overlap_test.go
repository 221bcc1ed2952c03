package silver

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
)

// Lines are equal where nothing but their provenance differs, a missing value
// from an empty one too, however their texts are encoded and their batch is cut.
func TestWholeLines(t *testing.T) {
	full := bronze.Sale{}
	for v, i := reflect.ValueOf(&full).Elem(), 0; i < v.NumField(); i++ {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			f.FieldByName("Valid").SetBool(true)
			f = f.FieldByName("V")
		}
		if f.Kind() == reflect.String {
			f.SetString(strings.Repeat("x", i+1))
		} else {
			f.SetInt(int64(i))
		}
	}
	lines := []bronze.Sale{full}
	var names []string
	for i, c := range bronze.Sales.Columns {
		other, missing := full, full
		f := reflect.ValueOf(&other).Elem().Field(i)
		if f.Kind() == reflect.Struct {
			reflect.ValueOf(&missing).Elem().Field(i).SetZero()
			f = f.FieldByName("V")
		}
		if f.Kind() == reflect.String {
			f.SetString("")
		} else {
			f.SetInt(-1)
		}
		lines, names = append(lines, other, missing), append(names, c.Name, c.Name)
	}
	whole := bronze.Sales.Record(nil, lines)
	defer whole.Release()
	plain := stagetest.Plain(whole)
	defer plain.Release()
	var w, p, one wholeLines
	w.read(1, whole)
	p.read(1, plain)
	for i := range lines {
		if i > 0 {
			provenance := slices.Contains([]string{"_source_file", "_source_row", "_batch_id"}, names[i-1])
			if same := bytes.Equal(w.at(i), w.at(0)); same != provenance {
				t.Errorf("%s differs, and the line is the same: %v", names[i-1], same)
			}
		}
		slice := whole.NewSlice(int64(i), int64(i+1))
		one.read(1, slice)
		if !bytes.Equal(p.at(i), w.at(i)) || !bytes.Equal(one.at(0), w.at(i)) {
			t.Errorf("line %d reads differently in another batch", i)
		}
		slice.Release()
	}
	p.read(2, plain)
	if bytes.Equal(p.at(0), w.at(0)) {
		t.Error("lines of two sources are the same")
	}
}

// A text that looks like the beginning of another's column is no such thing.
func TestWholeLinesDoNotRun(t *testing.T) {
	rec := bronze.Sales.Record(nil, []bronze.Sale{
		{City: pipeline.Some[pipeline.Code]("ab"), State: pipeline.Some[pipeline.Code]("c")},
		{City: pipeline.Some[pipeline.Code]("a"), State: pipeline.Some[pipeline.Code]("bc")},
		{City: pipeline.Some[pipeline.Code]("abc")},
		{State: pipeline.Some[pipeline.Code]("abc")},
	})
	defer rec.Release()
	var w wholeLines
	w.read(0, rec)
	seen := map[string]bool{}
	for i := range w.ends {
		seen[string(w.at(i))] = true
	}
	if len(seen) != len(w.ends) {
		t.Errorf("%d lines of %d", len(seen), len(w.ends))
	}
}

// Lines whose hashes agree are told apart by what they hold.
func TestOverlapHashesClash(t *testing.T) {
	w := overlapWorker{lines: []overlapLine{
		{7, []byte("b"), 0, 0, 1}, {7, []byte("a"), 0, 0, 2}, {7, []byte("b"), 2, 3, 3}, {7, []byte("a"), 1, 2, 4}, {7, []byte("b"), 2, 3, 5}, {8, []byte("a"), 1, 2, 6},
	}}
	var lost []int64
	for _, l := range w.decide() {
		lost = append(lost, l.row)
	}
	slices.Sort(lost)
	if want := []int64{1, 4}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

// What lines lose is the same in memory and from a file, and for every number of
// workers.
func TestOverlapSpills(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	type one struct {
		line []byte
		seg  int
		row  int64
	}
	var lines []one
	var w wholeLines
	exports := map[int]export{0: {0, 0}, 1: {0, 0}, 2: {0, 1}, 1 << 33: {0, 2}}
	count := map[string]*[3]int{}
	for row := range int64(120_000) {
		line := fmt.Appendf(nil, "%0100d", rng.IntN(60_000))
		seg := []int{0, 1, 2, 1 << 33}[rng.IntN(4)]
		lines = append(lines, one{line, seg, row})
		if count[string(line)] == nil {
			count[string(line)] = new([3]int)
		}
		count[string(line)][exports[seg].file]++
	}
	want := map[int][]int64{}
	for _, l := range lines {
		n, keeps := count[string(l.line)], 0
		for file := range n {
			if n[file] > n[keeps] {
				keeps = file
			}
		}
		if exports[l.seg].file != keeps {
			want[l.seg] = append(want[l.seg], l.row)
		}
	}
	scratch := pipeline.NewScratch(1, t.TempDir())
	defer scratch.Close()
	for _, c := range []struct {
		scratch *pipeline.Scratch
		workers int
	}{{nil, 1}, {nil, 3}, {scratch, 1}, {scratch, 3}} {
		o := &overlap{scratch: c.scratch}
		for i, l := range lines {
			w.buf, w.ends = l.line, []int{len(l.line)}
			o.add(w.hash(0), l.line, l.seg, l.row)
			if i%1000 == 0 {
				if err := o.putAside(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if spilled := o.spill != nil && o.spill.Size() > 0; spilled != (c.scratch != nil) {
			t.Fatalf("spilled: %v", spilled)
		}
		got := map[int][]int64{}
		if err := o.decide(c.workers, exports, got); err != nil {
			t.Fatal(err)
		}
		for _, rows := range got {
			slices.Sort(rows)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers, spilled %v: other lines lose", c.workers, c.scratch != nil)
		}
	}
}

// Temporary files that cannot be written or read are errors that say so.
func TestOverlapSpillErrors(t *testing.T) {
	fill := func(scratch *pipeline.Scratch) (*overlap, error) {
		o := &overlap{scratch: scratch}
		o.add(1, make([]byte, overlapBlockSize), 0, 1)
		return o, o.putAside()
	}
	if _, err := fill(pipeline.NewScratch(1, filepath.Join(t.TempDir(), "none"))); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("no folder: %v", err)
	}
	scratch := pipeline.NewScratch(1, t.TempDir())
	o, err := fill(scratch)
	if err := cmp.Or(err, scratch.Close()); err != nil {
		t.Fatal(err)
	}
	if err := o.decide(1, nil, map[int][]int64{}); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a file that is gone: %v", err)
	}
}

// The key scan wants bronze.sales in full.
func TestWholeLinesErrors(t *testing.T) {
	m, err := New(&bronze.Mapping{}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := bronze.Customers.Record(nil, []bronze.Customer{{SourceRow: 1, BatchID: "b", SourceFile: "f"}})
	defer rec.Release()
	if err := m.NewKeyScan().WholeLines(0, 0, 0, rec); err == nil {
		t.Error("customers are taken for sales")
	}
}
