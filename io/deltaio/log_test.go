package deltaio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/smeltdata/smelt/pipeline"
)

const (
	protocol12 = `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}`
	metaPlain  = `{"metaData":{"id":"m","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"n\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1}}`
)

// meta is metaPlain with table properties and, where given, another schema.
func meta(configuration string, fields ...string) string {
	out := strings.Replace(metaPlain, `"configuration":{}`, `"configuration":{`+configuration+`}`, 1)
	if len(fields) > 0 {
		from, to := strings.Index(out, `[{\"name`), strings.Index(out, `]}",`)
		out = out[:from] + "[" + strings.ReplaceAll(strings.Join(fields, ","), `"`, `\"`) + out[to:]
	}
	return out
}

func features(reader, writer string) string {
	return `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[` + reader + `],"writerFeatures":[` + writer + `]}}`
}

func addLine(path string) string {
	return `{"add":{"path":"` + path + `","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":3}"}}`
}

func removeLine(path string) string {
	return `{"remove":{"path":"` + path + `","deletionTimestamp":1,"dataChange":true}}`
}

// writeLog makes a table of commits, each of some lines.
func writeLog(t testing.TB, commits ...[]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "_delta_log"), 0o777); err != nil {
		t.Fatal(err)
	}
	for v, lines := range commits {
		if lines != nil {
			writeFile(t, table{dir: dir}.commitPath(int64(v)), strings.Join(lines, "\n")+"\n")
		}
	}
	return dir
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func paths(s *Snapshot) string {
	var out []string
	for _, f := range s.Files() {
		out = append(out, f.Path)
	}
	return strings.Join(out, " ")
}

// TestReplay replays logs that others may have written.
func TestReplay(t *testing.T) {
	type commits = [][]string
	for _, c := range []struct {
		name string
		log  commits
		want string // the files, or a part of the error
	}{
		{"adds and removes", commits{{protocol12, metaPlain, addLine("a"), addLine("b")}, {removeLine("a"), addLine("c")}}, "b c"},
		{"blank lines and unknown actions", commits{{"", protocol12, metaPlain, `{"cdc":{"path":"x"}}`, `{"somethingNew":{"a":1}}`, "  ", addLine("a")}}, "a"},
		{"no commitInfo, or an odd one", commits{{`{"commitInfo":{"operationParameters":[1],"timestamp":"x","engineInfo":7}}`, protocol12, metaPlain, addLine("a")}}, "a"},
		{"added again with new statistics", commits{{protocol12, metaPlain, addLine("a"), addLine("b")}, {addLine("a")}}, "a b"},
		{"paths are URIs", commits{{protocol12, metaPlain, addLine("d=a%2520b/x%20y"), addLine("d=%C3%A9/z")}, {removeLine("d=é/z")}}, "d=a%20b/x y"},
		{"removed without being there", commits{{protocol12, metaPlain}, {removeLine("gone"), addLine("a")}}, "a"},
		{"last metadata wins", commits{{protocol12, metaPlain, addLine("a")}, {meta(`"x":"y"`)}}, "a"},
		{"a gap", commits{{protocol12, metaPlain}, nil, {addLine("a")}}, "00001.json: is missing, so version 2"},
		{"no version 0", commits{nil, {addLine("a")}}, "00000.json: is missing"},
		{"damaged JSON", commits{{protocol12, metaPlain}, {`{"add":`}}, "00001.json: is damaged: line 1"},
		{"no protocol", commits{{metaPlain}}, "no protocol or no schema"},
		{"no schema", commits{{protocol12, addLine("a")}}, "no protocol or no schema"},
		{"no path", commits{{protocol12, metaPlain, `{"add":{"size":1}}`}}, "file action without a path"},
		{"a path out of the table", commits{{protocol12, metaPlain, addLine("../x")}}, "leads out of the table's folder"},
		{"a shallow clone", commits{{protocol12, metaPlain, addLine("s3://bucket/x")}}, "shallow clone"},
		{"an absolute path", commits{{protocol12, metaPlain, addLine("/etc/x")}}, "outside of the table's folder"},
		{"a bad URI", commits{{protocol12, metaPlain, addLine("a%zz")}}, "not encoded as a URI"},
		{"a bad schema", commits{{protocol12, strings.Replace(metaPlain, `struct`, `struck`, 1)}}, "not a struct"},
		{"not Parquet", commits{{protocol12, strings.Replace(metaPlain, `"provider":"parquet"`, `"provider":"orc"`, 1)}}, "are orc, not Parquet"},
		{"no such partition column", commits{{protocol12, strings.Replace(metaPlain, `"partitionColumns":[]`, `"partitionColumns":["x"]`, 1)}}, `"x" is no column`},
		{"reader version 4", commits{{`{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}`, metaPlain}}, "needs a reader of version 4"},
		{"an unknown feature", commits{{features(`"rowMagic"`, `"rowMagic"`), metaPlain}}, "it has the feature rowMagic"},
		{"typeWidening", commits{{features(`"typeWidening"`, `"typeWidening"`), metaPlain}}, "it has the feature typeWidening"},
		{"deletion vectors enabled, none there", commits{{features(`"deletionVectors"`, `"deletionVectors"`), metaPlain, addLine("a")}}, "a"},
		{"a deletion vector", commits{{features(`"deletionVectors"`, `"deletionVectors"`), metaPlain, addLine("b"), strings.Replace(addLine("a"), `"size":1`, `"size":1,"deletionVector":{"storageType":"u"}`, 1)}}, "deletion vectors hide rows of 1 of its 2 files"},
		{"column mapping by name", commits{{`{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}`, meta(`"delta.columnMapping.mode":"name"`), addLine("a")}}, "columnMapping (delta.columnMapping.mode = name)"},
		{"column mapping possible, not in use", commits{{`{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}`, metaPlain, addLine("a")}}, "a"},
		{"the schema's names differ in case only", commits{{protocol12, meta("", `{"name":"a","type":"long","nullable":true,"metadata":{}}`, `{"name":"A","type":"long","nullable":true,"metadata":{}}`)}}, `twice the column "A"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Load(context.Background(), writeLog(t, c.log...))
			var e *pipeline.Error
			switch {
			case err == nil && paths(s) != c.want:
				t.Errorf("files %q, want %q", paths(s), c.want)
			case err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("error %v, want %q", err, c.want)
			case err != nil && (!errors.As(err, &e) || e.Kind != pipeline.ErrInput):
				t.Errorf("no input error: %v", err)
			}
		})
	}
}

// TestWriteGates refuses to write where that would break the table for others.
func TestWriteGates(t *testing.T) {
	writer := func(v int) string { return fmt.Sprintf(`{"protocol":{"minReaderVersion":1,"minWriterVersion":%d}}`, v) }
	for _, c := range []struct {
		name, protocol, meta string
		mode                 Mode
		want                 string // a part of the error; "" = none
	}{
		{"plain", protocol12, metaPlain, Append, ""},
		{"version 6, nothing of it in use", writer(6), metaPlain, Append, ""},
		{"version 8", writer(8), metaPlain, Append, "needs a writer of version 8"},
		{"a check", writer(3), meta(`"delta.constraints.positive":"n > 0"`), Append, "checkConstraints (delta.constraints.positive)"},
		{"an invariant", protocol12, meta("", `{"name":"n","type":"long","nullable":true,"metadata":{"delta.invariants":"{}"}}`), Append, "invariants (delta.invariants of column n)"},
		{"a generated column", writer(4), meta("", `{"name":"n","type":"long","nullable":true,"metadata":{"delta.generationExpression":"1"}}`), Append, "generatedColumns"},
		{"an identity column", writer(6), meta("", `{"name":"n","type":"long","nullable":true,"metadata":{"delta.identity.start":1}}`), Append, "identityColumns"},
		{"change data feed", writer(4), meta(`"delta.enableChangeDataFeed":"true"`), Append, "changeDataFeed"},
		{"row tracking", features("", `"rowTracking","domainMetadata"`), metaPlain, Append, "it has the feature rowTracking"},
		{"in-commit timestamps, not in use", features("", `"inCommitTimestamp"`), metaPlain, Append, ""},
		{"in-commit timestamps", features("", `"inCommitTimestamp"`), meta(`"delta.enableInCommitTimestamps":"true"`), Append, "inCommitTimestamp"},
		{"append-only, appended", protocol12, meta(`"delta.appendOnly":"true"`), Append, ""},
		{"append-only, overwritten", protocol12, meta(`"delta.appendOnly":"true"`), Overwrite, "append-only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := writeLog(t, []string{c.protocol, c.meta, addLine("a")})
			s := mustLoad(t, dir)
			_, err := Commit(context.Background(), dir, NewChange(s, c.mode, "WRITE"))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "\n")):
				t.Errorf("error %v, want %q and a hint", err, c.want)
			case c.want != "" && mustLoad(t, dir).Version != 0:
				t.Error("it was committed")
			}
		})
	}
}

// TestConflicts has a change meet the commits that came before it.
func TestConflicts(t *testing.T) {
	move := `{"remove":{"path":"a","deletionTimestamp":1,"dataChange":false}}`
	commitInfo := `{"commitInfo":{"operation":"MERGE","engineInfo":"other/1"}}`
	for _, c := range []struct {
		name   string
		winner []string
		mode   Mode
		moves  bool // the change only moves rows
		want   string
	}{
		{"append after append", []string{addLine("w")}, Append, false, ""},
		{"append after remove", []string{removeLine("a")}, Append, false, ""},
		{"append after metadata", []string{metaPlain}, Append, false, "changed the table's schema"},
		{"append after protocol", []string{protocol12}, Append, false, "changed the table's protocol"},
		{"overwrite after append", []string{addLine("w")}, Overwrite, false, ""},
		{"overwrite after metadata", []string{metaPlain}, Overwrite, false, "changed the table's schema"},
		{"update after append", []string{commitInfo, addLine("w")}, Update, false, "version 1 (MERGE by other/1) added rows"},
		{"update after remove of its file", []string{removeLine("a")}, Update, false, "removed the file a"},
		{"update after remove of another file", []string{removeLine("b")}, Update, false, "removed rows"},
		{"update after compaction of another file", []string{strings.Replace(move, `"a"`, `"b"`, 1), strings.Replace(addLine("bb"), `"dataChange":true`, `"dataChange":false`, 1)}, Update, false, ""},
		{"update after compaction of its file", []string{move}, Update, false, "removed the file a"},
		{"compaction after append", []string{addLine("w")}, Update, true, ""},
		{"compaction after remove of another file", []string{removeLine("b")}, Update, true, ""},
		{"compaction after remove of its file", []string{removeLine("a")}, Update, true, "removed the file a"},
		{"an empty commit", []string{commitInfo}, Update, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := writeLog(t, []string{protocol12, metaPlain, addLine("a"), addLine("b")})
			writeFile(t, dir+"/mine", "x")
			change := NewChange(mustLoad(t, dir), c.mode, "WRITE")
			change.DataChange = !c.moves
			change.Add = []File{{Path: "mine", Size: 1, Rows: 1}}
			if c.mode == Update {
				change.Remove = []string{"a"}
			}
			writeFile(t, table{dir: dir}.commitPath(1), strings.Join(c.winner, "\n"))
			v, err := Commit(context.Background(), dir, change)
			switch {
			case c.want == "" && (err != nil || v != 2):
				t.Errorf("version %d, %v", v, err)
			case c.want != "" && (!errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), c.want) || v >= 0):
				t.Errorf("version %d, error %v, want %q", v, err, c.want)
			}
			if c.mode == Overwrite && c.want == "" && paths(mustLoad(t, dir)) != "mine" {
				t.Errorf("files %s after the overwrite", paths(mustLoad(t, dir)))
			}
		})
	}
}

// TestTxn skips batches that the table holds already.
func TestTxn(t *testing.T) {
	ctx := context.Background()
	dir := writeLog(t, []string{protocol12, metaPlain, `{"txn":{"appId":"p","version":4}}`})
	for _, c := range []struct{ batch, want int64 }{{3, 0}, {4, 0}, {5, 1}, {5, 1}, {6, 2}} {
		change := NewChange(mustLoad(t, dir), Append, "WRITE")
		change.Txn = &Txn{"p", c.batch}
		if v, err := Commit(ctx, dir, change); err != nil || v != c.want {
			t.Errorf("batch %d: version %d, %v, want %d", c.batch, v, err, c.want)
		}
	}
	if v, ok := mustLoad(t, dir).Txn("p"); v != 6 || !ok {
		t.Error(v, ok)
	}
	if _, ok := mustLoad(t, dir).Txn("q"); ok {
		t.Error("a batch of nobody")
	}
}

// TestBadChanges are refused before anything is written.
func TestBadChanges(t *testing.T) {
	dir := writeLog(t, []string{protocol12, metaPlain, addLine("a")})
	writeFile(t, dir+"/new", "x")
	for want, edit := range map[string]func(*Change){
		"has no ID":              func(c *Change) { c.ID = "" },
		`the mode "x"`:           func(c *Change) { c.Mode = "x" },
		"only an Update":         func(c *Change) { c.Remove = []string{"a"} },
		"no Metadata":            func(c *Change) { c.Base = -1 },
		"is not in place":        func(c *Change) { c.Add = []File{{Path: "nowhere", Size: 1}} },
		"1 bytes instead of 2":   func(c *Change) { c.Add = []File{{Path: "new", Size: 2}} },
		"is in the table":        func(c *Change) { c.Add = []File{{Path: "a", Size: 1}} },
		"belongs to commitInfo":  func(c *Change) { c.Info = map[string]any{"txnId": 1} },
		"not partitioned by":     func(c *Change) { c.Add = []File{{Path: "new", Size: 1, Partition: map[string]*string{"id": nil}}} },
		"it is another table":    func(c *Change) { c.Base = 7 },
		"the file to replace, z": func(c *Change) { c.Mode, c.Remove = Update, []string{"z"} },
		"out of the table":       func(c *Change) { c.Add = []File{{Path: "../new", Size: 1}} },
	} {
		c := NewChange(mustLoad(t, dir), Append, "WRITE")
		edit(c)
		if v, err := Commit(context.Background(), dir, c); err == nil || v >= 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("version %d, error %v, want %q", v, err, want)
		}
	}
	if s := mustLoad(t, dir); s.Version != 0 {
		t.Errorf("version %d", s.Version)
	}
}

// TestCheckpoints reads checkpoints in all their forms, and falls back to the
// commits where one is damaged.
func TestCheckpoints(t *testing.T) {
	ctx := context.Background()
	write := func(t *testing.T, path string, rows []checkpointRow) {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := parquet.Write(f, rows); err != nil {
			t.Fatal(err)
		}
	}
	state := func(t *testing.T) (string, []checkpointRow) {
		dir := writeLog(t, []string{features(`"timestampNtz"`, `"timestampNtz"`), meta(`"a":"b"`), addLine("a"), addLine("b"), `{"txn":{"appId":"p","version":4}}`}, []string{removeLine("a"), addLine("c%20d")}, []string{addLine("e")})
		s, err := LoadVersion(ctx, dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := checkpointRows(s, s.Time.AddDate(-100, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		return dir, rows
	}
	const uuid = "80a083e8-7026-4e79-81be-64bd76c43a11"
	for name, c := range map[string]struct {
		lay   func(t *testing.T, dir string, rows []checkpointRow)
		want  string // "" = it is to be read
		whole bool   // the commits are all there
	}{
		"classic": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			write(t, log+"/00000000000000000001.checkpoint.parquet", rows)
		}},
		"in parts": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			write(t, log+"/00000000000000000001.checkpoint.0000000001.0000000002.parquet", rows[:2])
			write(t, log+"/00000000000000000001.checkpoint.0000000002.0000000002.parquet", rows[2:])
		}},
		"a part is missing": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			write(t, log+"/00000000000000000001.checkpoint.0000000001.0000000002.parquet", rows[:2])
		}, want: "00000.json: is missing"},
		"V2 in JSON, with a side file": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			if err := os.Mkdir(log+"/_sidecars", 0o777); err != nil {
				t.Fatal(err)
			}
			write(t, log+"/_sidecars/side.parquet", rows[3:])
			text := features(`"timestampNtz"`, `"timestampNtz"`) + "\n" + meta(`"a":"b"`) + "\n" + `{"txn":{"appId":"p","version":4}}` + "\n" + `{"checkpointMetadata":{"version":1}}` + "\n" + `{"sidecar":{"path":"side.parquet","sizeInBytes":1}}`
			writeFile(t, log+"/00000000000000000001.checkpoint."+uuid+".json", text)
		}},
		"a side file elsewhere": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			writeFile(t, log+"/00000000000000000001.checkpoint."+uuid+".json", protocol12+"\n"+metaPlain+"\n"+`{"sidecar":{"path":"../../x"}}`)
		}, want: "side file elsewhere"},
		"damaged": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			writeFile(t, log+"/00000000000000000001.checkpoint.parquet", "PAR1 and so on PAR1")
		}, want: "the checkpoint cannot be read"},
		"damaged, but all commits are there": {lay: func(t *testing.T, log string, rows []checkpointRow) {
			writeFile(t, log+"/00000000000000000001.checkpoint.parquet", "PAR1 and so on PAR1")
		}, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, rows := state(t)
			c.lay(t, dir+"/_delta_log", rows)
			if !c.whole {
				for v := range int64(2) {
					if err := os.Remove(table{dir: dir}.commitPath(v)); err != nil {
						t.Fatal(err)
					}
				}
			}
			s, err := Load(ctx, dir)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			txn, _ := s.Txn("p")
			if paths(s) != "b c d e" || s.Rows() != 9 || txn != 4 || s.Configuration["a"] != "b" || s.protocol.MinWriter != 7 || len(s.protocol.WriterFeatures) != 1 || len(s.tombstones) != 1 {
				t.Errorf("%s, %+v", paths(s), s)
			}
		})
	}
}

// FuzzLog replays any text as a commit and as a checkpoint in JSON, and any
// bytes as one in Parquet: errors, no panic.
func FuzzLog(f *testing.F) {
	f.Add([]byte(protocol12 + "\n" + metaPlain + "\n" + addLine("a") + "\n" + removeLine("b")))
	f.Add([]byte(features(`"timestampNtz"`, `"x"`) + `{"commitInfo":{"a":[]}}`))
	f.Add([]byte(`{"add":{"path":"a=%20/b","partitionValues":{"a":null},"stats":"{\"numRecords\":\"x\"}"}}`))
	var b bytes.Buffer
	if err := parquet.Write(&b, []checkpointRow{{Add: &checkpointAdd{Path: "a", PartitionValues: map[string]*string{"x": nil}}}, {Remove: &checkpointRemove{Path: "b"}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		s := empty("x")
		if actions, err := parseActions(text); err == nil {
			describe(actions)
			if s.apply(actions) == nil && s.check() == nil {
				if _, err := checkpointRows(s, s.Time); err != nil {
					t.Error(err)
				}
				for _, f := range s.files {
					f.stats()
					f.mayHold([]pipeline.Where{{Column: "id", Wants: func([]byte) bool { return true }, Min: []byte("a"), Max: []byte("b")}})
				}
			}
		}
		path := filepath.Join(t.TempDir(), "x.parquet")
		writeFile(t, path, string(text))
		if actions, err := readActions(path); err == nil {
			_ = empty("x").apply(actions)
		}
	})
}

// TestTimesWithoutZone raises the protocol where, and only where, a column needs it.
func TestTimesWithoutZone(t *testing.T) {
	ctx := context.Background()
	local, err := pipeline.NewTable("silver.times", "One row per time.", nil, []pipeline.Column{{Name: "id", Type: pipeline.StringType, Nullable: true}, {Name: "local", Type: NTZType, Nullable: true}})
	if err != nil {
		t.Fatal(err)
	}
	want := func(dir, reader, writer string, minReader, minWriter int) {
		t.Helper()
		p := mustLoad(t, dir).protocol
		if p.MinReader != minReader || p.MinWriter != minWriter || strings.Join(p.ReaderFeatures, " ") != reader || strings.Join(p.WriterFeatures, " ") != writer {
			t.Errorf("protocol %+v", p)
		}
	}
	created := t.TempDir()
	c := NewChange(nil, Append, "CREATE TABLE")
	if c.Metadata, err = MetadataOf(local); err != nil {
		t.Fatal(err)
	}
	if _, err := Commit(ctx, created, c); err != nil {
		t.Fatal(err)
	}
	want(created, "timestampNtz", "appendOnly invariants timestampNtz", 3, 7)
	evolved := writeLog(t, []string{protocol12, metaPlain})
	want(evolved, "", "", 1, 2)
	if _, err := AddColumns(ctx, evolved, local); err != nil {
		t.Fatal(err)
	}
	want(evolved, "timestampNtz", "appendOnly invariants timestampNtz", 3, 7)
	if _, err := Checkpoint(ctx, evolved); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(table{dir: evolved}.commitPath(0)); err != nil {
		t.Fatal(err)
	}
	want(evolved, "timestampNtz", "appendOnly invariants timestampNtz", 3, 7)
	if v, err := AddColumns(ctx, evolved, local); err != nil || v != 1 {
		t.Errorf("nothing new: version %d, %v", v, err)
	}
}
