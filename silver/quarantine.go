package silver

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// Quarantined is one bronze row that silver could not use.
type Quarantined struct {
	Table      pipeline.Code `col:"table" doc:"Bronze table of the row: customers, products or sales." check:"not_null"`
	Reason     pipeline.Code `col:"reason" doc:"The first reason that applies, in the order of the contract." check:"not_null"`
	Values     string        `col:"values" doc:"JSON object of the row's non-NULL bronze columns, in declared order, as strings." check:"not_null" pii:"possible"`
	SourceFile pipeline.Code `col:"source_file" doc:"File that the row came from." from:"identity:bronze.customers._source_file identity:bronze.products._source_file identity:bronze.sales._source_file" check:"not_null"`
	SourceRow  int64         `col:"source_row" doc:"1-based number of the record in its file." from:"identity:bronze.customers._source_row identity:bronze.products._source_row identity:bronze.sales._source_row" check:"not_null"`
}

// Quarantine is the table silver.quarantine.
var Quarantine = withInputs(pipeline.Declare[Quarantined]("silver.quarantine", "Bronze rows that silver could not use, each with its reason.", "table", "source_file", "source_row"))

// withInputs declares what the quarantine is made from: what decides whether a
// row can be used, and of such a row all that bronze has.
func withInputs(t *pipeline.TableOf[Quarantined]) *pipeline.TableOf[Quarantined] {
	t.WithRows(slices.Concat(usableBy, []string{"filter:bronze.customers.customer_id", "filter:bronze.products.product_id"})...)
	reason, values := &t.Columns[t.MustIndex("reason")], &t.Columns[t.MustIndex("values")]
	for _, from := range t.RowsFrom {
		reason.From = append(reason.From, strings.TrimPrefix(from, "filter:"))
	}
	for _, of := range []*pipeline.Table{bronze.Customers.Table, bronze.Products.Table, bronze.Sales.Table} {
		for _, c := range of.Columns {
			values.From = append(values.From, of.Name+"."+c.Name)
		}
	}
	return t
}

// reason says why a row cannot be used: the first that applies, in this order.
type reason uint8

const (
	usable reason = iota
	missingOrderID
	missingProductID
	invalidQuantity
	invalidDate
	invalidUnitPrice
	invalidDiscount
	amountOverflow
	foreignCurrency
	missingKey
	reasons // how many there are; reasons+k is the k-th check that quarantines
)

// String returns the reason as the quarantine writes it.
func (r reason) String() string {
	return [reasons]string{"", "missing_order_id", "missing_product_id", "invalid_quantity", "invalid_date", "invalid_unit_price",
		"invalid_discount", "amount_overflow", "foreign_currency", "missing_key"}[r]
}

// quarantine collects the rows of one batch that cannot be used.
type quarantine struct {
	table  string // customers, products or sales
	mem    memory.Allocator
	checks []string // reasons of the checks that quarantine
	counts []int64  // by reason; never reset

	json               rowJSON
	schema             *arrow.Schema        // of the last batch
	file, row          int                  // positions of _source_file and _source_row in it
	tables, why, files *pipeline.Dictionary // nil before the first row

	// The columns so far.
	tableCodes, reasonCodes, fileCodes []int32
	rows                               []int64
	values                             []byte
	ends                               []int32 // of the rows in values
}

func newQuarantine(table string, mem memory.Allocator, checks ...string) *quarantine {
	return &quarantine{table: table, mem: mem, checks: checks, counts: make([]int64, int(reasons)+len(checks))}
}

// text is a reason as the quarantine writes it.
func (q *quarantine) text(why reason) string {
	if why >= reasons {
		return q.checks[why-reasons]
	}
	return why.String()
}

// add takes row i of a bronze batch.
func (q *quarantine) add(rec arrow.Record, i int, why reason) {
	if q.schema != rec.Schema() {
		q.schema = rec.Schema()
		q.file, q.row = q.schema.FieldIndices("_source_file")[0], q.schema.FieldIndices("_source_row")[0]
	}
	if q.why == nil {
		q.tables, q.why, q.files = pipeline.NewDictionary(), pipeline.NewDictionary(), pipeline.NewDictionary()
	}
	file, _ := textAt(rec.Column(q.file), i)
	q.counts[why]++
	q.tableCodes = append(q.tableCodes, q.tables.Code([]byte(q.table)))
	q.reasonCodes = append(q.reasonCodes, q.why.Code([]byte(q.text(why))))
	q.fileCodes = append(q.fileCodes, q.files.Code(file))
	q.rows = append(q.rows, rec.Column(q.row).(*array.Int64).Value(i))
	q.values = q.json.append(q.values, rec, i)
	q.ends = append(q.ends, int32(len(q.values)))
}

// flush hands the rows on as a batch of silver.quarantine, which is lent.
func (q *quarantine) flush(to func(arrow.Record) error) error {
	n := len(q.rows)
	if n == 0 {
		return nil
	}
	offsets, ends := newFixed[int32](q.mem, n+1)
	ends[0] = 0
	copy(ends[1:], q.ends)
	values := memory.NewResizableBuffer(q.mem)
	values.Resize(len(q.values))
	copy(values.Bytes(), q.values)
	columns := []arrow.Array{
		codesArray(q.mem, q.tableCodes, q.tables.Values()), codesArray(q.mem, q.reasonCodes, q.why.Values()),
		newStrings(n, 0, nil, offsets, values), codesArray(q.mem, q.fileCodes, q.files.Values()), longsArray(q.mem, pipeline.Int64Type, q.rows),
	}
	rec := array.NewRecord(Quarantine.Schema, columns, int64(n))
	for _, c := range columns {
		c.Release()
	}
	q.tableCodes, q.reasonCodes, q.fileCodes = q.tableCodes[:0], q.reasonCodes[:0], q.fileCodes[:0]
	q.rows, q.values, q.ends = q.rows[:0], q.values[:0], q.ends[:0]
	defer rec.Release()
	return to(rec)
}

// count adds the rows' reasons to counts by table and reason.
func (q *quarantine) count(counts map[string]map[string]int64) {
	for why, n := range q.counts {
		if n == 0 {
			continue
		}
		if counts[q.table] == nil {
			counts[q.table] = map[string]int64{}
		}
		counts[q.table][q.text(reason(why))] += n
	}
}
