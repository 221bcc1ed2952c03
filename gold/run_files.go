package gold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// tablesVersion changes when smelt makes other tables of the same files: then
// everything is read again.
const tablesVersion = "1"

// work is what a run does: it reads files, and drops what was made of others.
type work struct {
	last    *pipeline.Report // of the run that it builds upon; nil = it reads everything
	full    string           // why it reads everything
	files   []*knownFile     // all that the tables are made of, in record order
	dropped []*knownFile     // earlier contents whose rows go
	gone    []string
	same    bool // the files that were read before still stand in the same order
}

// knownFile is a file that is there, or that an earlier run read.
type knownFile struct {
	*bronze.InputFile
	read *pipeline.SourceReport // what an earlier run found in it; nil = this run reads it
	gone bool
}

// reads returns the files that the run reads.
func (w *work) reads() (files []*bronze.InputFile) {
	for _, f := range w.files {
		if f.read == nil && f.SameAs == "" {
			files = append(files, f.InputFile)
		}
	}
	return files
}

// place returns where a file stands in record order.
func (w *work) place(f *bronze.InputFile) int {
	return slices.IndexFunc(w.files, func(o *knownFile) bool { return o.InputFile == f })
}

type fileKey struct {
	source int
	name   string
}

func keyOf(f *bronze.InputFile) fileKey { return fileKey{f.Source, f.File.Name} }

// look finds out which files there are, what is in them, and what is to be done
// with them. Where nothing is, the error is pipeline.ErrNothingNew.
func (r *run) look(ctx context.Context) error {
	lake, _ := r.sink.(pipeline.Lake)
	var last *pipeline.Report
	var why string
	if lake != nil {
		var err error
		if last, why, err = lake.Last(ctx); err != nil {
			return err
		}
	}
	before := readBefore(last)
	files, err := bronze.Files(r.m, func(source int) bool {
		return last != nil && slices.ContainsFunc(last.Sources, func(s pipeline.SourceReport) bool { return s.Source == source && s.Hash != "" })
	})
	if err != nil {
		return err
	}
	err = bronze.Identify(ctx, files, r.workers, func(f *bronze.InputFile) bronze.Identity {
		if s := before[keyOf(f)]; s != nil {
			return identityOf(s)
		}
		return bronze.Identity{}
	})
	if err != nil {
		return err
	}
	if r.digests, err = bronze.Digests(ctx, r.m); err != nil {
		return err
	}
	if _, err := newTotals(append(Seed(), r.specs...), 1); err != nil {
		return err
	}
	r.digests["smelt"] = tablesVersion
	r.digests["gold tables"] = Fingerprint(append(Seed(), r.specs...))
	if (last == nil || r.current(last)) && r.compare(lake, last, why, files) {
		return pipeline.ErrNothingNew
	}
	if last != nil && last.Selected != nil {
		whole, alone := wholeRun(last)
		if r.compare(lake, whole, cmp.Or(why, alone), files) {
			r.work.full = "tables were published by themselves, of other files"
		}
	}
	w := &r.work
	same := w.same
	if name := w.twice(); w.full == "" {
		switch {
		case !same:
			w.full = "files come in another order than before"
		case name != "":
			w.full = name + " is a file of two sources of one table"
		case w.large():
			w.full = "most of the files are new"
		default:
			w.full = r.cannotAmend()
		}
	}
	if w.full != "" {
		if len(w.gone) > 0 && !r.refresh {
			return &pipeline.Error{Kind: pipeline.ErrInput, File: w.gone[0],
				Msg:  fmt.Sprintf("is not there any more, as is the case with %d in all that the tables are made of, and they have to be made anew: %s", len(w.gone), w.full),
				Hint: "put them back, or run with --full-refresh to make the tables without them"}
		}
		w.begin(files)
		return nil
	}
	return nil
}

// readBefore are the files that a run has read.
func readBefore(last *pipeline.Report) map[fileKey]*pipeline.SourceReport {
	before := map[fileKey]*pipeline.SourceReport{}
	if last != nil {
		for i, s := range last.Sources {
			before[fileKey{s.Source, s.File}] = &last.Sources[i]
		}
	}
	return before
}

// compare finds out what is to be done with the files after an earlier run, nil
// where there is none, and reports whether it is nothing.
func (r *run) compare(lake pipeline.Lake, last *pipeline.Report, why string, files []*bronze.InputFile) bool {
	r.work = work{last: last}
	w := &r.work
	w.full = r.whyFull(lake, why)
	w.same = w.merge(r.m, files, readBefore(last))
	return w.full == "" && w.same && len(w.reads()) == 0 && len(w.dropped) == 0
}

// whyFull says why a run cannot build upon the last one; "" where it can.
func (r *run) whyFull(lake pipeline.Lake, why string) string {
	last := r.work.last
	switch {
	case lake == nil:
		return "the output keeps no history"
	case r.refresh:
		return "--full-refresh"
	case r.why != "":
		return r.why
	case last == nil:
		return cmp.Or(why, "the first run")
	case why != "":
		return why
	}
	for _, name := range slices.Sorted(maps.Keys(r.digests)) {
		if r.digests[name] != last.Digests[name] {
			return name + " has changed"
		}
	}
	return ""
}

// cannotAmend says why a shop's tables cannot be amended by new files; "" where they can.
func (r *run) cannotAmend() string {
	if len(r.stages) > 0 {
		return "stages of the library's user stand between silver and gold"
	}
	for _, table := range []string{"customers", "products"} {
		for _, f := range r.work.dropped {
			if r.derives(table) && (f.Spec.Table == "sales" || f.Spec.Table == table) {
				return f.File.Name + ", which is not as it was, described " + table
			}
		}
	}
	for i := range r.m.Sources {
		if s := &r.m.Sources[i]; s.Kind == "returns" && s.Overlap != "" && !slices.ContainsFunc(s.Columns, func(c bronze.ColumnSpec) bool { return c.Column == "order_id" }) {
			return overlapping
		}
	}
	return ""
}

// merge puts the files that are there, and those that an earlier run has read
// and that are gone, into record order, and says what has changed. It reports
// whether the files that were read before still stand in the same order.
func (w *work) merge(m *bronze.Mapping, files []*bronze.InputFile, before map[fileKey]*pipeline.SourceReport) bool {
	there := map[fileKey]bool{}
	for _, f := range files {
		there[keyOf(f)] = true
		w.files = append(w.files, &knownFile{InputFile: f})
	}
	if w.last == nil {
		return true
	}
	var order []fileKey // of the earlier run
	for _, s := range w.last.Sources {
		if s.SameAs != "" {
			continue
		}
		k := fileKey{s.Source, s.File}
		if !there[k] && stillThere(m, s.File) {
			continue // smelt.yml names it no more: its rows go
		}
		if !there[k] {
			w.gone = append(w.gone, s.File)
			w.insert(earlier(m, &s), order)
		}
		order = append(order, k)
	}
	var all []*bronze.InputFile
	for _, f := range w.files {
		all = append(all, f.InputFile)
	}
	bronze.FindCopies(all)
	active := map[fileKey]bool{}
	var now []fileKey
	for _, f := range w.files {
		k := keyOf(f.InputFile)
		s := before[k]
		had := s != nil && s.SameAs == ""
		if had {
			now = append(now, k)
		}
		if f.SameAs == "" && had && s.Hash == f.Hash && f.Hash != "" {
			f.read, active[k] = s, true
		}
	}
	for _, s := range w.last.Sources {
		if k := (fileKey{s.Source, s.File}); s.SameAs == "" && !active[k] {
			w.dropped = append(w.dropped, &knownFile{InputFile: earlier(m, &s), read: before[k]})
		}
	}
	return slices.Equal(order, now)
}

// stillThere reports whether a file that an earlier run has read is there.
func stillThere(m *bronze.Mapping, name string) bool {
	path := filepath.FromSlash(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(m.Dir, path)
	}
	_, err := os.Stat(path)
	return err == nil
}

// insert puts a file that is gone where it stood: behind the file that it
// followed, and behind those of a glob that come before it.
func (w *work) insert(f *bronze.InputFile, order []fileKey) {
	at := slices.IndexFunc(w.files, func(o *knownFile) bool { return o.Source >= f.Source })
	if at < 0 {
		at = len(w.files)
	}
	if n := len(order); n > 0 && order[n-1].source == f.Source {
		at = 1 + slices.IndexFunc(w.files, func(o *knownFile) bool { return keyOf(o.InputFile) == order[n-1] })
	}
	for at < len(w.files) && w.files[at].Source == f.Source && !slices.Contains(order, keyOf(w.files[at].InputFile)) &&
		bronze.NaturalCompare(w.files[at].File.Name, f.File.Name) < 0 {
		at++
	}
	w.files = slices.Insert(w.files, at, &knownFile{InputFile: f, gone: true})
}

func identityOf(s *pipeline.SourceReport) bronze.Identity {
	return bronze.Identity{Hash: s.Hash, Size: s.Size, Stamp: s.Stamp}
}

// earlier returns a file as an earlier run has read it.
func earlier(m *bronze.Mapping, s *pipeline.SourceReport) *bronze.InputFile {
	f := &bronze.InputFile{Source: s.Source, File: pipeline.File{Name: s.File}, Identity: identityOf(s)}
	if s.Source < len(m.Sources) { // else smelt.yml has changed, and everything is read again
		f.Spec = &m.Sources[s.Source]
	}
	return f
}

// twice returns the name of a file that fills one table by two sources.
func (w *work) twice() string {
	seen := map[string]bool{}
	for _, f := range w.files {
		if f.Spec == nil {
			continue
		}
		k := f.Spec.Table + " " + f.File.Name
		if seen[k] {
			return f.File.Name
		}
		seen[k] = true
	}
	return ""
}

// large reports whether so much is new that reading all of it is less work.
func (w *work) large() bool {
	var have, fresh int64
	for _, f := range w.files {
		if f.read != nil {
			have += f.Size
		} else if f.SameAs == "" {
			fresh += f.Size
		}
	}
	return len(w.gone) == 0 && fresh > 64<<20 && fresh > have/2
}

// begin makes the work a run that reads everything that is there.
func (w *work) begin(files []*bronze.InputFile) {
	w.last, w.dropped, w.gone, w.files = nil, nil, nil, nil
	bronze.FindCopies(files)
	for _, f := range files {
		w.files = append(w.files, &knownFile{InputFile: f})
	}
}

// sources returns the report of every file, in record order; read are those
// of the files that were read.
func (w *work) sources(read []pipeline.SourceReport) (all []pipeline.SourceReport) {
	for _, f := range w.files {
		switch {
		case f.SameAs != "" && f.gone:
			continue
		case f.SameAs != "":
			all = append(all, pipeline.SourceReport{Table: f.Spec.Table, SameAs: f.SameAs})
		case f.read != nil:
			all = append(all, *f.read)
		default:
			all, read = append(all, read[0]), read[1:]
		}
		s := &all[len(all)-1]
		s.Source, s.File, s.Hash, s.Size, s.Stamp = f.Source, f.File.Name, f.Hash, f.Size, f.Stamp
	}
	return all
}

var errEverything = errors.New("everything must be read")

// everything is the error of a change that reaches so far that reading all
// files is less work, or the only way.
func everything(why string) error { return fmt.Errorf("%w: %s", errEverything, why) }
