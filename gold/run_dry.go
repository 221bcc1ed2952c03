package gold

import (
	"context"
	"errors"
	"time"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// DryRun finds out what Run would do, and writes nothing: the report has Read,
// Dropped, Gone and Full as that of Run would, Sources without counts of what is to
// be read, and of Tables the names of those that would be published. Of a lake, nil
// for a sink that is none, only Last is called. The files' headers are checked
// against the mapping; but for lookups no records are read. While it is at work, Run
// may find that new files change so much that it reads everything, which DryRun
// cannot know. Errors are those of Run, pipeline.ErrNothingNew too.
func DryRun(ctx context.Context, m *bronze.Mapping, open pipeline.Opener, lake pipeline.Lake, opts ...Option) (_ *pipeline.Report, err error) {
	r := newRun(m, open, nil, opts)
	if lake != nil {
		r.sink = lake
	}
	if err := r.selectTables(); err != nil {
		return nil, err
	}
	if report, err := r.findWork(ctx); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.release()) }()
	if err := r.bind(ctx); err != nil {
		return nil, err
	}
	tables, err := Declarations(r.specs...)
	if err != nil {
		return nil, err
	}
	report := &pipeline.Report{Seconds: time.Since(r.start).Seconds(), Workers: r.workers, Sources: r.work.sources(r.sources),
		Full: r.work.full, Gone: r.work.gone, Digests: r.digests, Selected: r.selected}
	report.Version, report.Libraries = versions()
	for _, f := range r.work.reads() {
		report.Read = append(report.Read, f.File.Name)
	}
	for _, f := range r.work.dropped {
		report.Dropped = append(report.Dropped, f.File.Name)
	}
	for _, t := range tables {
		if r.publishes(t.Name) {
			report.Tables = append(report.Tables, pipeline.TableReport{Name: t.Name})
		}
	}
	return report, nil
}
