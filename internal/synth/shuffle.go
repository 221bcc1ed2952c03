package synth

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// bucketBytes is about how much of a file stands in memory while it is
// shuffled. Files of more than maxBuckets times as much have larger buckets.
const (
	bucketBytes = 16 << 20
	maxBuckets  = 512
)

// shuffle puts the lines of a file after its header in a random order, in two
// passes: every line goes to a bucket drawn for it, then each bucket, of about
// so many bytes, is read, shuffled and written back. Every order is equally
// likely, as far as the random numbers go. The buckets need as much disk as the
// file, beside it.
func shuffle(ctx context.Context, path string, bucket int64, r rng) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "shuffle-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	buckets, err := newBuckets(dir, int(min(info.Size()/bucket+1, maxBuckets)))
	if err != nil {
		return err
	}
	defer buckets.close()
	header, err := buckets.fill(ctx, f, &r)
	if err != nil {
		return err
	}
	if _, err := f.Seek(header, io.SeekStart); err != nil {
		return err
	}
	return buckets.empty(ctx, f, &r)
}

// buckets are files that lines are dealt to.
type buckets struct {
	files   []*os.File
	writers []*bufio.Writer
}

func newBuckets(dir string, n int) (*buckets, error) {
	b := &buckets{}
	for i := range n {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			b.close()
			return nil, err
		}
		b.files, b.writers = append(b.files, f), append(b.writers, bufio.NewWriterSize(f, 32<<10))
	}
	return b, nil
}

func (b *buckets) close() {
	for _, f := range b.files {
		_ = f.Close()
	}
}

// fill deals the lines after the header, whose length it returns.
func (b *buckets) fill(ctx context.Context, from io.Reader, r *rng) (header int64, err error) {
	lines := bufio.NewReaderSize(from, 1<<20)
	for n := 0; ; n++ {
		if n&0xffff == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		line, err := lines.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0:
			return header, nil
		case err != nil:
			return 0, err // synth's lines end in a line feed, and are short
		case n == 0:
			header = int64(len(line))
			continue
		}
		if _, err := b.writers[r.below(len(b.writers))].Write(line); err != nil {
			return 0, err
		}
	}
}

// empty writes the lines of one bucket after the other, each shuffled.
func (b *buckets) empty(ctx context.Context, to io.Writer, r *rng) error {
	out := bufio.NewWriterSize(to, 1<<20)
	var text bytes.Buffer
	for i, f := range b.files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := b.writers[i].Flush(); err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		text.Reset()
		if _, err := text.ReadFrom(f); err != nil {
			return err
		}
		lines := bytes.SplitAfter(text.Bytes(), []byte("\n"))
		lines = lines[:len(lines)-1] // after the last line feed there is nothing
		for k := len(lines) - 1; k > 0; k-- {
			j := r.below(k + 1)
			lines[k], lines[j] = lines[j], lines[k]
		}
		for _, line := range lines {
			if _, err := out.Write(line); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
