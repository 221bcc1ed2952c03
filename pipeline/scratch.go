package pipeline

import (
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
)

// Scratch says how much memory a run may use, and keeps what does not fit in
// temporary files. Whoever holds what grows with the input (hashes of keys,
// orders, texts of customers) asks Full from time to time, and from the first
// yes on puts it into a Spill. What a run writes does not depend on it.
//
// It is safe for concurrent use. The zero value has no limit.
type Scratch struct {
	limit int64
	dir   string
	full  atomic.Bool
	put   atomic.Int64

	mu    sync.Mutex
	files []*Spill // to be closed
}

// NewScratch returns a Scratch of so many bytes, which count for the whole
// process; 0 is no limit. Temporary files are in dir, "" being the system's
// folder for them.
func NewScratch(limit int64, dir string) *Scratch { return &Scratch{limit: limit, dir: dir} }

// Full reports whether what is in use has reached half of the limit once: the
// other half is for what cannot be put aside, and for what the garbage collector
// has not found yet. It costs next to nothing where there is no limit, and a few
// microseconds where there is one that is not reached.
func (s *Scratch) Full() bool {
	if s == nil || s.limit <= 0 {
		return false
	}
	if !s.full.Load() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if int64(live[0].Value.Uint64()) < s.limit/2 {
			return false
		}
		s.full.Store(true)
	}
	return true
}

// Spill returns a new temporary file, which comes to be with its first block.
func (s *Scratch) Spill() *Spill {
	f := &Spill{scratch: s}
	s.mu.Lock()
	s.files = append(s.files, f)
	s.mu.Unlock()
	return f
}

// Spilled returns how many bytes have been put into all files.
func (s *Scratch) Spilled() int64 { return s.put.Load() }

// Close removes every temporary file. Nothing may use them any more.
func (s *Scratch) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}

// Spill is a TempFile of blocks. It is safe for concurrent use.
type Spill struct {
	scratch *Scratch
	create  sync.Once
	file    *TempFile
	err     error
	size    atomic.Int64
}

// Put writes a block and returns where it is. The error of a full disk says so.
func (s *Spill) Put(block []byte) (at int64, err error) {
	s.create.Do(s.open)
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil {
		return 0, s.fail("writing a temporary file", os.ErrClosed)
	}
	at = s.size.Add(int64(len(block))) - int64(len(block))
	if _, err := s.file.WriteAt(block, at); err != nil {
		return 0, s.fail(fmt.Sprintf("writing a temporary file after %d bytes", at), err)
	}
	s.scratch.put.Add(int64(len(block)))
	return at, nil
}

// Get reads what Put wrote at a place.
func (s *Spill) Get(block []byte, at int64) error {
	if s.file == nil {
		return s.fail("reading a temporary file", os.ErrClosed)
	}
	if _, err := s.file.ReadAt(block, at); err != nil {
		return s.fail("reading a temporary file", err)
	}
	return nil
}

// Size returns how many bytes have been put.
func (s *Spill) Size() int64 { return s.size.Load() }

// Close removes the file; a second call does nothing.
func (s *Spill) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

func (s *Spill) open() {
	if s.file, s.err = NewTempFile(s.scratch.dir, "smelt-*.tmp"); s.err != nil {
		s.err = s.fail("making a temporary file", s.err)
	}
}

func (s *Spill) fail(what string, err error) error {
	dir := s.scratch.dir
	if dir == "" {
		dir = os.TempDir()
	}
	e := &Error{Kind: ErrOutput, File: dir, Msg: what, Err: err, Hint: "--tmp names another folder for what does not fit into memory"}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		e.Msg, e.Hint = what+": the disk is full", "make room there, name another folder with --tmp, or allow more memory with --memory"
	}
	return e
}
