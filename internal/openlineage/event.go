package openlineage

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// spec is the address of the published schemas.
const spec = "https://openlineage.io/spec/"

// State is what an event says of a run.
type State string

const (
	Start    State = "START"
	Complete State = "COMPLETE"
	Fail     State = "FAIL"
	Abort    State = "ABORT" // stopped from outside
)

// Event is a RunEvent: a state that a run of a job has come to.
type Event struct {
	Time     string    `json:"eventTime"` // RFC 3339, in UTC
	Producer string    `json:"producer"`  // URI of the program
	Schema   string    `json:"schemaURL"`
	State    State     `json:"eventType"`
	Run      runOf     `json:"run"`
	Job      jobOf     `json:"job"`
	Inputs   []dataset `json:"inputs"`
	Outputs  []dataset `json:"outputs"`
}

type runOf struct {
	ID     string `json:"runId"` // UUID
	Facets facets `json:"facets,omitempty"`
}

type jobOf struct {
	JobID
	Facets facets `json:"facets,omitempty"`
}

// JobID names a job.
type JobID struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// RunID names a run of a job: a parent's.
type RunID struct {
	Job JobID
	ID  string // UUID
}

// dataset is a table, or the files that one line of smelt.yml names.
type dataset struct {
	datasetID
	Facets facets `json:"facets,omitempty"`
	Input  facets `json:"inputFacets,omitempty"`
	Output facets `json:"outputFacets,omitempty"`
}

type datasetID struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// file names what is at an absolute path of this machine.
func file(path string) datasetID { return datasetID{"file", path} }

// facets are parts of an event that have a schema of their own, by their keys.
type facets map[string]any

// base is what all facets have.
type base struct {
	Producer string `json:"_producer"`
	Schema   string `json:"_schemaURL"`
}

// The facets, each with the version of its schema.

type processingEngine struct { // processing_engine
	base
	Version string `json:"version"`
	Name    string `json:"name"`
}

type errorMessage struct {
	base
	Message  string `json:"message"`
	Language string `json:"programmingLanguage"`
}

type parentRun struct { // parent
	base
	Run  runOf   `json:"run"`
	Job  jobOf   `json:"job"`
	Root rootRun `json:"root"`
}

type rootRun struct {
	Run runOf `json:"run"`
	Job jobOf `json:"job"`
}

type jobType struct {
	base
	Processing  string `json:"processingType"`
	Integration string `json:"integration"`
	Type        string `json:"jobType"`
}

type documentation struct {
	base
	Description string `json:"description"`
}

type tags struct {
	base
	Tags []tag `json:"tags"`
}

type tag struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Field  string `json:"field,omitempty"` // of a dataset's tag: the column
}

type schema struct {
	base
	Fields []field `json:"fields"`
}

type field struct {
	Name        string `json:"name"`
	Type        string `json:"type,omitempty"`
	Description string `json:"description,omitempty"`
	Position    int    `json:"ordinal_position,omitempty"` // from 1
}

type datasetVersion struct { // version
	base
	Version string `json:"datasetVersion"`
}

type datasetType struct {
	base
	Type string `json:"datasetType"`
}

type storage struct {
	base
	Layer  string `json:"storageLayer"`
	Format string `json:"fileFormat"`
}

type lifecycleStateChange struct {
	base
	Change string `json:"lifecycleStateChange"`
}

// statistics are inputStatistics and outputStatistics.
type statistics struct {
	base
	Rows  int64 `json:"rowCount"`
	Bytes int64 `json:"size"`
	Files int64 `json:"fileCount"`
}

type inputSubset struct { // subset
	base
	Condition locations `json:"inputCondition"`
}

type locations struct {
	Type      string   `json:"type"`
	Locations []string `json:"locations"`
}

type assertions struct { // dataQualityAssertions
	base
	Assertions []assertion `json:"assertions"`
}

type assertion struct {
	Kind        string         `json:"assertion"`
	Success     bool           `json:"success"`
	Column      string         `json:"column,omitempty"`
	Severity    string         `json:"severity"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Actual      string         `json:"actual,omitempty"`
	Params      map[string]any `json:"params,omitempty"`
}

type columnLineage struct {
	base
	Fields  map[string]madeOf `json:"fields"`
	Dataset []inputField      `json:"dataset,omitempty"` // what has a say in every row
}

type madeOf struct {
	Inputs []inputField `json:"inputFields"`
}

type inputField struct {
	datasetID
	Field           string           `json:"field"`
	Transformations []transformation `json:"transformations"`
}

type transformation struct {
	Type    string `json:"type"` // DIRECT or INDIRECT
	Subtype string `json:"subtype"`
	Masking bool   `json:"masking"`
}

// newUUID returns a UUID of version 7: its order is that of the times.
func newUUID(at time.Time) string {
	var u [16]byte
	rand.Read(u[:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(u[:6], ms[2:])
	u[6] = 7<<4 | u[6]&0x0f
	u[8] = 2<<6 | u[8]&0x3f
	x := hex.EncodeToString(u[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
