package openlineage

import (
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// table reports how a table was made.
func (x *Run) table(at time.Time, o *Outcome, t *Table) {
	r := x.of
	run := x.below("."+t.Name, "MODEL", t.Doc)
	inputs, made := lineageOf(r, o, t)
	out := dataset{datasetID: file(t.Path), Facets: t.version(r)}
	out.Facets["documentation"] = documentation{r.base("facets/1-1-0/DocumentationDatasetFacet.json"), t.Doc}
	out.Facets["datasetType"] = datasetType{r.base("facets/1-0-1/DatasetTypeDatasetFacet.json"), "TABLE"}
	if t.Delta {
		out.Facets["storage"] = storage{r.base("facets/1-0-1/StorageDatasetFacet.json"), "delta", "parquet"}
	}
	columns := schema{base: r.base("facets/1-2-0/SchemaDatasetFacet.json")}
	personal := tags{base: r.base("facets/1-0-0/TagsDatasetFacet.json")}
	for i, c := range t.Columns {
		columns.Fields = append(columns.Fields, field{c.Name, typeName(c.Type), c.Doc, i + 1})
		if c.PII != "" {
			personal.Tags = append(personal.Tags, tag{"pii", c.PII, "SMELT", c.Name})
		}
	}
	out.Facets["schema"] = columns
	if personal.Tags != nil {
		out.Facets["tags"] = personal
	}
	if made != nil {
		out.Facets["columnLineage"] = made
	}
	if t.Change != "" {
		out.Facets["lifecycleStateChange"] = lifecycleStateChange{r.base("facets/1-0-1/LifecycleStateChangeDatasetFacet.json"), t.Change}
	}
	out.Output = facets{"outputStatistics": statistics{r.base("facets/1-0-2/OutputStatisticsOutputDatasetFacet.json"), t.Rows, t.Bytes, t.Files}}
	run.send(at, Complete, nil, inputs, []dataset{out})
}

// asInput is the table as another one, or a test, reads it.
func (t *Table) asInput(r *Reporter) dataset {
	return dataset{datasetID: file(t.Path), Facets: t.version(r)}
}

// version tells which version of a Delta table it is.
func (t *Table) version(r *Reporter) facets {
	if t.Version < 0 {
		return facets{}
	}
	return facets{"version": datasetVersion{r.base("facets/1-0-1/DatasetVersionDatasetFacet.json"), strconv.FormatInt(t.Version, 10)}}
}

// dataset is the files with what the run has read of them.
func (f *Files) dataset(r *Reporter, columns []string) dataset {
	d := dataset{datasetID: file(f.Path), Facets: facets{"datasetType": datasetType{r.base("facets/1-0-1/DatasetTypeDatasetFacet.json"), "FILE"}}}
	s := schema{base: r.base("facets/1-2-0/SchemaDatasetFacet.json")}
	for _, c := range columns {
		s.Fields = append(s.Fields, field{Name: c})
	}
	if s.Fields != nil {
		d.Facets["schema"] = s
	}
	if len(f.Read) == 0 {
		return d
	}
	d.Input = facets{"inputStatistics": statistics{r.base("facets/1-0-0/InputStatisticsInputDatasetFacet.json"), f.Records, f.Bytes, int64(len(f.Read))}}
	if len(f.Read) <= namedFiles && (len(f.Read) > 1 || f.Read[0] != f.Path) {
		d.Input["subset"] = inputSubset{r.base("facets/1-0-0/BaseSubsetDatasetFacet.json"), locations{"location", f.Read}}
	}
	return d
}

// namedFiles is how many files are named one by one: servers refuse events of megabytes.
const namedFiles = 1000

// typeName is a column's type as Spark's SQL has it.
func typeName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return typeName(t.ValueType)
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return "timestamp_ntz"
		}
		return "timestamp"
	}
	if name, ok := typeNames[t.ID()]; ok {
		return name
	}
	return t.String()
}

var typeNames = map[arrow.Type]string{arrow.STRING: "string", arrow.BINARY: "binary", arrow.BOOL: "boolean", arrow.INT32: "int",
	arrow.INT64: "bigint", arrow.FLOAT64: "double", arrow.DATE32: "date"}
