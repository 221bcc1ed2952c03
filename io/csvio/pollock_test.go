package csvio

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// A score says how a polluted file came out.
type score int

const (
	silent score = iota // a record is wrong, missing or one too many, and nothing says so
	loud                // each record is right or rejected, or the file is refused
	exact               // the table is the clean one
)

func (s score) String() string { return []string{"silently wrong", "loud", "exact"}[s] }

// judge compares a file, read as f says, with the clean table.
func judge(f pipeline.File, clean [][]string) (score, string) {
	columns, rows, rejects, err := records(f)
	if err != nil {
		return loud, err.Error()
	}
	var header []string
	if !f.NoHeader && len(clean) > 0 {
		header, clean = clean[0], clean[1:]
	}
	named := header == nil || slices.Equal(columns, header)
	if len(rejects) == 0 {
		if named && slices.EqualFunc(rows, clean, slices.Equal) {
			return exact, ""
		}
		return silent, fmt.Sprintf("%d rows, want %d; columns %q, want %q", len(rows), len(clean), columns, header)
	}
	why := fmt.Sprintf("%d of %d records are rejected, the first is %d: %s", len(rejects), len(rows)+len(rejects), rejects[0].Row, rejects[0].Error)
	if !named && len(rows) > 0 {
		return silent, "columns are wrong, records are not rejected"
	}
	rejected := map[int64]bool{}
	for _, r := range rejects {
		rejected[r.Row] = true
	}
	for n := int64(1); n <= int64(len(clean)); n++ {
		switch {
		case rejected[n]:
		case len(rows) == 0 || !slices.Equal(rows[0], clean[n-1]):
			return silent, fmt.Sprintf("record %d is wrong", n)
		default:
			rows = rows[1:]
		}
	}
	if len(rows) > 0 {
		return silent, fmt.Sprintf("%d records too many", len(rows))
	}
	return loud, why
}

// known returns how a file of Pollock's is to be read.
func known(t *testing.T, dir, name string) pipeline.File {
	text, err := os.ReadFile(filepath.Join(dir, "parameters", name+"_parameters.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Delimiter, Quotechar, Escapechar string
		Header                           int `json:"header_lines"`
		Preamble                         int `json:"preamble_lines"`
		Footnote                         int `json:"footnote_lines"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	f := pipeline.File{Delimiter: p.Delimiter, Quote: p.Quotechar, SkipRows: p.Preamble, SkipFooter: p.Footnote, NoHeader: p.Header == 0}
	if p.Header > 1 {
		f.HeaderRows = p.Header
	}
	if p.Escapechar != p.Quotechar {
		f.Escape = p.Escapechar
	}
	return f
}

// cleanTable reads a clean table.
func cleanTable(t *testing.T, path string) [][]string {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// detected judges a file by what Detect finds.
func detected(path string, clean [][]string) (score, string) {
	d, err := Detect(context.Background(), path)
	if err != nil {
		return loud, err.Error()
	}
	s, why := judge(d.File, clean)
	return s, strings.ReplaceAll(why, path, filepath.Base(path))
}

// TestPollock scores the reader on Pollock's polluted files, by their known
// dialects and by what Detect finds. No file is silently wrong. SMELT_SCORES
// names a file that the scores are written to.
func TestPollock(t *testing.T) {
	dir := judgetest.Data(t, "pollock")
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	var out strings.Builder
	var totals [2][3]int
	for _, path := range files {
		name := filepath.Base(path)
		clean := cleanTable(t, filepath.Join(dir, "clean", name))
		f := known(t, dir, name)
		f.Path, f.Name = path, name
		given, why := judge(f, clean)
		found, whyFound := detected(path, clean)
		for i, s := range []score{given, found} {
			totals[i][s]++
			text := []string{why, whyFound}[i]
			if s == silent {
				t.Errorf("%s, dialect %s: silently wrong: %s", name, []string{"given", "detected"}[i], text)
			} else if s == loud {
				t.Logf("%s, dialect %s: %s", name, []string{"given", "detected"}[i], text)
			}
		}
		fmt.Fprintf(&out, "%s\t%v\t%v\n", name, given, found)
	}
	for i, how := range []string{"given", "detected"} {
		t.Logf("dialect %s: %d exact, %d loud, %d silently wrong", how, totals[i][exact], totals[i][loud], totals[i][silent])
		if totals[i][exact] < pollockExact {
			t.Errorf("dialect %s: %d are exact, %d were", how, totals[i][exact], pollockExact)
		}
	}
	if to := os.Getenv("SMELT_SCORES"); to != "" {
		if err := os.WriteFile(to, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pollockExact files came out exactly when this was last written.
const pollockExact = 31

var plainField = regexp.MustCompile(`^("(?:[^"]|"")*"|[^,"]*)$`)

// cells cuts a well-formed line into its fields, as they stand.
func cells(line string) []string {
	var out []string
	from, inside := 0, false
	for i := range len(line) + 1 {
		switch {
		case i == len(line) || line[i] == ',' && !inside:
			out = append(out, line[from:i])
			from = i + 1
		case line[i] == '"':
			inside = !inside
		}
	}
	return out
}

// TestPollution pollutes a clean file in each record and field, as Pollock does
// in some: the same must hold. All records take a minute: without SMELT_SCORES
// it is every ninth, the first and the last.
func TestPollution(t *testing.T) {
	dir := judgetest.Data(t, "pollock")
	text, err := os.ReadFile(filepath.Join(dir, "csv", "file_record_delimiter_0xA.csv"))
	if err != nil {
		t.Fatal(err)
	}
	clean := cleanTable(t, filepath.Join(dir, "clean", "file_record_delimiter_0xA.csv"))
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	path := filepath.Join(t.TempDir(), "x.csv")
	var totals [2]map[string]*[3]int
	totals[0], totals[1] = map[string]*[3]int{}, map[string]*[3]int{}
	try := func(kind, id string, row int, line string, want [][]string) {
		polluted := slices.Clone(lines)
		polluted[row] = line
		if err := os.WriteFile(path, []byte(strings.Join(polluted, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		given, why := judge(pipeline.File{Path: path, Name: "x.csv"}, want)
		found, whyFound := detected(path, want)
		for i, s := range []score{given, found} {
			if totals[i][kind] == nil {
				totals[i][kind] = new([3]int)
			}
			totals[i][kind][s]++
			if s == silent {
				t.Errorf("%s %s, dialect %s: silently wrong: %s\n%s", kind, id, []string{"given", "detected"}[i], []string{why, whyFound}[i], line)
			}
			if n, _, _ := strings.Cut([]string{why, whyFound}[i], " "); s == loud && row > 0 {
				if n, err := strconv.Atoi(n); err != nil || n > 2 {
					t.Errorf("%s %s, dialect %s: too much is rejected: %s\n%s", kind, id, []string{"given", "detected"}[i], []string{why, whyFound}[i], line)
				}
			}
		}
	}
	for row, line := range lines {
		if row%9 > 0 && row+1 < len(lines) && os.Getenv("SMELT_SCORES") == "" {
			continue
		}
		fields := cells(line)
		if len(fields) != len(clean[0]) || slices.ContainsFunc(fields, func(f string) bool { return !plainField.MatchString(f) }) {
			t.Fatalf("line %d is cut into %q", row, fields)
		}
		for col, f := range fields {
			id := fmt.Sprintf("row %d col %d", row, col)
			with := func(text string) string {
				changed := slices.Clone(fields)
				changed[col] = text
				return strings.Join(changed, ",")
			}
			want := slices.Clone(clean)
			want[row] = slices.Clone(clean[row])
			want[row][col] = `"` + want[row][col]
			try("extra quote", id, row, with(`"`+f), want)
			try("extra delimiter", id, row, with(","+f), clean)
			if col > 0 {
				joined := slices.Clone(fields)
				joined[col-1] += f
				try("missing delimiter", id, row, strings.Join(slices.Delete(joined, col, col+1), ","), clean)
			}
		}
		try("other delimiter", fmt.Sprint("row ", row), row, strings.Join(fields, " "), clean)
		try("other delimiter", fmt.Sprint("row ", row), row, strings.Join(fields, ";"), clean)
	}
	for i, how := range []string{"given", "detected"} {
		for kind, n := range totals[i] {
			t.Logf("%s, dialect %s: %d exact, %d loud, %d silently wrong", kind, how, n[exact], n[loud], n[silent])
		}
	}
}
