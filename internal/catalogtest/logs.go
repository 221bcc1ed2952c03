package catalogtest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// Logs returns what Databricks finds where it sees a lake's folder: the columns
// of every Delta table whose log still has its commits.
func Logs(lake, location string) (map[string][]Column, error) {
	commits, err := filepath.Glob(filepath.Join(lake, "*", "*", "_delta_log", "*.json"))
	if err != nil {
		return nil, err
	}
	out := map[string][]Column{}
	for _, commit := range commits { // in the order of the versions
		text, err := os.ReadFile(commit)
		if err != nil {
			return nil, err
		}
		table := filepath.Dir(filepath.Dir(commit))
		at := location + "/" + filepath.Base(filepath.Dir(table)) + "/" + filepath.Base(table)
		for line := range bytes.Lines(text) {
			var action struct {
				MetaData *struct{ SchemaString string }
			}
			var schema struct {
				Fields []struct {
					Name, Type string
					Nullable   bool
					Metadata   struct{ Comment string }
				}
			}
			if err := json.Unmarshal(line, &action); err != nil {
				return nil, err
			}
			if action.MetaData == nil {
				continue
			}
			if err := json.Unmarshal([]byte(action.MetaData.SchemaString), &schema); err != nil {
				return nil, err
			}
			out[at] = nil
			for _, f := range schema.Fields {
				kind := f.Type
				for name, json := range typeNames {
					if text := typeTexts[name]; json == f.Type && text != "" {
						kind = text
					}
				}
				out[at] = append(out[at], Column{Name: f.Name, Type: strings.ReplaceAll(kind, " ", ""), Nullable: f.Nullable, Comment: f.Metadata.Comment})
			}
		}
	}
	return out, nil
}
