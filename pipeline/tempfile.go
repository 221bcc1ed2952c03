package pipeline

import (
	"errors"
	"os"
)

// TempFile is a temporary file. Its name is removed at once, where the system
// lets an open file go on without one: then nothing can leave it behind, not even
// an end by force.
type TempFile struct {
	*os.File
	named bool
}

// NewTempFile makes a temporary file as os.CreateTemp does.
func NewTempFile(dir, pattern string) (*TempFile, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return &TempFile{f, os.Remove(f.Name()) != nil}, nil
}

// Close closes the file, which is gone then.
func (f *TempFile) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
