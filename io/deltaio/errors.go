package deltaio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/smeltdata/smelt/pipeline"
)

// Kinds of error, for errors.Is.
var (
	// ErrNoTable: the folder has no transaction log. It is fs.ErrNotExist too.
	ErrNoTable = fmt.Errorf("no Delta table: %w", fs.ErrNotExist)
	// ErrConflict: another writer's commit stands against this one. Nothing
	// was committed; read the table again and prepare the change anew.
	ErrConflict = errors.New("conflict with another writer")
	// ErrUnsupported: the table uses a feature of Delta that smelt lacks.
	ErrUnsupported = errors.New("not supported")
)

// inputError says that a table or its log cannot be read.
func inputError(path, msg string, err error) error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: msg, Err: bare(err, path)}
}

// outputError says that the disk refused a change, and what may help.
func outputError(path, msg string, err error) error {
	var e *pipeline.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	hint := ""
	var link *os.LinkError
	switch {
	case errors.As(err, &link) && link.Op == "link" && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS)):
		hint = "the file system has no hard links, which make a commit atomic: choose another output"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint = "free some space: the table is as it was"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "make the folder writable or choose another output"
	}
	return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: msg, Err: bare(err, path), Hint: hint}
}

// bare takes the path out of an error that the message names already.
func bare(err error, path string) error {
	var p *fs.PathError
	if errors.As(err, &p) && p.Path == path {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}

// unsupported says which feature of a table is in the way, and what to do.
func unsupported(path, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: msg, Err: ErrUnsupported, Hint: hint}
}

// conflictf says what another writer did that stands against a change.
func conflictf(dir, format string, args ...any) error {
	return &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: fmt.Sprintf(format, args...), Err: ErrConflict, Hint: "run again: the change is then prepared from the newest version"}
}
