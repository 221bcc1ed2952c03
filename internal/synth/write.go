package synth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// piece is a part of a file on its way from the goroutine that makes it to the
// one that writes it.
type piece struct {
	number  int
	buf     []byte
	records int64
	mess    map[Mess]int64
}

// record appends a record, quoting what needs it.
func (p *piece) record(fields []string) {
	for i, f := range fields {
		if i > 0 {
			p.buf = append(p.buf, ',')
		}
		p.buf = append(p.buf, quote(f)...)
	}
	p.buf = append(p.buf, '\n')
	p.records++
}

// aside writes files under temporary names beside their own, which they take
// when all of them are complete. It belongs to one goroutine.
type aside struct {
	dir     string
	workers int
	files   []File
}

// suffix of a file that is not complete yet.
const suffix = ".part"

// write makes a file of a header and n pieces. fill makes the pieces, several
// at a time; they are written in order, and written is told of each.
func (a *aside) write(ctx context.Context, name, header string, n int, fill func(number int, p *piece), written func(*piece)) (err error) {
	f, err := os.Create(filepath.Join(a.dir, name+suffix))
	if err != nil {
		return outputError(name, err)
	}
	a.files = append(a.files, File{Name: name})
	out := &a.files[len(a.files)-1]
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = outputError(name, e)
		}
	}()
	put := func(b []byte) error {
		if _, err := f.Write(b); err != nil {
			return outputError(name, err)
		}
		out.Bytes += int64(len(b))
		return nil
	}
	if err := put([]byte(header)); err != nil {
		return err
	}

	// A worker holds a piece before it takes a number, so the lowest number is
	// always being worked on and the pieces cannot all wait for it.
	pieces := a.workers + 2
	free, full := make(chan *piece, pieces), make(chan *piece, pieces)
	for range pieces {
		free <- &piece{}
	}
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(a.workers, n) {
		g.Go(func() error {
			for {
				var p *piece
				select {
				case p = <-free:
				case <-ctx.Done():
					return ctx.Err()
				}
				p.number = int(taken.Add(1) - 1)
				if p.number >= n {
					return nil
				}
				p.buf, p.records, p.mess = p.buf[:0], 0, map[Mess]int64{}
				fill(p.number, p)
				full <- p // has room for every piece
			}
		})
	}
	g.Go(func() error {
		waiting := map[int]*piece{}
		for next := 0; next < n; {
			select {
			case p := <-full:
				waiting[p.number] = p
			case <-ctx.Done():
				return ctx.Err()
			}
			for p := waiting[next]; p != nil; p = waiting[next] {
				if err := put(p.buf); err != nil {
					return err
				}
				out.Records += p.records
				written(p)
				delete(waiting, next)
				next++
				free <- p
			}
		}
		return nil
	})
	return g.Wait()
}

// publish gives the files their names, the last one first: smelt.yml marks the
// folder as a sample shop's, so that a publication cut short can be repeated.
func (a *aside) publish() error {
	for _, f := range slices.Backward(a.files) {
		path := filepath.Join(a.dir, f.Name)
		if err := os.Rename(path+suffix, path); err != nil {
			return outputError(f.Name, err)
		}
	}
	return nil
}

// discard removes what is not published.
func (a *aside) discard() {
	for _, f := range a.files {
		_ = os.Remove(filepath.Join(a.dir, f.Name+suffix))
	}
}

func outputError(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &pipeline.Error{Kind: pipeline.ErrOutput, File: file, Msg: "cannot be written", Err: err}
}
