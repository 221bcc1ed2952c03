package csvio

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// openFile opens a file on disk, or copies what cannot be read twice to one.
func (s *source) openFile(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil && path == pipeline.Stdin: // a system without such a path
		return s.copy(ctx, os.Stdin)
	case err != nil:
		return s.fail("cannot be opened", errors.Unwrap(err), "")
	case info.IsDir():
		return s.fail("is a directory, not a file", nil, "")
	case info.Mode().IsRegular():
		if s.file, err = os.Open(path); err != nil {
			return s.fail("cannot be opened", errors.Unwrap(err), "")
		}
		if s.was, err = s.file.Stat(); err != nil {
			s.file.Close()
			return s.fail("cannot be read", withoutPath(err), "")
		}
		s.size = s.was.Size()
		return nil
	}
	pipe, err := openPipe(ctx, path)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && path == pipeline.Stdin: // a socket cannot be opened again
		return s.copy(ctx, os.Stdin)
	case err != nil:
		return s.fail("cannot be opened", errors.Unwrap(err), "")
	}
	defer pipe.Close()
	return s.copy(ctx, pipe)
}

// openPipe opens a pipe, which waits for somebody to write to it.
func openPipe(ctx context.Context, path string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.Open(path)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// copy copies a pipe to a temporary file.
func (s *source) copy(ctx context.Context, pipe *os.File) error {
	file, err := pipeline.NewTempFile("", "smelt-*.csv")
	if err != nil {
		return s.fail("cannot be copied to the temporary folder", err, "TMPDIR names another one")
	}
	s.file, s.temp = file.File, file
	stop := context.AfterFunc(ctx, func() { _ = pipe.SetReadDeadline(time.Now()) }) // ends a read that waits
	defer stop()
	buf := make([]byte, 1<<20)
	for {
		n, err := pipe.Read(buf)
		if _, e := file.Write(buf[:n]); e != nil {
			err = s.fail("cannot be copied to the temporary folder", withoutPath(e), "TMPDIR names another one")
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		s.size += int64(n)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			s.Close()
			var e *pipeline.Error
			if errors.As(err, &e) {
				return err
			}
			return s.reading(withoutPath(err))
		}
	}
}

// withoutPath drops the path from an error that names the file anyway.
func withoutPath(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Copied returns the bytes of a pipe that was copied; nil = the file is none.
func (s *source) Copied() *io.SectionReader {
	if s.temp == nil {
		return nil
	}
	return io.NewSectionReader(s.file, 0, s.size)
}
