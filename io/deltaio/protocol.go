package deltaio

import (
	"fmt"
	"slices"
	"strings"
)

// protocol is what a reader and a writer of the table must know.
type protocol struct {
	MinReader      int      `json:"minReaderVersion"`
	MinWriter      int      `json:"minWriterVersion"`
	ReaderFeatures []string `json:"readerFeatures,omitempty"`
	WriterFeatures []string `json:"writerFeatures,omitempty"`
}

// Without a column that needs more, tables are written for every Delta reader
// there ever was.
var plainProtocol = protocol{MinReader: 1, MinWriter: 2}

const ntz = "timestampNtz"

// withNTZ returns the protocol of a table that has a column of times without a
// zone: the features that its version stood for, by name, and that one.
func (p protocol) withNTZ() protocol {
	if slices.Contains(p.WriterFeatures, ntz) {
		return p
	}
	out := protocol{MinReader: 3, MinWriter: 7, ReaderFeatures: append(p.readerFeatures(), ntz), WriterFeatures: append(p.writerFeatures(), ntz)}
	slices.Sort(out.ReaderFeatures)
	slices.Sort(out.WriterFeatures)
	return out
}

// legacy lists what each writer version before 7 has added.
var legacy = []struct {
	version int
	feature string
}{
	{2, "appendOnly"}, {2, "invariants"}, {3, "checkConstraints"}, {4, "changeDataFeed"}, {4, "generatedColumns"}, {5, "columnMapping"}, {6, "identityColumns"},
}

func (p protocol) readerFeatures() []string {
	out := slices.Clone(p.ReaderFeatures)
	if p.MinReader == 2 {
		out = append(out, "columnMapping")
	}
	return out
}

func (p protocol) writerFeatures() []string {
	out := slices.Clone(p.WriterFeatures)
	for _, l := range legacy {
		if p.MinWriter < 7 && p.MinWriter >= l.version {
			out = append(out, l.feature)
		}
	}
	return out
}

// feature is a feature that smelt knows. inUse says what of the table makes use
// of it, "" if nothing does: then the table is as good as one without it. One
// whose function is nil is supported.
type feature struct {
	inUse func(*Metadata) string
	hint  string
}

var readable = map[string]feature{
	ntz:                   {},
	"vacuumProtocolCheck": {},
	"v2Checkpoint":        {},
	"deletionVectors":     {}, // a file that has one is refused by Snapshot.check
	"columnMapping":       {columnMapping, "copy it into a table without: CREATE TABLE … AS SELECT with 'delta.columnMapping.mode' = 'none'"},
}

var writable = map[string]feature{
	ntz:                   {},
	"vacuumProtocolCheck": {},
	"appendOnly":          {}, // Commit asks for delta.appendOnly
	"allowColumnDefaults": {}, // smelt gives every column a value of its own
	"columnMapping":       readable["columnMapping"],
	"deletionVectors":     {property("delta.enableDeletionVectors"), "ALTER TABLE … SET TBLPROPERTIES ('delta.enableDeletionVectors' = false), then REORG TABLE … APPLY (PURGE)"},
	"changeDataFeed":      {property("delta.enableChangeDataFeed"), "ALTER TABLE … SET TBLPROPERTIES ('delta.enableChangeDataFeed' = false)"},
	"inCommitTimestamp":   {property("delta.enableInCommitTimestamps"), "ALTER TABLE … SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = false)"},
	"invariants":          {columnKey("delta.invariants"), "write it with the engine that declared the invariant, or choose another output"},
	"generatedColumns":    {columnKey("delta.generationExpression"), "write it with the engine that declared the column, or choose another output"},
	"identityColumns":     {columnKey("delta.identity."), "write it with the engine that declared the column, or choose another output"},
	"checkConstraints":    {propertyPrefix("delta.constraints."), "drop the constraint (ALTER TABLE … DROP CONSTRAINT …), or choose another output"},
}

func columnMapping(m *Metadata) string {
	if mode := m.Configuration["delta.columnMapping.mode"]; mode != "" && !strings.EqualFold(mode, "none") {
		return "delta.columnMapping.mode = " + mode
	}
	return ""
}

func property(name string) func(*Metadata) string {
	return func(m *Metadata) string {
		if m.isTrue(name) {
			return name + " = true"
		}
		return ""
	}
}

func propertyPrefix(prefix string) func(*Metadata) string {
	return func(m *Metadata) string {
		for name := range m.Configuration {
			if strings.HasPrefix(name, prefix) {
				return name
			}
		}
		return ""
	}
}

func columnKey(prefix string) func(*Metadata) string {
	return func(m *Metadata) string {
		for _, c := range m.Schema.Columns {
			for key := range c.Metadata {
				if strings.HasPrefix(key, prefix) {
					return key + " of column " + c.Name
				}
			}
		}
		return ""
	}
}

// checkRead refuses a table that smelt would read wrongly.
func (p protocol) checkRead(dir string, m *Metadata) error {
	if p.MinReader > 3 {
		return unsupported(dir, fmt.Sprintf("the table needs a reader of version %d, smelt is one of version 3", p.MinReader), "update smelt, or read it with a newer engine")
	}
	return refuse(dir, m, "be read", p.readerFeatures(), readable)
}

// checkWrite refuses a table that smelt would damage.
func (p protocol) checkWrite(dir string, m *Metadata) error {
	if p.MinWriter > 7 {
		return unsupported(dir, fmt.Sprintf("the table needs a writer of version %d, smelt is one of version 7", p.MinWriter), "update smelt, or choose another output")
	}
	return refuse(dir, m, "be written to", p.writerFeatures(), writable)
}

// Writable says why smelt cannot write to the table: an error of kind
// ErrUnsupported, nil where it can. Commit checks it too; who commits several
// tables asks before the first.
func (s *Snapshot) Writable() error { return s.protocol.checkWrite(s.Dir, &s.Metadata) }

func refuse(dir string, m *Metadata, what string, features []string, known map[string]feature) error {
	for _, name := range features {
		f, ok := known[name]
		if !ok {
			return unsupported(dir, fmt.Sprintf("the table cannot %s: it has the feature %s", what, name),
				"use a table without it (some can be dropped: ALTER TABLE … DROP FEATURE "+name+")")
		}
		if f.inUse == nil {
			continue
		}
		if use := f.inUse(m); use != "" {
			return unsupported(dir, fmt.Sprintf("the table cannot %s: it uses the feature %s (%s)", what, name, use), f.hint)
		}
	}
	return nil
}
