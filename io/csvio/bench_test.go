//go:build unix

package csvio

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// sales is a shop's file of n lines, with the types of its columns.
func sales(n int, quoted bool) (string, []arrow.DataType) {
	var b strings.Builder
	b.WriteString("order_id,line_number,ordered_at,customer_id,product_id,quantity,unit_price,discount_rate,country,channel,order_date,comment\n")
	start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	countries, channels := []string{"Germany", "United States", "France", "Spain"}, []string{"web", "store", "phone"}
	for i := range n {
		at := start.Add(time.Duration(i) * 17 * time.Second)
		country := countries[i*7%4]
		if quoted {
			country = `"` + country + `, north"`
		}
		fmt.Fprintf(&b, "SO%07d,%d,%s,C%05d,P%04d,%d,%d.%02d,0.%d,%s,%s,%s,\n", i/3, i%3+1, at.Format("2006-01-02 15:04:05"), i/3*7919%50_000, i*31%2000,
			i%9+1, i%300, i%100, i%5, country, channels[i%3], at.Format(time.DateOnly))
	}
	return b.String(), []arrow.DataType{pipeline.CodeType, pipeline.Int32Type, pipeline.TimestampType, pipeline.CodeType, pipeline.CodeType, pipeline.Int64Type,
		pipeline.PriceType, pipeline.RateType, pipeline.CodeType, pipeline.CodeType, pipeline.DateType, pipeline.StringType}
}

// perCPU reports megabytes per second of processor time, which other programs
// on the machine disturb less than they do the clock. It is to be deferred.
func perCPU(b *testing.B, size int) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric(float64(size)*float64(b.N)/1e6/(used()-start).Seconds(), "MB/cpu-s") }
}

func BenchmarkScan(b *testing.B) {
	for _, quoted := range []bool{false, true} {
		text, types := sales(400_000, quoted)
		s := open(b, write(b, "x.csv", text))
		segments, err := s.Split(context.Background(), 8<<20)
		if err != nil {
			b.Fatal(err)
		}
		all := typed(b, types...)
		keys := all
		keys.Fields = []pipeline.Field{all.Fields[3], all.Fields[4]}
		some := all
		for i := int64(1); i <= 400_000; i += 1000 {
			some.Rows = append(some.Rows, i, i+1)
		}
		plain := all
		plain.Fields = slices.Clone(all.Fields)
		plain.Fields[0].Cast = parser(b, pipeline.Cast{Type: pipeline.StringType})
		for _, c := range []struct {
			name string
			scan pipeline.Scan
		}{{"all", all}, {"all, order ids as text", plain}, {"keys", keys}, {"some rows", some}, {"none", pipeline.Scan{}}} {
			b.Run(fmt.Sprintf("%s/quoted=%v", c.name, quoted), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				defer perCPU(b, len(text))()
				for b.Loop() {
					sc := c.scan
					sc.Fields = slices.Clone(sc.Fields)
					for i := range sc.Fields {
						if sc.Fields[i].Cast.Cast.Type.ID() == arrow.DICTIONARY {
							sc.Fields[i].Dict = pipeline.NewDictionary()
						}
					}
					n := 0
					for _, g := range segments {
						for r, err := range g.Scan(context.Background(), sc) {
							if err != nil {
								b.Fatal(err)
							}
							n += len(r.Rows)
						}
					}
					if n != 400_000 && n != len(sc.Rows) {
						b.Fatal(n)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("split/quoted=%v", quoted), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			defer perCPU(b, len(text))()
			for b.Loop() {
				if _, err := s.Split(context.Background(), 1<<20); err != nil {
					b.Fatal(err)
				}
			}
		})
		s.Close()
	}
}

// BenchmarkPaths finds the fields of every record, as a scan without columns
// does, in files that are written in all the ways that cost something.
func BenchmarkPaths(b *testing.B) {
	const n = 100_000
	plain, _ := sales(n, false)
	quoted, _ := sales(n, true)
	with := func(s, old, new string) string { return strings.ReplaceAll(s, old, new) }
	commented := func(s, comment string) string {
		var out strings.Builder
		i := 0
		for line := range strings.Lines(s) {
			if out.WriteString(line); i%10 == 9 {
				out.WriteString(comment)
			}
			i++
		}
		return out.String()
	}
	wide := func(s string) string { return with(with(s, ",", "||"), "|| north", ", north") }
	var utf16 strings.Builder
	for _, c := range with(plain, "Spain", "España") {
		utf16.WriteByte(byte(c))
		utf16.WriteByte(byte(c >> 8))
	}
	for _, c := range []struct {
		name, text string
		file       pipeline.File
	}{
		{"plain", plain, pipeline.File{}},
		{"plain, all options", plain, pipeline.File{Comment: "#", Escape: `\`}},
		{"tab", with(plain, ",", "\t"), pipeline.File{Delimiter: "\t"}},
		{"CRLF", with(plain, "\n", "\r\n"), pipeline.File{}},
		{"CR", with(plain, "\n", "\r"), pipeline.File{}},
		{"comments", commented(plain, "# a comment, and more\n"), pipeline.File{Comment: "#"}},
		{"wide delimiter", wide(plain), pipeline.File{Delimiter: "||"}},
		{"UTF-8", with(plain, "Spain", "España"), pipeline.File{}},
		{"UTF-16", utf16.String(), pipeline.File{Encoding: "utf-16le"}},
		{"Windows-1252", with(plain, "Spain", "Espa\xf1a"), pipeline.File{Encoding: "windows-1252"}},
		{"quoted", quoted, pipeline.File{}},
		{"quoted, all options", quoted, pipeline.File{Comment: "#", Escape: `\`}},
		{"quoted, comments", commented(quoted, "# a \"comment\", and more\n"), pipeline.File{Comment: "#"}},
		{"quoted, CRLF", with(quoted, "\n", "\r\n"), pipeline.File{}},
		{"quoted, line ends", with(quoted, ", north", ",\nnorth"), pipeline.File{}},
		{"quoted, wide delimiter", wide(quoted), pipeline.File{Delimiter: "||"}},
		{"doubled", with(quoted, ", north", `, ""north""`), pipeline.File{}},
		{"escape", with(quoted, ", north", `, \"north\"`), pipeline.File{Escape: `\`}},
		{"quotes as text", with(plain, ",\n", ",a 5\" disk\n"), pipeline.File{}},
		{"quotes as text, quoted", with(quoted, ",\n", ",a 5\" disk\n"), pipeline.File{}},
		{"quotes as text, in pairs", with(quoted, ",\n", ",the \"best\" disk\n"), pipeline.File{}},
		{"mend", with(quoted, `, north"`, ` 5" disk"`), pipeline.File{}},
		{"mend, delimiter", with(quoted, ", north", `, "north`), pipeline.File{}},
		{"mend, several", with(quoted, ", north", `, the "north" side`), pipeline.File{}},
		{"mend, text", with(with(plain, ",web", `,"web`), ",\n", `,"a"`+"\n"), pipeline.File{}},
	} {
		f := write(b, "x.csv", c.text)
		c.file.Path, c.file.Name = f.Path, f.Name
		s := open(b, c.file)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			defer perCPU(b, len(c.text))()
			for b.Loop() {
				got := 0
				segments, err := s.Split(context.Background(), whole)
				if err != nil {
					b.Fatal(err)
				}
				for r, err := range segments[0].Scan(context.Background(), pipeline.Scan{}) {
					if err != nil {
						b.Fatal(err)
					}
					got += len(r.Rows)
				}
				if got != n {
					b.Fatal(got, "records")
				}
			}
		})
		s.Close()
	}
}
