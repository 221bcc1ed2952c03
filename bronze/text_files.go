package bronze

import (
	"context"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/smeltdata/smelt/pipeline"
)

// textFiles reads small files to their end, as texts without the blanks around
// them. A record that cannot be read is an error: half a reference file is none.
type textFiles struct {
	ctx   context.Context
	dir   string
	read  pipeline.File
	open  pipeline.Opener
	begin func(file string, header []string) error // of each file
	each  func(row int64, texts []string) error    // of each record: its number, a text per column

	mended int64 // records that were read with quotes taken for text
}

func (t *textFiles) scan(patterns []string) error {
	files, err := expand(t.dir, patterns, t.read, false)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := t.file(f); err != nil {
			return inFile(err, f.Name)
		}
	}
	return nil
}

func (t *textFiles) file(f pipeline.File) error {
	src, err := t.open(t.ctx, f)
	if err != nil {
		return err
	}
	defer src.Close()
	header := trimmed(src.Columns())
	if err := t.begin(f.Name, header); err != nil {
		return err
	}
	text, err := pipeline.NewParser(pipeline.Cast{Type: pipeline.StringType})
	if err != nil {
		return err
	}
	scan := pipeline.Scan{}
	for i := range header {
		scan.Fields = append(scan.Fields, pipeline.Field{Column: i, Cast: text})
	}
	segments, err := src.Split(t.ctx, 1<<40)
	if err != nil {
		return err
	}
	texts := make([]string, len(header))
	for _, seg := range segments {
		for b, err := range seg.Scan(t.ctx, scan) {
			if err != nil {
				return err
			}
			if err := unreadable(b, header); err != nil {
				return err
			}
			t.mended += b.Mended
			for r, row := range b.Rows {
				for i := range header {
					texts[i] = ""
					if col := b.Record.Column(i).(*array.String); col.IsValid(r) {
						texts[i] = strings.Clone(strings.TrimSpace(col.Value(r)))
					}
				}
				if err := t.each(row, texts); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unreadable returns an error for the first record that could not be read whole.
func unreadable(b *pipeline.Batch, header []string) error {
	const hint = "a reference file must be read whole: mend the record or its reading options"
	if len(b.Rejects) > 0 {
		return &pipeline.Error{Kind: pipeline.ErrInput, Row: b.Rejects[0].Row, Msg: b.Rejects[0].Error, Hint: hint}
	}
	if len(b.Rescued) > 0 {
		f := b.Rescued[0]
		return &pipeline.Error{Kind: pipeline.ErrInput, Row: b.Rows[f.Row], Column: header[f.Field], Value: f.Text, Msg: "not a text", Hint: hint}
	}
	return nil
}
