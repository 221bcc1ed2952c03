package bronze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/smeltdata/smelt/pipeline"
)

// InputFile is one file of a source that is not open yet, and what is in it.
type InputFile struct {
	Source int // index in Mapping.Sources
	Spec   *SourceSpec
	File   pipeline.File
	Identity
	SameAs string // the name of an earlier file of the source with the same content: this one is not read
	seen   string // what a change of the file would change, as it was when its content was looked at
}

// Identity is which content a file has: the hash says so. Stamp is a shortcut
// that holds as long as nobody has touched the file; "" is never equal to another.
type Identity struct {
	Hash  string `json:"hash,omitempty"` // SHA-256 of all bytes, in hexadecimal; "" where a file cannot be read twice
	Size  int64  `json:"size,omitempty"` // bytes
	Stamp string `json:"stamp,omitempty"`
}

// Files finds the files of every source in record order: sources as listed,
// files as listed, a glob's files in natural order. A pattern that nothing
// matches is an error, unless gone says that files of the source were there before.
func Files(m *Mapping, gone func(source int) bool) ([]*InputFile, error) {
	var out []*InputFile
	for i := range m.Sources {
		spec := &m.Sources[i]
		files, err := expand(m.Dir, spec.Files, spec.Read, gone != nil && gone(i))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			out = append(out, &InputFile{Source: i, Spec: spec, File: f})
		}
	}
	return out, nil
}

// Identify reads the files, several at once, to say what is in them, and which of
// them only repeat another of their source. A file that known has with the same
// size and stamp is not read again.
func Identify(ctx context.Context, files []*InputFile, workers int, known func(f *InputFile) Identity) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for _, f := range files {
		if !f.again() {
			continue
		}
		g.Go(func() error { return f.identify(ctx, known(f)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	FindCopies(files)
	return ctx.Err()
}

// FindCopies sets SameAs of every file that has the content of an earlier one of
// its source, and clears it of the others.
func FindCopies(files []*InputFile) {
	type content struct {
		source int
		hash   string
	}
	first := map[content]string{}
	for _, f := range files {
		f.SameAs = ""
		c := content{f.Source, f.Hash}
		if name, ok := first[c]; ok && f.Hash != "" {
			f.SameAs = name
		} else {
			first[c] = f.File.Name
		}
	}
}

// again reports whether the file can be read a second time.
func (f *InputFile) again() bool {
	return !pipeline.IsVirtual(f.File.Path) && f.File.Path != pipeline.Stdin
}

func (f *InputFile) identify(ctx context.Context, known Identity) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	fail := func(err error) error {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: f.File.Name, Msg: "cannot be read", Err: withoutPath(err)}
	}
	info, err := os.Stat(f.File.Path)
	if err != nil {
		return fail(err)
	}
	if f.File.Format == "delta" && info.IsDir() {
		if f.Identity, err = identifyDelta(f.File.Path); err != nil {
			return fail(err)
		}
		return nil
	}
	if !info.Mode().IsRegular() {
		return nil // a folder, or a pipe, whose writer would take this for its reader
	}
	in, err := os.Open(f.File.Path)
	if err != nil {
		return fail(err)
	}
	defer in.Close()
	if info, err = in.Stat(); err != nil {
		return fail(err)
	}
	f.seen = seen(info)
	now := Identity{Size: info.Size()}
	if changed, _ := inodeOf(info); settled(info, time.Now()) {
		now.Stamp = fmt.Sprintf("%s-%d", f.seen, changed.UnixNano())
	}
	if now.Stamp != "" && known.Hash != "" && now.Size == known.Size && now.Stamp == known.Stamp {
		f.Identity = known
		return nil
	}
	h := sha256.New()
	if now.Size, err = io.CopyBuffer(h, in, make([]byte, 1<<20)); err != nil {
		return fail(err)
	}
	now.Hash = hex.EncodeToString(h.Sum(nil))
	f.Identity = now
	return nil
}

// Unchanged fails if a file is not as it was when Identify looked at it: what
// was read may be of another content then.
func (f *InputFile) Unchanged() error {
	if f.seen == "" {
		return nil
	}
	info, err := os.Stat(f.File.Path)
	if err == nil && seen(info) == f.seen {
		return nil
	}
	return &pipeline.Error{Kind: pipeline.ErrInput, File: f.File.Name, Msg: "has changed while it was read", Err: withoutPath(err), Hint: "run again when it is complete"}
}

// settled reports whether a file's last change is so long ago that its times
// tell of the next one. File systems keep them in ticks: of a clock's interrupts,
// up to 16 ms, where they keep fractions of milliseconds, else of up to two seconds.
func settled(info os.FileInfo, now time.Time) bool {
	inode, _ := inodeOf(info)
	for _, changed := range []time.Time{info.ModTime(), inode} {
		tick := 3 * time.Second
		if changed.Nanosecond()%int(time.Millisecond) != 0 {
			tick = 20 * time.Millisecond
		}
		if now.Sub(changed) < tick {
			return false
		}
	}
	return true
}

// seen is what changes when somebody writes to a file or puts another in its place.
func seen(info os.FileInfo) string {
	_, inode := inodeOf(info)
	return fmt.Sprintf("%d-%d-%d", info.Size(), info.ModTime().UnixNano(), inode)
}
