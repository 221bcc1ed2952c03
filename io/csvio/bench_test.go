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
		plain := all
		plain.Fields = slices.Clone(all.Fields)
		plain.Fields[0].Cast = parser(b, pipeline.Cast{Type: pipeline.StringType})
		for _, c := range []struct {
			name string
			scan pipeline.Scan
		}{{"all", all}, {"all, order ids as text", plain}, {"keys", keys}, {"none", pipeline.Scan{}}} {
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
					if n != 400_000 {
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

// BenchmarkExact reads every record by the exact rules, as files with a wide
// delimiter, or with an escape and quotes, need it.
func BenchmarkExact(b *testing.B) {
	for _, c := range []struct {
		name string
		text func(string) string
		file pipeline.File
	}{
		{"wide delimiter", func(s string) string { return strings.ReplaceAll(s, ",", "||") }, pipeline.File{Delimiter: "||"}},
		{"escape", func(s string) string { return strings.ReplaceAll(s, `, north`, `, \"north`) }, pipeline.File{Escape: `\`}},
		{"stray quotes", func(s string) string { return strings.ReplaceAll(s, `, north`, `, "north`) }, pipeline.File{}},
	} {
		text, _ := sales(100_000, c.name != "wide delimiter")
		text = c.text(text)
		f := write(b, "x.csv", text)
		f.Delimiter, f.Escape = c.file.Delimiter, c.file.Escape
		s := open(b, f)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			defer perCPU(b, len(text))()
			for b.Loop() {
				n := 0
				segments, err := s.Split(context.Background(), whole)
				if err != nil {
					b.Fatal(err)
				}
				for r, err := range segments[0].Scan(context.Background(), pipeline.Scan{}) {
					if err != nil {
						b.Fatal(err)
					}
					n += len(r.Rows)
				}
				if n != 100_000 {
					b.Fatal(n)
				}
			}
		})
		s.Close()
	}
}
