package register

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/smeltdata/smelt/pipeline"
)

// deltaLog is the folder that makes a folder a Delta table.
const deltaLog = "_delta_log"

// errNoMetadata: the commits that are left as JSON do not tell the schema,
// only a checkpoint does.
var errNoMetadata = errors.New("the Delta log's schema is only in a checkpoint")

var commitName = regexp.MustCompile(`^[0-9]{20}\.json$`)

// logged returns the columns that a Delta table's log gives it now: those of
// the newest commit that sets them. A column's comment there is its Doc.
func logged(folder string) ([]Column, error) {
	log := filepath.Join(folder, deltaLog)
	entries, err := os.ReadDir(log) // in the order of their names, and so of the versions
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: log, Msg: "cannot list the Delta log", Err: err}
	}
	for i := len(entries) - 1; i >= 0; i-- {
		if !commitName.MatchString(entries[i].Name()) {
			continue
		}
		path := filepath.Join(log, entries[i].Name())
		schema, err := schemaSetBy(path)
		if err == nil && schema != "" {
			return columnsOf(path, schema)
		}
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: "cannot read the commit", Err: err}
		}
	}
	return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: log, Err: errNoMetadata}
}

// schemaSetBy returns the schema that a commit sets; "" for most commits.
func schemaSetBy(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	schema := ""
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var action struct {
			MetaData *struct{ SchemaString string }
		}
		switch err := d.Decode(&action); {
		case err == io.EOF:
			return schema, nil
		case err != nil:
			return "", err
		case action.MetaData != nil:
			schema = action.MetaData.SchemaString
		}
	}
}

// columnsOf reads a schema in Spark's JSON.
func columnsOf(path, schema string) ([]Column, error) {
	var s struct {
		Fields []struct {
			Name     string
			Type     json.RawMessage
			Nullable bool
			Metadata struct{ Comment string }
		}
	}
	if err := json.Unmarshal([]byte(schema), &s); err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: "cannot read the table's schema", Err: err}
	}
	var out []Column
	for _, f := range s.Fields {
		var name string
		_ = json.Unmarshal(f.Type, &name) // a nested type is an object, which is no name
		t, ok := typeNamed(name)
		if !ok {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Column: f.Name, Value: string(f.Type),
				Msg: "smelt registers no column of this type", Hint: "register this table by hand, or drop the column"}
		}
		out = append(out, Column{Name: f.Name, Type: t, Nullable: f.Nullable, Doc: f.Metadata.Comment})
	}
	return out, nil
}
