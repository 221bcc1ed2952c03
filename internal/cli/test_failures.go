package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// failures prints the failing rows that were kept of each check: the columns that
// it is about, then the others.
func (a *app) failures(results []pipeline.CheckResult) error {
	for _, c := range results {
		if len(c.Samples) == 0 {
			continue
		}
		rows := int64(0)
		for _, s := range c.Samples {
			rows += s.Rows
		}
		fmt.Fprintf(a.out, "\n%s, %s of %s:\n", a.out.style(bold, c.Check), count(rows), plural(c.Failures, "failing row"))
		p := &tablePrinter{out: a.out, grid: grid{indent: "  "}}
		keyed := slices.ContainsFunc(c.Samples, func(s pipeline.FailedRow) bool { return s.Rows != 1 })
		if keyed {
			p.grid.header, p.grid.right = []string{"rows"}, []bool{true}
		}
		var order []string
		for i, s := range c.Samples {
			columns, values, numbers, err := membersOf(s.Row)
			if err != nil {
				return &pipeline.Error{Kind: pipeline.ErrData, Table: "tests.failures", Column: "row", Value: string(s.Row), Msg: "is no JSON object", Err: err}
			}
			if i == 0 {
				order = append(order, c.Columns...)
				for _, name := range columns {
					if !slices.Contains(order, name) {
						order = append(order, name)
					}
				}
				for _, name := range order {
					at := slices.Index(columns, name)
					p.grid.header, p.grid.right = append(p.grid.header, name), append(p.grid.right, at >= 0 && numbers[at])
				}
			}
			var line []string
			if keyed {
				line = append(line, count(s.Rows))
			}
			for _, name := range order {
				text := nullText
				if at := slices.Index(columns, name); at >= 0 {
					text = clip(values[at], cellWidth)
				}
				line = append(line, text)
			}
			p.grid.rows = append(p.grid.rows, line)
		}
		if err := p.end(); err != nil {
			return err
		}
		if note := p.note(); note != "" {
			fmt.Fprintln(a.out, "  "+note)
		}
	}
	return nil
}

// membersOf returns the members of a JSON object in their order: names, values as
// text, and which of these are numbers.
func membersOf(row []byte) (names, values []string, numbers []bool, err error) {
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return nil, nil, nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, nil, nil, err
		}
		text := nullText
		if value != nil {
			text = fmt.Sprint(value)
		}
		_, number := value.(json.Number)
		names, values, numbers = append(names, fmt.Sprint(name)), append(values, text), append(numbers, number)
	}
	return names, values, numbers, nil
}
