package silver

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// Rows give back the texts that they were set to last, in whatever order they
// are set and read, wherever the texts are.
func TestPlainTexts(t *testing.T) {
	full := pipeline.NewScratch(1, t.TempDir())
	defer full.Close()
	rapid.Check(t, func(t *rapid.T) {
		const columns = 3
		p := &plainTexts{scratch: &pipeline.Scratch{}, columns: columns}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		fullFrom := rapid.IntRange(0, 400).Draw(t, "full from")
		long := rapid.SampledFrom([]int{10, 1000, textBlockSize, 4 * textBlockSize}).Draw(t, "long")
		want := map[int32][][]byte{}
		for step := range rapid.IntRange(0, 400).Draw(t, "steps") {
			if step == fullFrom {
				p.scratch = full
			}
			row := int32(len(p.at))
			if row == 0 || rng.IntN(3) > 0 {
				p.row()
			} else {
				row = rng.Int32N(row)
			}
			if rng.IntN(20) == 0 {
				continue // it may have none
			}
			var texts [][]byte
			var joined []byte
			for range columns {
				size := []int{0, 1, rng.IntN(100), rng.IntN(100), rng.IntN(long)}[rng.IntN(5)]
				texts = append(texts, bytes.Repeat([]byte{byte(rng.Uint32())}, size))
				joined = appendText(joined, texts[len(texts)-1])
			}
			want[row] = texts
			if err := p.set(row, joined); err != nil {
				t.Fatal(err)
			}
		}
		if full := p.spill != nil; full {
			defer p.spill.Close()
		}
		r := newTextsReader(p)
		order := make([]int, 2*len(p.at))
		for i := range order {
			order[i] = i % len(p.at)
		}
		if rapid.Bool().Draw(t, "shuffled") {
			rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		}
		for _, row := range order {
			got, err := r.read(row)
			if err != nil {
				t.Fatal(err)
			}
			texts := want[int32(row)]
			if texts == nil {
				texts = make([][]byte, columns)
			}
			if !slices.EqualFunc(got, texts, bytes.Equal) {
				t.Fatalf("row %d: %.100q, want %.100q", row, got, texts)
			}
		}
	})
}

// Temporary files that cannot be written or read are errors.
func TestPlainTextsErrors(t *testing.T) {
	fill := func(scratch *pipeline.Scratch) (*plainTexts, error) {
		p := &plainTexts{scratch: scratch, columns: 1}
		for row := range int32(3) {
			p.row()
			if err := p.set(row, appendText(nil, make([]byte, textBlockSize-5))); err != nil {
				return nil, err
			}
		}
		return p, nil
	}
	if _, err := fill(pipeline.NewScratch(1, filepath.Join(t.TempDir(), "none"))); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("no folder: %v", err)
	}
	scratch := pipeline.NewScratch(1, t.TempDir())
	p, err := fill(scratch)
	if err != nil {
		t.Fatal(err)
	}
	scratch.Close()
	if _, err := newTextsReader(p).read(0); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a file that is gone: %v", err)
	}
	if _, err := newTextsReader(p).read(2); err != nil {
		t.Errorf("the last block is in memory, but: %v", err)
	}
}

func BenchmarkPlainTexts(b *testing.B) {
	const rows = 200_000
	full := pipeline.NewScratch(1, b.TempDir())
	defer full.Close()
	for _, scratch := range []*pipeline.Scratch{{}, full} {
		p := &plainTexts{scratch: scratch, columns: 7}
		for row := range int32(rows) {
			p.row()
			var texts []byte
			for range p.columns {
				texts = appendText(texts, []byte("some text of it"))
			}
			if err := p.set(row, texts); err != nil {
				b.Fatal(err)
			}
		}
		for _, steps := range []int{1, 7_919} {
			b.Run(fmt.Sprintf("file=%v/step=%d", p.spill != nil, steps), func(b *testing.B) {
				for b.Loop() {
					r := newTextsReader(p)
					for i := range rows {
						if _, err := r.read(i * steps % rows); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
