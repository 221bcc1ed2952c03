package gold

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// writers are the open writers of one part, one per table, opened at their
// first use. They belong to one goroutine.
type writers struct {
	run  *run
	part int
	open map[*pipeline.Table]*writer
}

type writer struct {
	pipeline.Writer
	spent time.Duration
}

func (r *run) writers(part int) *writers {
	return &writers{run: r, part: part, open: map[*pipeline.Table]*writer{}}
}

func (w *writers) of(t *pipeline.Table) (*writer, error) {
	if out := w.open[t]; out != nil {
		return out, nil
	}
	out, err := w.run.sink.Create(t, w.part)
	if err != nil {
		return nil, err
	}
	w.open[t] = &writer{Writer: out}
	return w.open[t], nil
}

func (w *writers) write(t *pipeline.Table, rec arrow.Record) error {
	if rec.NumRows() == 0 {
		return nil
	}
	out, err := w.of(t)
	if err != nil {
		return err
	}
	return out.Write(rec)
}

// Write counts the time that writing takes.
func (w *writer) Write(rec arrow.Record) error {
	start := time.Now()
	defer func() { w.spent += time.Since(start) }()
	return w.Writer.Write(rec)
}

// tee returns a stage that writes every batch to table t.
func (w *writers) tee(t *pipeline.Table) pipeline.Stage {
	return pipeline.WriteTo(lazy{w, t})
}

// lazy is a writer that opens its table's part at the first row.
type lazy struct {
	*writers
	table *pipeline.Table
}

// Write writes a batch.
func (l lazy) Write(rec arrow.Record) error { return l.write(l.table, rec) }

// Close does nothing: the part's writers are closed together.
func (l lazy) Close() (pipeline.Stats, error) { return pipeline.Stats{}, nil }

// only opens the writer of a table that is one part.
func (r *run) only(t *pipeline.Table) (pipeline.Writer, error) {
	w := r.writers(0)
	if _, err := w.of(t); err != nil {
		return nil, err
	}
	return whole{lazy{w, t}}, nil
}

// whole is the writer of a whole table.
type whole struct{ lazy }

// Close closes the table; what it holds is in the run's report.
func (w whole) Close() (pipeline.Stats, error) { return pipeline.Stats{}, w.close() }

// rejects writes records that could not be read.
func (w *writers) rejects(in *bronze.Input, rejected []pipeline.Rejected) error {
	if len(rejected) == 0 {
		return nil
	}
	rows := make([]bronze.Reject, len(rejected))
	for i, r := range rejected {
		rows[i] = bronze.Reject{SourceTable: pipeline.Code(in.Spec.Table), SourceFile: pipeline.Code(in.File.Name),
			SourceRow: r.Row, ByteOffset: r.Offset, Error: r.Error, Raw: r.Raw}
	}
	rec := bronze.Rejects.Record(w.run.mem, rows)
	defer rec.Release()
	return w.write(bronze.Rejects.Table, rec)
}

// close closes all writers and adds what they wrote to the run's report.
func (w *writers) close() error {
	var errs []error
	for t, out := range w.open {
		start := time.Now()
		stats, err := out.Close()
		errs = append(errs, err)
		w.run.mu.Lock()
		rep := w.run.tables[t.Name]
		if rep == nil {
			rep = &pipeline.TableReport{Name: t.Name}
			w.run.tables[t.Name] = rep
		}
		rep.Rows += stats.Rows
		rep.Bytes += stats.Bytes
		if stats != (pipeline.Stats{}) {
			rep.Parts++
		}
		rep.Seconds += (out.spent + time.Since(start)).Seconds()
		w.run.mu.Unlock()
	}
	return errors.Join(errs...)
}

// compareTables orders tables as the layers flow, the user's own last, by name.
func compareTables(a, b string) int {
	names := []string{"bronze.customers", "bronze.products", "bronze.sales", "bronze.rejects",
		"silver.dim_customers", "silver.dim_products", "silver.fact_sales", "silver.quarantine"}
	for _, s := range Seed() {
		names = append(names, s.Name)
	}
	place := func(name string) int {
		if i := slices.Index(names, name); i >= 0 {
			return i
		}
		return len(names)
	}
	return cmp.Or(place(a)-place(b), strings.Compare(a, b))
}
