package deltaio

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// VacuumOptions says what Vacuum deletes. The zero value is the default.
type VacuumOptions struct {
	DryRun bool // only list
	// Retention is how long ago a file must have been removed from the table,
	// or written and never added, to be deleted; 0 = what the table says
	// (delta.deletedFileRetentionDuration, by default 7 days). A reader or a
	// writer that runs longer may lose files that it needs.
	Retention time.Duration
}

// Unused is a file that no version of the table from the retention on needs.
type Unused struct {
	Path     string // below the table's folder, with /
	Size     int64
	Modified time.Time
}

// Vacuum deletes the files in a table's folder that the table no longer needs,
// and returns them. Versions that needed them cannot be read any more, though
// the log still lists them. It keeps the files of the newest version, those
// that were removed from the table within the retention, those that were
// written within it (a writer may be about to commit them), and everything in
// files and folders whose name begins with _ or a dot. Of the log it deletes
// only what a killed writer of smelt has left.
func Vacuum(ctx context.Context, dir string, o VacuumOptions) ([]Unused, error) {
	t := table{dir: dir}
	s, err := Load(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := s.protocol.checkWrite(dir, &s.Metadata); err != nil {
		return nil, err
	}
	if o.Retention < 0 {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: dir, Value: o.Retention.String(), Msg: "the retention of a vacuum cannot be negative"}
	}
	if o.Retention == 0 {
		o.Retention = s.fileRetention()
	}
	unused, err := t.unused(ctx, s, time.Now().Add(-o.Retention))
	if err != nil || o.DryRun {
		return unused, err
	}
	for i, f := range unused {
		if err := ctx.Err(); err != nil {
			return unused[:i], err
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := t.disk.remove(path); err != nil {
			return unused[:i], outputError(path, "cannot be deleted", err)
		}
	}
	return unused, nil
}

// unused lists the files that were of no use before a time.
func (t table) unused(ctx context.Context, s *Snapshot, before time.Time) ([]Unused, error) {
	var out []Unused
	err := filepath.WalkDir(t.dir, func(full string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && full != t.dir {
			return nil // somebody else's, and gone meanwhile
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if full == t.dir {
			return nil
		}
		aside := strings.HasPrefix(e.Name(), asidePrefix)
		switch hidden := strings.HasPrefix(e.Name(), "_") || strings.HasPrefix(e.Name(), "."); {
		case e.IsDir() && full == t.logDir():
			return nil // only for what was left aside
		case e.IsDir() && hidden:
			return fs.SkipDir
		case e.IsDir():
			return nil
		case !aside && (hidden || filepath.Dir(full) == t.logDir() || !e.Type().IsRegular()):
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.dir, full)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(rel)
		if !info.ModTime().Before(before) || s.file(path) != nil {
			return nil
		}
		if r, ok := s.tombstones[path]; ok && !time.UnixMilli(r.DeletionTimestamp).Before(before) {
			return nil
		}
		out = append(out, Unused{Path: path, Size: info.Size(), Modified: info.ModTime().UTC()})
		return nil
	})
	if err != nil {
		return nil, inputError(t.dir, "the table's folder cannot be listed", err)
	}
	return out, nil
}
