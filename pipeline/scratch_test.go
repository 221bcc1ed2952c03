package pipeline

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

func TestScratchFull(t *testing.T) {
	runtime.GC() // before the first one nothing is known to be in use
	for _, c := range []struct {
		m    *Scratch
		full bool
	}{
		{nil, false}, {&Scratch{}, false}, {NewScratch(0, ""), false}, {NewScratch(1, ""), true}, {NewScratch(1<<50, ""), false},
	} {
		if got := c.m.Full(); got != c.full {
			t.Errorf("%p: full is %v, want %v", c.m, got, c.full)
		}
	}
}

func TestSpill(t *testing.T) {
	dir := t.TempDir()
	m := NewScratch(1, dir)
	s := m.Spill()
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Error("there is a file before there is a block")
	}
	type put struct {
		at    int64
		block []byte
	}
	var mu sync.Mutex
	var puts []put
	var g sync.WaitGroup
	for seed := range uint64(4) {
		g.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range 200 {
				b := make([]byte, r.IntN(5000))
				for i := range b {
					b[i] = byte(r.Uint32())
				}
				at, err := s.Put(b)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				puts = append(puts, put{at, b})
				mu.Unlock()
			}
		})
	}
	g.Wait()
	total := int64(0)
	for _, p := range puts {
		total += int64(len(p.block))
		got := make([]byte, len(p.block))
		if err := s.Get(got, p.at); err != nil || !bytes.Equal(got, p.block) {
			t.Fatalf("a block at %d came back different: %v", p.at, err)
		}
	}
	if m.Spilled() != total {
		t.Errorf("spilled %d bytes, want %d", m.Spilled(), total)
	}
	if files, _ := os.ReadDir(dir); runtime.GOOS != "windows" && len(files) > 0 {
		t.Errorf("the open file has the name %s, which a killed process would leave", files[0].Name())
	}
	if err := errors.Join(m.Close(), m.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("%s is left", files[0].Name())
	}
	if err := s.Get(make([]byte, 1), 0); !errors.Is(err, ErrOutput) {
		t.Errorf("reading a closed file: %v", err)
	}
}

func TestSpillErrors(t *testing.T) {
	s := NewScratch(1, filepath.Join(t.TempDir(), "none")).Spill()
	_, err := s.Put([]byte("x"))
	var e *Error
	if !errors.As(err, &e) || e.Kind != ErrOutput || !errors.Is(err, os.ErrNotExist) || e.Hint == "" {
		t.Errorf("no folder: %v", err)
	}
	full := s.fail("writing", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if !errors.As(full, &e) || e.Msg != "writing: the disk is full" {
		t.Errorf("a full disk: %v", full)
	}
}

func TestSpillFullDisk(t *testing.T) {
	file, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	s := NewScratch(1, "").Spill()
	s.create.Do(func() { s.file = &TempFile{File: file} })
	defer s.Close()
	_, err = s.Put([]byte("x"))
	var e *Error
	if !errors.As(err, &e) || e.Msg != "writing a temporary file after 0 bytes: the disk is full" {
		t.Errorf("%v", err)
	}
}
