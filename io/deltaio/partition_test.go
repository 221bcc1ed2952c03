package deltaio

import (
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// TestPartitionValues reads values as others spell them, writes them as the
// protocol says, and refuses what is none.
func TestPartitionValues(t *testing.T) {
	for _, c := range []struct{ typ, text, want string }{ // want: "" = NULL, "!" = an error
		{"string", "", ""}, {"string", "a b/c", "a b/c"}, {"string", "null", "null"},
		{"long", "-9223372036854775808", "-9223372036854775808"}, {"long", "1.0", "!"}, {"integer", "2147483648", "!"}, {"short", "7", "7"},
		{"boolean", "true", "true"}, {"boolean", "yes", "!"},
		{"date", "0001-01-01", "0001-01-01"}, {"date", "2020-02-30", "!"},
		{"decimal(18,4)", "1.5", "1.5000"}, {"decimal(18,4)", "-0.50000", "-0.5000"}, {"decimal(18,4)", "+3", "3.0000"}, {"decimal(18,4)", "0.00001", "!"}, {"decimal(18,4)", "123456789012345", "!"}, {"decimal(18,4)", "1e3", "!"}, {"decimal(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
		{"timestamp", "1970-01-01 00:00:00", "1970-01-01T00:00:00.000000Z"}, {"timestamp", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"}, {"timestamp", "2020-01-01T01:00:00.5+01:00", "2020-01-01T00:00:00.500000Z"}, {"timestamp", "noon", "!"},
		{"timestamp_ntz", "2020-01-01 00:00:00.25", "2020-01-01 00:00:00.250000"},
		{"binary", "x", "!"},
	} {
		b := array.NewBuilder(memory.DefaultAllocator, arrowType([]byte(`"`+c.typ+`"`)))
		err := appendPartition(b, &c.text)
		if (err != nil) != (c.want == "!") {
			t.Errorf("%s %q: %v", c.typ, c.text, err)
		}
		if err != nil {
			continue
		}
		got, err := PartitionValue(b.NewArray(), 0)
		if err != nil || (got == nil) != (c.want == "") || got != nil && *got != c.want {
			t.Errorf("%s %q: %v, %v, want %q", c.typ, c.text, got, err, c.want)
		}
	}
	// A text that is empty when it is written is a NULL in the log.
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Append("")
	if v, err := PartitionValue(b.NewArray(), 0); v != nil || err != nil {
		t.Errorf("an empty text is %q, %v", *v, err)
	}
}

// TestAddedAgain has a file that was removed come back, as RESTORE does: a
// checkpoint says that it is there, and not that it is gone.
func TestAddedAgain(t *testing.T) {
	s := mustLoad(t, writeLog(t, []string{protocol12, metaPlain, addLine("a")}, []string{removeLine("a")}, []string{addLine("a")}))
	rows, err := checkpointRows(s, s.Time.AddDate(-100, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Remove != nil {
			t.Errorf("the file %s is there and gone", r.Remove.Path)
		}
	}
	if paths(s) != "a" {
		t.Errorf("files %q", paths(s))
	}
}
