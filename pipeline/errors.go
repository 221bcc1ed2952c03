package pipeline

import (
	"errors"
	"fmt"
	"strings"
)

// Kinds of error, for errors.Is.
var (
	// ErrConfig: the mapping or an option is wrong; nothing was read.
	ErrConfig = errors.New("configuration")
	// ErrInput: an input file is missing, unreadable or not what was promised.
	ErrInput = errors.New("input")
	// ErrOutput: the output could not be written.
	ErrOutput = errors.New("output")
	// ErrBusy: another run is writing to the output, which is an ErrOutput that goes away.
	ErrBusy = fmt.Errorf("%w: busy", ErrOutput)
	// ErrData: the data breaks a rule that fails the run.
	ErrData = errors.New("data")
	// ErrCheck: checks of the tables failed, so they were not published.
	ErrCheck = errors.New("check")
	// ErrNothingNew: every file is in the tables already, so nothing was done.
	ErrNothingNew = errors.New("nothing new")
)

// Error says what went wrong where, and what to do about it. Empty parts are
// left out of the message.
type Error struct {
	Kind   error  // one of the sentinels above
	Table  string // "silver.fact_sales"
	Column string
	File   string // as the user named it
	Line   int    // 1-based line, for a configuration file
	Col    int    // 1-based column in that line
	Row    int64  // 1-based record number
	Value  string // the offending value
	Msg    string // what is wrong
	Hint   string // what to do
	Err    error  // cause
}

// Error renders the place, the message, the cause and the hint in one or two lines.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Col)
		}
		if e.Row > 0 {
			fmt.Fprintf(&b, ": record %d", e.Row)
		}
		b.WriteString(": ")
	}
	if e.Table != "" {
		b.WriteString(e.Table)
		if e.Column != "" {
			b.WriteString("." + e.Column)
		}
		b.WriteString(": ")
	} else if e.Column != "" {
		fmt.Fprintf(&b, "column %q: ", e.Column)
	}
	b.WriteString(e.Msg)
	if e.Value != "" {
		v := e.Value
		if len(v) > 80 {
			v = v[:80] + "…"
		}
		fmt.Fprintf(&b, " (value %q)", v)
	}
	if e.Err != nil {
		if e.Msg != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	if e.Hint != "" {
		b.WriteString("\n  " + e.Hint)
	}
	return b.String()
}

// Unwrap returns the kind and the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Kind != nil {
		out = append(out, e.Kind)
	}
	if e.Err != nil {
		out = append(out, e.Err)
	}
	return out
}

// Nearest returns the candidate that is most like s, for "did you mean"; ""
// when none is close.
func Nearest(s string, candidates []string) string {
	best, limit := "", len(s)/3+2
	low := strings.ToLower(strings.TrimSpace(s))
	for _, c := range candidates {
		if d := distance(low, strings.ToLower(strings.TrimSpace(c))); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two strings, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(diag+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
