package register

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline"
)

// dataType is how a catalog names a column's type.
type dataType struct {
	text  string // in SQL: "bigint", "decimal(18,4)"
	json  string // in Spark's schema JSON: "long", "decimal(18,4)"
	name  string // Unity Catalog's ColumnTypeName: "LONG", "DECIMAL"
	arrow arrow.DataType
}

// plainTypes are the types without parameters. Delta and Spark know no unsigned
// numbers and no times of day, so those have no name here.
var plainTypes = []dataType{
	{"string", "string", "STRING", arrow.BinaryTypes.String},
	{"binary", "binary", "BINARY", arrow.BinaryTypes.Binary},
	{"boolean", "boolean", "BOOLEAN", arrow.FixedWidthTypes.Boolean},
	{"tinyint", "byte", "BYTE", arrow.PrimitiveTypes.Int8},
	{"smallint", "short", "SHORT", arrow.PrimitiveTypes.Int16},
	{"int", "integer", "INT", arrow.PrimitiveTypes.Int32},
	{"bigint", "long", "LONG", arrow.PrimitiveTypes.Int64},
	{"float", "float", "FLOAT", arrow.PrimitiveTypes.Float32},
	{"double", "double", "DOUBLE", arrow.PrimitiveTypes.Float64},
	{"date", "date", "DATE", arrow.FixedWidthTypes.Date32},
	{"timestamp", "timestamp", "TIMESTAMP", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	{"timestamp_ntz", "timestamp_ntz", "TIMESTAMP_NTZ", &arrow.TimestampType{Unit: arrow.Microsecond}},
}

// typeOf returns the names of an Arrow type; false for a type that catalogs lack.
func typeOf(t arrow.DataType) (dataType, bool) {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return typeOf(t.ValueType)
	case *arrow.Decimal128Type:
		text := fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
		return dataType{text, text, "DECIMAL", t}, t.Precision <= 38
	case *arrow.TimestampType: // of any unit: a catalog knows microseconds only
		if t.TimeZone != "" {
			return plainTypes[len(plainTypes)-2], true
		}
		return plainTypes[len(plainTypes)-1], true
	}
	for _, p := range plainTypes {
		if arrow.TypeEqual(p.arrow, t) {
			return p, true
		}
	}
	return dataType{}, false
}

// typeNamed returns the Arrow type of a primitive type in Spark's schema JSON.
func typeNamed(json string) (arrow.DataType, bool) {
	var precision, scale int32
	if n, _ := fmt.Sscanf(strings.ReplaceAll(json, " ", ""), "decimal(%d,%d)", &precision, &scale); n == 2 {
		return &arrow.Decimal128Type{Precision: precision, Scale: scale}, precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision
	}
	for _, p := range plainTypes {
		if p.json == json {
			return p.arrow, true
		}
	}
	return nil, false
}

// check reports the first column whose type no catalog has.
func (t *Table) check() error {
	for _, c := range t.Columns {
		if _, ok := typeOf(c.Type); !ok {
			return &pipeline.Error{Kind: pipeline.ErrInput, Table: t.FullName(), Column: c.Name, Value: c.Type.String(),
				Msg: "no catalog has this type", Hint: "store the column as text, a signed number, a decimal, a date or a timestamp"}
		}
	}
	return nil
}

// dataType returns the names of the column's type, which check has found.
func (c *Column) dataType() dataType {
	t, _ := typeOf(c.Type)
	return t
}

// digits returns a decimal's precision and scale; nil for any other type.
func (t dataType) digits() (precision, scale *int32) {
	if d, ok := t.arrow.(*arrow.Decimal128Type); ok {
		return &d.Precision, &d.Scale
	}
	return nil, nil
}
