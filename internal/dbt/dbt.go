// Package dbt writes a catalog as the artefacts of dbt-core 1.11, which its
// documentation page, its state selectors and the tools around dbt read.
//
// Files are sources and tables are models, with their layer as the schema; rules
// are data tests. dbt knows no column lineage: it is in the columns' meta, as
// smelt_lineage. A model's code is the SQL that means what smelt does, in DuckDB's
// words; where the mapping is not known or SQL cannot express it, raw_code is a
// comment that says what the columns are made from. The adapter is duckdb, which reads a lake's files as they lie there; data types are
// spelled as DuckDB spells them.
package dbt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/pipeline"
)

// dbtVersion is the dbt whose formats these are.
const dbtVersion = "1.11.16"

// Write writes manifest.json (v12), catalog.json (v1), run_results.json (v6, of
// the newest run) and sources.json (v3) into dir, which is made where it is not
// there. The files are written aside, then renamed: a reader never sees half of
// one. The same catalog gives the same bytes. A disk that fails is ErrOutput.
func Write(dir string, c *catalog.Catalog) error {
	p := newProject(c)
	var err error
	if p.sql, err = p.sqlOf(); err != nil {
		return err
	}
	failed := func(path string, err error) error {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: "cannot be written", Hint: "see that the folder may be written to and that the disk is not full", Err: err}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failed(dir, err)
	}
	aside, err := os.MkdirTemp(dir, ".dbt-*")
	if err != nil {
		return failed(dir, err)
	}
	defer os.RemoveAll(aside)
	files := []struct {
		name string
		body object
	}{
		{"manifest.json", p.manifest()},
		{"catalog.json", p.catalog()},
		{"run_results.json", p.runResults()},
		{"sources.json", p.freshness()},
	}
	for _, f := range files {
		text, err := encode(f.body)
		if err != nil {
			return failed(filepath.Join(dir, f.name), err)
		}
		if err := os.WriteFile(filepath.Join(aside, f.name), text, 0o666); err != nil {
			return failed(filepath.Join(dir, f.name), err)
		}
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.Rename(filepath.Join(aside, f.name), path); err != nil {
			return failed(path, err)
		}
	}
	return nil
}

// metadata heads an artefact: "manifest/v12". The invocation is the newest run.
func (p *project) metadata(schema string) object {
	started := p.At
	if r := p.newest(); r != nil {
		started, _ = span(r)
	}
	return object{
		"dbt_schema_version":    "https://schemas.getdbt.com/dbt/" + schema + ".json",
		"dbt_version":           dbtVersion,
		"generated_at":          stamp(p.At),
		"invocation_id":         p.invocation(),
		"invocation_started_at": stamp(started),
		"env":                   object{"smelt_version": p.Smelt},
	}
}

// newest returns the newest run, nil where there is none.
func (p *project) newest() *catalog.Run {
	if len(p.Runs) == 0 {
		return nil
	}
	return &p.Runs[0]
}

// span is when a run began and ended: a run is dated by its end.
func span(r *catalog.Run) (from, to time.Time) {
	return r.At.Add(-time.Duration(r.Seconds * float64(time.Second))), r.At
}

// invocation is the newest run's ID as a UUID, which dbt's readers expect.
func (p *project) invocation() string {
	id := p.name
	if r := p.newest(); r != nil {
		id += "\n" + r.ID
	}
	sum := sha256.Sum256([]byte(id))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8: made of something else
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// stamp writes an instant as dbt does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// hash is the SHA-256 of a text, in hex.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// object is a JSON object; its keys are written in order of their bytes.
type object map[string]any

// entries is a JSON object whose keys keep their order, such as columns.
type entries []entry

type entry struct {
	key   string
	value any
}

// encode writes a value as JSON, with <, > and & as they are. Objects are walked
// here: a MarshalJSON of theirs would have each level's text parsed again.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := write(&b, e, v)
	return b.Bytes(), err
}

func write(b *bytes.Buffer, e *json.Encoder, v any) error {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case object:
		sorted := make(entries, 0, len(v))
		for key, value := range v {
			sorted = append(sorted, entry{key, value})
		}
		slices.SortFunc(sorted, func(x, y entry) int { return strings.Compare(x.key, y.key) })
		return write(b, e, sorted)
	case entries:
		b.WriteByte('{')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, e, x.key); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := write(b, e, x.value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case []object:
		b.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, e, x); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		if err := e.Encode(v); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the encoder's line end
	}
	return nil
}
