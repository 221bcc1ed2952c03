package silver

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// KeyColumns are the columns of bronze.sales that KeyScan.Sales reads, besides
// _source_row.
var KeyColumns = []string{"order_id", "line_number"}

// KeyScan gathers the keys of the lines before the main scan, or the lines that
// are compared whole: which may occur more than once, and which customers and products the lines describe. It
// belongs to one worker; the batches of a segment come in record order. It
// keeps 8 bytes a line, or 16 in a temporary file.
type KeyScan struct {
	m                   *Model
	clean               cleaner
	whole               wholeLines
	hashes              hashLog
	segments            map[int]*segmentKeys
	customers, products *derived
}

// segmentKeys says where the hashes of one segment's lines are, in record
// order. Only lines whose hash occurs once are sure to have a key of their own.
type segmentKeys struct {
	pieces []piece
	rows   rowNumbers
	export *export // where its lines are compared whole
}

// piece is a piece of a scan's hashLog.
type piece struct{ first, n int }

// NewKeyScan returns the key scan of one worker.
func (m *Model) NewKeyScan() *KeyScan {
	return &KeyScan{m: m, hashes: hashLog{scratch: m.scratch}, segments: map[int]*segmentKeys{}}
}

// Sales adds a batch of lines: columns of bronze.sales, found by name, of which
// it reads KeyColumns and _source_row. Lines without an order id or a line
// number have no key.
func (k *KeyScan) Sales(seg int, returns bool, rec arrow.Record) error {
	order, err := columnOf(rec, "order_id", pipeline.StringType)
	if err != nil {
		return err
	}
	number, err := columnOf(rec, "line_number", pipeline.Int32Type)
	if err != nil {
		return err
	}
	source, err := columnOf(rec, "_source_row", pipeline.Int64Type)
	if err != nil {
		return err
	}
	n := int(rec.NumRows())
	if n == 0 || number.NullN() == n || order.NullN() == n {
		return nil
	}
	plain := plainStrings(k.m.mem, order)
	defer plain.Release()
	orders := cleanStrings(k.m.mem, &k.clean, plain, nil)
	if orders != plain {
		defer orders.Release()
	}
	return k.add(k.segment(seg), source.(*array.Int64).Int64Values(), func(dst []uint64, first int) {
		hashKeys(dst, orders, number.(*array.Int32), first)
	})
}

// WholeLines adds a batch of lines that are compared whole with those of other
// files: bronze.sales, in full, of a source with overlap: max. source and file
// are the caller's numbers of the two; files are numbered in record order, and
// those of different sources differ. Of several files that have a line equally
// often, the one of the lowest number keeps it.
func (k *KeyScan) WholeLines(seg, source, file int, rec arrow.Record) error {
	if err := bronze.Sales.Check(rec); err != nil {
		return err
	}
	if rec.NumRows() == 0 {
		return nil
	}
	s := k.segment(seg)
	s.export = &export{source, file}
	k.whole.read(source, rec)
	rows := rec.Column(saleColumn.sourceRow).(*array.Int64).Int64Values()
	return k.add(s, rows, func(dst []uint64, first int) {
		for i := range dst {
			dst[i] = max(k.whole.hash(first+i), 1)
		}
	})
}

func (k *KeyScan) segment(seg int) *segmentKeys {
	if k.segments[seg] == nil {
		k.segments[seg] = &segmentKeys{}
	}
	return k.segments[seg]
}

// add adds lines of a segment, by their record numbers. hash sets the hashes of
// the lines from the first one on; what it leaves is 0.
func (k *KeyScan) add(s *segmentKeys, rows []int64, hash func(dst []uint64, first int)) error {
	n, first := len(rows), k.hashes.len()
	if last := len(s.pieces) - 1; last >= 0 && s.pieces[last].first+s.pieces[last].n == first {
		s.pieces[last].n += n
	} else {
		s.pieces = append(s.pieces, piece{first, n})
	}
	for at := 0; at < n; {
		dst, err := k.hashes.room(n - at)
		if err != nil {
			return err
		}
		hash(dst, at)
		at += len(dst)
	}
	s.rows.append(rows)
	return nil
}

// hashKeys hashes the keys of the lines from the first one on. What it leaves
// is 0.
func hashKeys(dst []uint64, orders *array.String, number *array.Int32, first int) {
	valid, numbered := validity(orders), validity(number)
	starts, texts, lines := orders.ValueOffsets(), orders.ValueBytes(), number.Int32Values()
	base := starts[0]
	starts, lines = starts[first:first+len(dst)+1], lines[first:first+len(dst)]
	for i := 0; i < len(dst); i += 64 {
		for word := valid.word(first+i) & numbered.word(first+i) & below(len(dst)-i); word != 0; word &= word - 1 {
			k := i + bits.TrailingZeros64(word)
			dst[k] = keyHash(texts[starts[k]-base:starts[k+1]-base], lines[k])
		}
	}
}

// keyHash is a hash of an order and a line number, never 0.
func keyHash(order []byte, line int32) uint64 {
	const k1, k2, k3 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3
	var a, b uint64
	switch n := len(order); {
	case n > 16:
		a = xxh3.Hash(order)
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(order), binary.LittleEndian.Uint64(order[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(order)), uint64(binary.LittleEndian.Uint32(order[n-4:]))
	default:
		for _, c := range order {
			a = a<<8 | uint64(c)
		}
	}
	high, low := bits.Mul64(a^k1, b^k2^uint64(len(order)))
	high, low = bits.Mul64(high^low^k3, uint64(uint32(line))^k1)
	return max(high^low, 1)
}

// DeriveCustomers adds a batch of bronze.customers that was made from sales
// lines: customer_id and updated_at are the line's, the other columns as far as
// attributes are mapped, else NULL. Files are numbered in record order.
func (k *KeyScan) DeriveCustomers(file int, rec arrow.Record) error {
	if k.customers == nil {
		k.customers = newDerived(&customerSpec, k.m.customers.skip())
	}
	return k.customers.add(file, rec)
}

// DeriveProducts adds a batch of bronze.products that was made from sales
// lines, as DeriveCustomers does.
func (k *KeyScan) DeriveProducts(file int, rec arrow.Record) error {
	if k.products == nil {
		k.products = newDerived(&productSpec, k.m.products.skip())
	}
	return k.products.add(file, rec)
}

// skip returns a function that reports the keys that a file has: lines do not
// describe them.
func (k *known) skip() func(key []byte) bool {
	if !k.hasFile {
		return nil
	}
	return func(key []byte) bool { return k.find(key) >= 0 }
}

// columnOf returns a column of a batch by name.
func columnOf(rec arrow.Record, name string, typ arrow.DataType) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 || !pipeline.SameType(rec.Column(at[0]).DataType(), typ) {
		return nil, &pipeline.Error{Kind: pipeline.ErrData, Table: bronze.Sales.Name, Column: name, Msg: "a batch of the key scan lacks the column or has another type"}
	}
	return rec.Column(at[0]), nil
}

// rowNumbers holds ascending record numbers, of which most follow their
// predecessor.
type rowNumbers struct {
	n    int
	runs []run
}

// run says that the numbers from position first on count up from row.
type run struct {
	first int
	row   int64
}

func (r *rowNumbers) append(rows []int64) {
	if len(rows) == 0 {
		return
	}
	next := int64(-1)
	if k := len(r.runs); k > 0 {
		next = r.runs[k-1].row + int64(r.n-r.runs[k-1].first)
	}
	if last := len(rows) - 1; rows[0] == next && rows[last] == next+int64(last) {
		r.n += len(rows)
		return
	}
	for _, row := range rows {
		if row != next {
			r.runs = append(r.runs, run{r.n, row})
		}
		next = row + 1
		r.n++
	}
}

// at returns the record number at a position.
func (r *rowNumbers) at(i int) int64 {
	k, found := slices.BinarySearchFunc(r.runs, i, func(run run, i int) int { return run.first - i })
	if !found {
		k--
	}
	return r.runs[k].row + int64(i-r.runs[k].first)
}
