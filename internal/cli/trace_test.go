package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
)

// Every number of gold is what its lines come to: of some rows of each table,
// each measure and what is computed from one.
func TestEveryNumberIsItsLines(t *testing.T) {
	shop := filepath.Join(t.TempDir(), "shop")
	for _, args := range [][]string{{"generate", "-o", shop, "--rows", "3000", "--messy", "0.05", "--seed", "7"}, {"run", "-c", filepath.Join(shop, "smelt.yml")}} {
		var stderr bytes.Buffer
		if code := Run(context.Background(), args, &stderr, &stderr); code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", args, code, &stderr)
		}
	}
	tr := tracer{ctx: context.Background(), dir: filepath.Join(shop, "lake"), limit: 1}
	measured := 0
	for _, s := range gold.Seed() {
		table := s.Table
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, c.Name)
		}
		var rows []tracedRow
		if err := tr.scan(table.Name, columns, nil, eachRow(func(row tracedRow) { rows = append(rows, row) })); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(rows); i += max(1, len(rows)/4) {
			row := rows[i]
			for _, c := range columns {
				if _, err := tr.measured(table, c); err != nil {
					continue
				}
				n, lines, err := tr.takeApart(table, row, c)
				if err != nil {
					t.Fatal(err)
				}
				if n.Stands && !n.Equal {
					t.Errorf("%s.%s of %v: published %s, its lines come to %s", table.Name, c, row[:3], shown(n.Published), shown(n.Counted))
				}
				if n.Of == "" && !n.Stands || lines.Total > 0 && len(lines.Rows) != 1 || n.Parts[0].Lines > lines.Total {
					t.Errorf("%s.%s of %v: %+v, %+v", table.Name, c, row[:3], n, lines)
				}
				measured++
			}
		}
	}
	if measured < 200 {
		t.Errorf("%d numbers are taken apart", measured)
	}
	// A number that is not what its lines come to.
	row := tracedRow{{"level", textOf("country")}, {"country", textOf("Germany")}, {"country_code", textOf("DE")}, {"revenue", textOf("1.0000")}}
	n, _, err := tr.takeApart(gold.RegionalSales.Table, row, "revenue")
	if err != nil || n.Equal || n.Counted == nil || *n.Counted == "0.0000" {
		t.Errorf("%+v, %v", n, err)
	}
}

// The rows that are kept are the first in order, however they come.
func TestLinesKeepTheFirst(t *testing.T) {
	l := &lines{limit: 3, less: inOrder}
	for i := range 5000 {
		day := pipeline.Date(19_000 + i*7919%500)
		l.add(day, func() tracedRow {
			return tracedRow{{"order_date", textOf(day.String())}, {"order_id", textOf(string(rune('A' + i%26)))}}
		})
	}
	l.cut()
	if l.Total != 5000 || len(l.Rows) != 3 || !slices.IsSortedFunc(l.Rows, inOrder) {
		t.Fatalf("%d lines, kept %v", l.Total, l.Rows)
	}
	for _, r := range l.Rows {
		if r.text("order_date") != pipeline.Date(19_000).String() {
			t.Errorf("kept %s", r.text("order_date"))
		}
	}
}
