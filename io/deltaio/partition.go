package deltaio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/smeltdata/smelt/pipeline"
)

// PartitionValue returns a value of a partition column as Delta writes it: a
// decimal with all digits of its scale, a time as UTC with Z. nil is NULL, and
// so is an empty text, which Delta cannot tell from it.
func PartitionValue(a arrow.Array, row int) (*string, error) {
	if a.IsNull(row) {
		return nil, nil
	}
	var s string
	switch a := a.(type) {
	case *array.Dictionary:
		return PartitionValue(a.Dictionary(), a.GetValueIndex(row))
	case *array.String:
		s = strings.Clone(a.Value(row))
	case *array.Int64:
		s = strconv.FormatInt(a.Value(row), 10)
	case *array.Int32:
		s = strconv.FormatInt(int64(a.Value(row)), 10)
	case *array.Boolean:
		s = strconv.FormatBool(a.Value(row))
	case *array.Date32:
		s = pipeline.Date(a.Value(row)).String()
	case *array.Timestamp:
		s = time.UnixMicro(int64(a.Value(row))).UTC().Format("2006-01-02T15:04:05.000000Z")
		if a.DataType().(*arrow.TimestampType).TimeZone == "" {
			s = strings.TrimSuffix(strings.Replace(s, "T", " ", 1), "Z")
		}
	case *array.Decimal128:
		s = decimalText(a.Value(row).BigInt(), a.DataType().(*arrow.Decimal128Type).Scale)
	default:
		return nil, fmt.Errorf("a table cannot be partitioned by values of type %s", a.DataType())
	}
	if s == "" {
		return nil, nil
	}
	return &s, nil
}

// appendPartition adds a partition value to the builder of its column's type.
func appendPartition(b array.Builder, value *string) error {
	if value == nil || *value == "" {
		b.AppendNull()
		return nil
	}
	s := *value
	integer := func(bits int) int64 {
		n, err := strconv.ParseInt(s, 10, bits)
		if err != nil {
			value = nil
		}
		return n
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(s)
	case *array.Int64Builder:
		b.Append(integer(64))
	case *array.Int32Builder:
		b.Append(int32(integer(32)))
	case *array.BooleanBuilder:
		v, err := strconv.ParseBool(s)
		if err != nil {
			value = nil
		}
		b.Append(v)
	case *array.Float64Builder:
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			value = nil
		}
		b.Append(v)
	case *array.Float32Builder:
		v, err := strconv.ParseFloat(s, 32)
		if err != nil {
			value = nil
		}
		b.Append(float32(v))
	case *array.Date32Builder:
		v, err := time.Parse("2006-01-02", s)
		if err != nil {
			value = nil
		}
		b.Append(arrow.Date32(v.Unix() / 86400))
	case *array.TimestampBuilder:
		v, err := parsePartitionTime(s)
		if err != nil {
			value = nil
		}
		b.Append(arrow.Timestamp(v.UnixMicro()))
	case *array.Decimal128Builder:
		v, err := parseDecimal(s, b.Type().(*arrow.Decimal128Type))
		if err != nil {
			value = nil
		}
		b.Append(v)
	default:
		return fmt.Errorf("a partition column of type %s cannot be read", b.Type())
	}
	if value == nil {
		return fmt.Errorf("the partition value %q is no %s", s, b.Type())
	}
	return nil
}

// parsePartitionTime reads a time; one without a zone is in UTC.
func parsePartitionTime(s string) (t time.Time, err error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02"} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, err
}

// parseDecimal reads a decimal exactly.
func parseDecimal(s string, t *arrow.Decimal128Type) (decimal128.Num, error) {
	sign, digits := "", s
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, digits = s[:1], s[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(fraction) > int(t.Scale) && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > int(t.Scale) || whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return decimal128.Num{}, fmt.Errorf("%q is no %s", s, t)
	}
	unscaled := strings.TrimLeft(whole+fraction+strings.Repeat("0", int(t.Scale)-len(fraction)), "0")
	if len(unscaled) > int(t.Precision) {
		return decimal128.Num{}, fmt.Errorf("%q is no %s", s, t)
	}
	return decimal128.FromString(sign+"0"+unscaled, t.Precision, 0)
}

// partitionFolder returns the folder of a partition's files below the table's,
// with a / at its end; "" without partition columns. Most readers go by the log,
// but Polars by the folder's name, so no value may be cut.
func partitionFolder(t *pipeline.Table, values map[string]*string) (string, error) {
	var b strings.Builder
	n := 0
	for _, c := range t.Columns {
		v, ok := values[c.Name]
		if !ok {
			continue
		}
		n++
		if v == nil && !c.Nullable {
			return "", &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: c.Name, Msg: "NULL or an empty text in a partition column that is not nullable", Hint: "Delta cannot tell the two apart: declare the column nullable"}
		}
		folder := hiveName(c.Name) + "="
		if v == nil {
			folder += "__HIVE_DEFAULT_PARTITION__"
		} else {
			folder += hiveName(*v)
		}
		if len(folder) > maxFolder {
			return "", &pipeline.Error{Kind: pipeline.ErrData, Table: t.Name, Column: c.Name, Value: *v, Msg: "the partition value is too long for the name of a folder", Hint: "partition the table by another column"}
		}
		b.WriteString(folder + "/")
	}
	if n != len(values) {
		return "", &pipeline.Error{Kind: pipeline.ErrConfig, Table: t.Name, Msg: "a partition column is no column of the table"}
	}
	return b.String(), nil
}

// maxFolder is how many bytes the name of a folder may have.
const maxFolder = 255

// hiveName writes a partition value as Hive writes folder names.
func hiveName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == 0x7f || strings.IndexByte("\"#%'*/:=?\\{}[]^<>| ", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkPartition makes sure that a file has a value for each partition column.
func (f *File) checkPartition(dir string, columns []string) error {
	for name := range f.Partition {
		if !slices.Contains(columns, name) {
			return &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Column: name, Value: f.Path, Msg: "the file has a partition value, but the table is not partitioned by the column"}
		}
	}
	for _, name := range columns {
		if _, ok := f.Partition[name]; !ok {
			return &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Column: name, Value: f.Path, Msg: "the file has no value of the partition column"}
		}
	}
	return nil
}
