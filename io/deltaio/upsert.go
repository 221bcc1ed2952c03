package deltaio

import (
	"context"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// Upsert replaces the rows of a table whose key a new row has, inserts the
// other new rows, and returns the version. Only files that hold a matched key
// are written again; of the others only those whose statistics allow for a
// match are looked into, and only at their key columns. The new rows' keys are
// held in memory. A NULL in a key, or a key that two new rows have, is an error.
// The table must exist.
func Upsert(ctx context.Context, dir string, t *pipeline.Table, key []string, rows pipeline.Stream, o WriteOptions) (int64, error) {
	s, err := Load(ctx, dir)
	if err != nil {
		return -1, err
	}
	if done(s, o.Txn) {
		return s.Version, nil
	}
	if t, err = s.fits(t); err != nil {
		return -1, err
	}
	u := &upsert{table: table{dir: dir}, t: t, key: key, keys: map[string]struct{}{}, options: o}
	for _, k := range key {
		if t.Index(k) < 0 {
			return -1, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Column: k, Msg: "is no column, so rows cannot be matched by it"}
		}
	}
	if len(key) == 0 {
		return -1, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Msg: "no key to match rows by"}
	}
	// The new rows are written once, whatever others commit meanwhile.
	w := newRowWriter(u.table, t, &s.Metadata, o.Parquet)
	if u.fresh, err = w.writeAll(u.collect(rows)); err != nil {
		return -1, err
	}
	version, err := rebuild(ctx, dir, s, func(s *Snapshot) (*Change, error) {
		u.abort()
		return u.plan(ctx, s)
	})
	if err != nil && version < 0 {
		u.abort()
		w.abort()
	}
	return version, err
}

type upsert struct {
	table   table
	t       *pipeline.Table
	key     []string
	keys    map[string]struct{} // of the new rows
	fresh   []File              // that hold the new rows
	copied  *rowWriter          // of the rows that stay, of files with a match
	options WriteOptions
}

// abort removes the copies of a plan that was not carried out.
func (u *upsert) abort() {
	if u.copied != nil {
		u.copied.abort()
		u.copied = nil
	}
}

// collect passes the new rows on and notes their keys.
func (u *upsert) collect(rows pipeline.Stream) pipeline.Stream {
	return func(yield func(arrow.Record, error) bool) {
		n := int64(0)
		for rec, err := range rows {
			if err == nil {
				err = u.t.Check(rec)
			}
			if err == nil {
				err = u.note(rec, n)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			n += rec.NumRows()
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (u *upsert) note(rec arrow.Record, before int64) error {
	columns := make([]arrow.Array, len(u.key))
	for i, k := range u.key {
		columns[i] = rec.Column(u.t.Index(k))
	}
	var b []byte
	for row := range int(rec.NumRows()) {
		var err error
		null := false
		if b, null, err = appendKey(b[:0], columns, row); err != nil {
			return err
		}
		msg := ""
		if null {
			msg = "NULL in the key that rows are matched by"
		} else if _, ok := u.keys[string(b)]; ok {
			msg = "two of the new rows have the same key"
		}
		if msg != "" {
			return &pipeline.Error{Kind: pipeline.ErrData, Table: u.t.Name, Column: u.key[0], Row: before + int64(row) + 1, Value: string(b), Msg: msg}
		}
		u.keys[string(b)] = struct{}{}
	}
	return nil
}

// appendKey adds a text that stands for a row's key.
func appendKey(b []byte, columns []arrow.Array, row int) (_ []byte, null bool, err error) {
	for _, c := range columns {
		if c.IsNull(row) {
			return b, true, nil
		}
		if d, ok := c.(*array.Dictionary); ok {
			c, row := d.Dictionary(), d.GetValueIndex(row)
			b = appendText(b, c.(*array.String).Value(row))
			continue
		}
		if s, ok := c.(*array.String); ok {
			b = appendText(b, s.Value(row)) // an empty text is a key too
			continue
		}
		v, err := PartitionValue(c, row)
		if err != nil || v == nil {
			return b, false, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "rows cannot be matched by a column of type " + c.DataType().String(), Err: err}
		}
		b = appendText(b, *v)
	}
	return b, false, nil
}

func appendText(b []byte, s string) []byte {
	return append(append(strconv.AppendInt(b, int64(len(s)), 10), ':'), s...)
}

// plan finds the files with a match and copies their other rows.
func (u *upsert) plan(ctx context.Context, s *Snapshot) (*Change, error) {
	if _, err := s.fits(u.t); err != nil {
		return nil, err
	}
	whole, err := s.Table()
	if err != nil {
		return nil, err
	}
	keys, err := s.table(u.key)
	if err != nil {
		return nil, err
	}
	u.copied = newRowWriter(u.table, whole, &s.Metadata, u.options.Parquet)
	c := u.options.change(s, Update, "MERGE")
	c.Parameters = map[string]string{"predicate": u.predicate(), "matchedPredicates": `[{"actionType":"update"}]`, "notMatchedPredicates": `[{"actionType":"insert"}]`}
	c.Add = append(c.Add, u.fresh...)
	updated, copied := int64(0), int64(0)
	for _, f := range s.files {
		if f == nil || !u.mayMatch(s, f) {
			continue
		}
		matched, err := u.matches(ctx, s, f, keys)
		if err != nil {
			return nil, err
		}
		if matched == nil {
			continue
		}
		kept, err := u.copy(ctx, s, f, whole, matched)
		if err != nil {
			return nil, err
		}
		c.Remove = append(c.Remove, f.Path)
		updated, copied = updated+int64(len(matched))-kept, copied+kept
	}
	old, err := u.copied.finish()
	if err != nil {
		return nil, err
	}
	c.Add = append(c.Add, old...)
	source := int64(len(u.keys))
	c.Metrics = map[string]string{"numSourceRows": number(source), "numTargetRowsUpdated": number(updated), "numTargetRowsInserted": number(source - updated), "numTargetRowsCopied": number(copied),
		"numTargetRowsDeleted": "0", "numOutputRows": number(source + copied), "numTargetFilesAdded": number(int64(len(c.Add))), "numTargetFilesRemoved": number(int64(len(c.Remove)))}
	return c, nil
}

func (u *upsert) predicate() string {
	out := ""
	for i, k := range u.key {
		if i > 0 {
			out += " AND "
		}
		out += "target." + k + " = source." + k
	}
	return out
}

func (u *upsert) mayMatch(s *Snapshot, f *File) bool {
	for i := range u.fresh {
		if mayShareKey(s.Schema, u.key, f, &u.fresh[i]) {
			return true
		}
	}
	return false
}

// matches says of each row of a file whether a new row has its key; nil if none has.
func (u *upsert) matches(ctx context.Context, s *Snapshot, f *File, keys *pipeline.Table) ([]bool, error) {
	var out []bool
	any := false
	var b []byte
	for rec, err := range s.scanFile(ctx, f, keys, nil, nil) {
		if err != nil {
			return nil, err
		}
		for row := range int(rec.NumRows()) {
			var null bool
			if b, null, err = appendKey(b[:0], rec.Columns(), row); err != nil {
				return nil, err
			}
			_, ok := u.keys[string(b)]
			ok = ok && !null // a NULL is no other's equal
			out, any = append(out, ok), any || ok
		}
	}
	if !any {
		return nil, nil
	}
	return out, nil
}

// copy writes the rows of a file that are not matched to new files, and
// returns their number.
func (u *upsert) copy(ctx context.Context, s *Snapshot, f *File, whole *pipeline.Table, matched []bool) (int64, error) {
	at, kept := 0, int64(0)
	for rec, err := range s.scanFile(ctx, f, whole, nil, nil) {
		if err != nil {
			return -1, err
		}
		n := int(rec.NumRows())
		if at+n > len(matched) {
			return 0, inputError(f.Path, "has changed while it was read", nil)
		}
		err := pipeline.EachStretch(rec, func(row int) bool { return !matched[at+row] }, func(part arrow.Record) error {
			kept += part.NumRows()
			return u.copied.write(part)
		})
		if err != nil {
			return -1, err
		}
		at += n
	}
	return kept, nil
}
