//go:build unix

package csvio

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// TestPipe reads a named pipe, which gives its bytes once.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes: %v", err)
	}
	go func() { _ = os.WriteFile(path, []byte("a,b\n1,2\n3,4\n"), 0) }()
	s := open(t, pipeline.File{Path: path})
	for range 2 {
		equal(t, "rows", scan(t, s, 1, texts(t, s)).rows, []string{"1|1|2", "2|3|4"})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "smelt-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
