package silver

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	. "github.com/smeltdata/smelt/pipeline"
)

// Quarantined is one bronze row that silver could not use.
type Quarantined struct {
	Table      Code   `col:"table" doc:"Bronze table of the row: customers, products or sales." check:"not_null"`
	Reason     Code   `col:"reason" doc:"The first reason that applies, in the order of the contract." check:"not_null"`
	Values     string `col:"values" doc:"JSON object of the row's non-NULL bronze columns, in declared order, as strings." check:"not_null"`
	SourceFile Code   `col:"source_file" doc:"File that the row came from." check:"not_null"`
	SourceRow  int64  `col:"source_row" doc:"1-based number of the record in its file." check:"not_null"`
}

// Quarantine is the table silver.quarantine.
var Quarantine = Declare[Quarantined]("silver.quarantine", "Bronze rows that silver could not use, each with its reason.", "table", "source_file", "source_row")

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
	reasons // how many there are
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
	rows   []Quarantined
	counts [reasons]int64 // never reset
}

func newQuarantine(table string, mem memory.Allocator) *quarantine {
	return &quarantine{table: table, mem: mem}
}

// add takes row i of a bronze batch.
func (q *quarantine) add(rec arrow.Record, i int, why reason) {
	file, _ := textAt(rec.Column(columnIndex(rec, "_source_file")), i)
	row := rec.Column(columnIndex(rec, "_source_row")).(*array.Int64).Value(i)
	q.counts[why]++
	q.rows = append(q.rows, Quarantined{Table: Code(q.table), Reason: Code(why.String()),
		Values: string(appendRowJSON(nil, rec, i)), SourceFile: Code(file), SourceRow: row})
}

func columnIndex(rec arrow.Record, name string) int { return rec.Schema().FieldIndices(name)[0] }

// flush hands the rows on as a batch of silver.quarantine, which is lent.
func (q *quarantine) flush(to func(arrow.Record) error) error {
	if len(q.rows) == 0 {
		return nil
	}
	rec := Quarantine.Record(q.mem, q.rows)
	q.rows = q.rows[:0]
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
		counts[q.table][reason(why).String()] += n
	}
}
