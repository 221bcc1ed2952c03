package infer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// How much of a layout is looked at: files up to wholeSize in full, of longer
// ones the beginning and some blocks further in, the last at the end.
const (
	wholeSize  = 8 << 20
	headSize   = 2 << 20
	blockSize  = 128 << 10
	blocks     = 12
	maxRecords = 120_000 // of a layout
	maxFiles   = 40      // of a layout, evenly spaced
)

// column is a column of a layout with the values of the sample.
type column struct {
	name  string
	index int
	words []string

	values []string // distinct, without blanks around them, in order of appearance
	counts []int    // by value
	codes  []int32  // by record
	at     map[string]int32

	profile
}

func (c *column) add(text string) {
	code, ok := c.at[text]
	if !ok {
		code = int32(len(c.values))
		text = strings.Clone(text)
		c.at[text] = code
		c.values = append(c.values, text)
		c.counts = append(c.counts, 0)
	}
	c.counts[code]++
	c.codes = append(c.codes, code)
}

// value is what a record of the sample has in the column.
func (c *column) value(row int) string { return c.values[c.codes[row]] }

// sample reads a sample of the layout's records.
func (l *layout) sample(ctx context.Context, open pipeline.Opener) error {
	for _, c := range l.columns {
		*c = column{name: c.name, index: c.index, words: c.words, at: map[string]int32{}}
	}
	l.whole, l.rows, l.begins = true, 0, nil
	step := max(1, (len(l.files)+maxFiles-1)/maxFiles)
	for i := 0; i < len(l.files); i += step {
		f := l.files[i]
		if step > 1 {
			l.whole = false
		}
		room := int64(wholeSize)
		if n := int64(len(l.files) / step); n > 4 {
			room = 4 * wholeSize / n
		}
		l.begins = append(l.begins, l.rows)
		if err := l.sampleFile(ctx, f, open, room); err != nil {
			// A nested column of a Parquet file is refused by name: do without.
			var e *pipeline.Error
			if errors.As(err, &e) && e.Column != "" && len(l.columns) > 1 && l.column(e.Column) != nil {
				l.columns = slices.DeleteFunc(l.columns, func(c *column) bool { return c.name == e.Column })
				return l.sample(ctx, open)
			}
			return err
		}
	}
	for _, c := range l.columns {
		c.at = nil
	}
	return nil
}

func (l *layout) sampleFile(ctx context.Context, f pipeline.File, open pipeline.Opener, room int64) error {
	info, err := os.Stat(f.Path)
	if err != nil {
		return &pipeline.Error{Kind: pipeline.ErrInput, File: f.Name, Msg: "cannot be read", Err: err}
	}
	size := info.Size()
	if f.IsParquet() {
		return l.sampleGroups(ctx, f, open, size > room)
	}
	packed := isPacked(f)
	limit := int64(wholeSize)
	if size > room || packed {
		limit = min(headSize, room)
	}
	complete, err := l.scan(ctx, f, open, limit, maxRecords)
	if err != nil {
		return err
	}
	if complete {
		return nil
	}
	l.whole = false
	if packed || strings.HasPrefix(f.Encoding, "utf-16") {
		return nil
	}
	for i := range int64(blocks) {
		at := headSize + (size-headSize-blockSize)*(i+1)/blocks
		if at < headSize {
			continue
		}
		if err := l.sampleBlock(ctx, f, open, at); err != nil && ctx.Err() != nil {
			return err // any other error costs a part of the sample only
		}
	}
	return nil
}

// isPacked reports whether a file is compressed.
func isPacked(f pipeline.File) bool {
	switch f.Compression {
	case "none":
		return false
	case "":
		low := strings.ToLower(f.Name)
		return strings.HasSuffix(low, ".gz") || strings.HasSuffix(low, ".zst") || strings.HasSuffix(low, ".zip")
	}
	return true
}

// sampleGroups reads the first records of some row groups of a Parquet file.
func (l *layout) sampleGroups(ctx context.Context, f pipeline.File, open pipeline.Opener, large bool) error {
	if !large {
		complete, err := l.scan(ctx, f, open, 1<<50, maxRecords)
		l.whole = l.whole && complete
		return err
	}
	l.whole = false
	src, err := open(ctx, f)
	if err != nil {
		return err
	}
	defer src.Close()
	groups, err := src.Split(ctx, 1)
	if err != nil {
		return err
	}
	step := max(1, len(groups)/blocks)
	for i := 0; i < len(groups); i += step {
		if _, err := l.scanSegment(ctx, src, groups[i], 1<<50, 8192); err != nil {
			return err
		}
	}
	return nil
}

// sampleBlock reads the records of a block further into a plain file. Where it
// begins within a quoted field, its records have the wrong width and are lost
// to the sample.
func (l *layout) sampleBlock(ctx context.Context, f pipeline.File, open pipeline.Opener, at int64) error {
	file, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	b := make([]byte, blockSize)
	n, err := file.ReadAt(b, at)
	if err != nil && err != io.EOF {
		return err
	}
	b = b[:n]
	first, last := bytes.IndexByte(b, '\n'), bytes.LastIndexByte(b, '\n')
	if first < 0 || first == last {
		return nil
	}
	copied, err := os.CreateTemp("", "smelt-init-*.csv")
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name())
	_, err = copied.Write(b[first+1 : last+1])
	if e := copied.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	part := f
	part.Path, part.NoHeader, part.Names, part.Compression = copied.Name(), true, nil, "none"
	part.SkipRows, part.SkipFooter, part.HeaderRows = 0, 0, 0
	for i := range l.header {
		part.Names = append(part.Names, fmt.Sprint(i)) // the header's own may repeat
	}
	_, err = l.scan(ctx, part, open, 1<<50, maxRecords)
	return err
}

// scan adds a file's records to the sample until so many bytes or records were
// read; complete says that there are no more.
func (l *layout) scan(ctx context.Context, f pipeline.File, open pipeline.Opener, bytes int64, records int) (complete bool, err error) {
	src, err := open(ctx, f)
	if err != nil {
		return false, err
	}
	defer src.Close()
	segments, err := src.Split(ctx, 1<<50)
	if err != nil {
		return false, err
	}
	complete = true
	for _, seg := range segments {
		done, err := l.scanSegment(ctx, src, seg, bytes, records)
		if err != nil {
			return false, err
		}
		complete = complete && done
	}
	return complete, nil
}

func (l *layout) scanSegment(ctx context.Context, src pipeline.Source, seg pipeline.Segment, bytes int64, records int) (complete bool, err error) {
	text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return false, err
	}
	scan := pipeline.Scan{BatchRows: 1024}
	for _, c := range l.columns {
		scan.Fields = append(scan.Fields, pipeline.Field{Column: c.index, Cast: text})
	}
	var read int64
	for b, err := range seg.Scan(ctx, scan) {
		if err != nil {
			return false, err
		}
		for i, c := range l.columns {
			values, ok := b.Record.Column(i).(*array.String)
			if !ok {
				return false, fmt.Errorf("infer: column %s is no text", c.name)
			}
			for row := range values.Len() {
				v := ""
				if values.IsValid(row) {
					v = strings.TrimSpace(values.Value(row))
				}
				read += int64(len(v)) + 1
				c.add(v)
			}
		}
		l.rows += len(b.Rows)
		if records -= len(b.Rows); read >= bytes || records <= 0 {
			return false, nil
		}
	}
	return true, nil
}

// each streams the values of one column of all the layout's records.
func (l *layout) each(ctx context.Context, open pipeline.Opener, c *column, f func(text string)) error {
	text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return err
	}
	for _, file := range l.files {
		err := func() error {
			src, err := open(ctx, file)
			if err != nil {
				return err
			}
			defer src.Close()
			segments, err := src.Split(ctx, 1<<50)
			if err != nil {
				return err
			}
			for _, seg := range segments {
				for b, err := range seg.Scan(ctx, pipeline.Scan{Fields: []pipeline.Field{{Column: c.index, Cast: text}}}) {
					if err != nil {
						return err
					}
					values := b.Record.Column(0).(*array.String)
					for row := range values.Len() {
						if values.IsValid(row) {
							f(strings.TrimSpace(values.Value(row)))
						}
					}
				}
			}
			return nil
		}()
		if err != nil {
			return err
		}
	}
	return nil
}
