package deltaio

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// Schema is a table's columns, partition columns included, as the log has them.
// Its JSON is Delta's schema string.
type Schema struct {
	Columns []Column
}

// Column is a column of a Delta table.
type Column struct {
	Name     string
	Delta    json.RawMessage // its type in Delta's JSON: "long", {"type":"array",…
	Type     arrow.DataType  // as smelt reads it; nil where it does not: a struct, a list, a map, a variant
	Nullable bool
	Comment  string
	Metadata map[string]json.RawMessage // what else the log says of it
}

// NTZType is the Arrow type of a time without a zone, Delta's timestamp_ntz.
var NTZType = &arrow.TimestampType{Unit: arrow.Microsecond}

// SchemaOf returns the schema of a declared table. A type that Delta lacks, a
// name that it does not allow and names that differ in case only are errors.
func SchemaOf(t *pipeline.Table) (*Schema, error) {
	s := &Schema{}
	seen := map[string]bool{}
	for _, c := range t.Columns {
		fail := func(msg, hint string) (*Schema, error) {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Column: c.Name, Msg: msg, Hint: hint}
		}
		name := deltaTypeName(c.Type)
		if name == "" {
			return fail(fmt.Sprintf("type %s cannot be stored in a Delta table", c.Type), "use a text, a number, a date or a time")
		}
		if c.Name == "" || strings.ContainsAny(c.Name, " ,;{}()\n\t=") {
			return fail("a Delta table cannot have a column of this name", "use letters, digits and _")
		}
		if low := strings.ToLower(c.Name); seen[low] {
			return fail("the name is repeated, upper and lower case being the same in a Delta table", "rename one of the columns")
		} else {
			seen[low] = true
		}
		text, _ := json.Marshal(name)
		s.Columns = append(s.Columns, Column{Name: c.Name, Delta: text, Type: plainType(c.Type), Nullable: c.Nullable, Comment: c.Doc})
	}
	return s, nil
}

// plainType is the type that a column is read back with: text is never
// dictionary-encoded.
func plainType(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

// deltaTypeName returns Delta's name of an Arrow type, or "".
func deltaTypeName(t arrow.DataType) string {
	switch t := plainType(t).(type) {
	case *arrow.StringType:
		return "string"
	case *arrow.BinaryType:
		return "binary"
	case *arrow.Int64Type:
		return "long"
	case *arrow.Int32Type:
		return "integer"
	case *arrow.Float32Type:
		return "float"
	case *arrow.Float64Type:
		return "double"
	case *arrow.BooleanType:
		return "boolean"
	case *arrow.Date32Type:
		return "date"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.TimestampType:
		switch {
		case t.Unit != arrow.Microsecond:
		case t.TimeZone == "":
			return "timestamp_ntz"
		case t.TimeZone == "UTC":
			return "timestamp"
		}
	}
	return ""
}

// arrowType returns the type that values of a Delta type are read as; nil for
// those that are not read.
func arrowType(delta json.RawMessage) arrow.DataType {
	var name string
	if json.Unmarshal(delta, &name) != nil {
		return nil // nested
	}
	switch name {
	case "string":
		return pipeline.StringType
	case "binary":
		return pipeline.BinaryType
	case "long":
		return pipeline.Int64Type
	case "integer", "short", "byte":
		return pipeline.Int32Type // Parquet has no smaller ones
	case "float":
		return arrow.PrimitiveTypes.Float32
	case "double":
		return arrow.PrimitiveTypes.Float64
	case "boolean":
		return pipeline.BoolType
	case "date":
		return pipeline.DateType
	case "timestamp":
		return pipeline.TimestampType
	case "timestamp_ntz":
		return NTZType
	}
	name = strings.ReplaceAll(name, " ", "")
	if name == "decimal" {
		name = "decimal(10,0)"
	}
	var precision, scale int32
	if n, err := fmt.Sscanf(name, "decimal(%d,%d)", &precision, &scale); n != 2 || err != nil || precision < 1 || precision > 38 || scale < 0 || scale > precision {
		return nil
	}
	return &arrow.Decimal128Type{Precision: precision, Scale: scale}
}

// Index returns the position of a column, or -1.
func (s *Schema) Index(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// hasType reports whether a column has a Delta type of that name.
func (s *Schema) hasType(name string) bool {
	for _, c := range s.Columns {
		if strings.Contains(string(c.Delta), `"`+name+`"`) {
			return true
		}
	}
	return false
}

// typeText is the column's type for messages.
func (c *Column) typeText() string { return strings.Trim(compactJSON(c.Delta), `"`) }

// normal is the column's type as deltaTypeName writes it.
func (c *Column) normal() string { return strings.ReplaceAll(c.typeText(), " ", "") }

func compactJSON(b json.RawMessage) string {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return string(b)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

type jsonSchema struct {
	Type   string      `json:"type"`
	Fields []jsonField `json:"fields"`
}

type jsonField struct {
	Name     string                     `json:"name"`
	Type     json.RawMessage            `json:"type"`
	Nullable bool                       `json:"nullable"`
	Metadata map[string]json.RawMessage `json:"metadata"`
}

// MarshalJSON writes Delta's schema string.
func (s *Schema) MarshalJSON() ([]byte, error) {
	out := jsonSchema{Type: "struct", Fields: []jsonField{}}
	for _, c := range s.Columns {
		f := jsonField{Name: c.Name, Type: c.Delta, Nullable: c.Nullable, Metadata: map[string]json.RawMessage{}}
		for k, v := range c.Metadata {
			f.Metadata[k] = v
		}
		if c.Comment != "" {
			f.Metadata["comment"], _ = json.Marshal(c.Comment)
		}
		out.Fields = append(out.Fields, f)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads Delta's schema string. Types that smelt cannot read are
// no error: their columns have no Arrow type.
func (s *Schema) UnmarshalJSON(b []byte) error {
	var in jsonSchema
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.Type != "struct" {
		return fmt.Errorf("the schema is a %q, not a struct", in.Type)
	}
	s.Columns = nil
	seen := map[string]bool{}
	for _, f := range in.Fields {
		if low := strings.ToLower(f.Name); f.Name == "" || len(f.Type) == 0 || seen[low] {
			return fmt.Errorf("the schema has a column without a type, or twice the column %q", f.Name)
		} else {
			seen[low] = true
		}
		c := Column{Name: f.Name, Delta: f.Type, Type: arrowType(f.Type), Nullable: f.Nullable, Metadata: map[string]json.RawMessage{}}
		for k, v := range f.Metadata {
			if k == "comment" && json.Unmarshal(v, &c.Comment) == nil {
				continue
			}
			c.Metadata[k] = v
		}
		s.Columns = append(s.Columns, c)
	}
	return nil
}
