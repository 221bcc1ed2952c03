package parquetio

import (
	"errors"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A row group keeps a Bloom filter of each text column that is declared as
// sought: a split block filter of xxHash, as the format defines it. With so many
// bits for each value, one of 100,000 texts that are not there seems to be.
const bloomBits = 32

// sought collects the hashes of a column's texts, of equal ones that follow each
// other one.
type sought struct {
	hashes []uint64
	copied bloom.SplitBlockFilter // of a chunk that was copied, and lost some texts at most
}

// add takes rows [from, to) of an array of texts, dictionary-encoded or not.
func (s *sought) add(arr arrow.Array, from, to int) {
	row := func(i int) int { return i }
	values := arr
	if d, ok := arr.(*array.Dictionary); ok {
		row, values = d.GetValueIndex, d.Dictionary()
	}
	offsets, text := textOf(values)
	var hash bloom.XXH64
	for i := from; i < to; i++ {
		if arr.IsNull(i) {
			continue
		}
		v := row(i)
		h := hash.Sum64(text[offsets[v]-offsets[0] : offsets[v+1]-offsets[0]])
		if n := len(s.hashes); n == 0 || s.hashes[n-1] != h {
			s.hashes = append(s.hashes, h)
		}
	}
}

// copy makes the filter one of another chunk, nil for none.
func (s *sought) copy(f bloom.SplitBlockFilter) { s.hashes, s.copied = s.hashes[:0], f }

// filter returns the filter of what was collected, and forgets that; nil for nothing.
func (s *sought) filter() bloom.SplitBlockFilter {
	if f := s.copied; f != nil || len(s.hashes) == 0 {
		s.copied = nil
		return f
	}
	f := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(s.hashes)), bloomBits))
	f.InsertBulk(s.hashes)
	s.hashes = s.hashes[:0]
	return f
}

// putBloom writes a filter, and notes in a chunk's metadata where. It comes right
// after its row group, which the format allows: a file's are more than memory has.
func (w *Writer) putBloom(f bloom.SplitBlockFilter, m *columnMetaData) error {
	if f == nil {
		return nil
	}
	at := w.offset
	err := w.putThrift(format.BloomFilterHeader{NumBytes: int32(len(f.Bytes())),
		Algorithm: format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}}, Hash: format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}}})
	if err == nil {
		err = w.put(f.Bytes())
	}
	m.BloomFilterOffset, m.BloomFilterLength = at, int32(w.offset-at)
	return err
}

// bloomHeader is what reading needs of a filter's header: members of a union that
// came after us are none.
type bloomHeader struct {
	NumBytes  int32 `thrift:"1,required"`
	Algorithm struct {
		SplitBlock thrift.Null[struct{}] `thrift:"1,optional"`
	} `thrift:"2,required"`
	Hash struct {
		XxHash thrift.Null[struct{}] `thrift:"1,optional"`
	} `thrift:"3,required"`
	Compression struct {
		None thrift.Null[struct{}] `thrift:"1,optional"`
	} `thrift:"4,required"`
}

// mayHold reports whether a chunk may have any of the values, by its Bloom
// filter. A chunk without one that is understood may.
func (s *source) mayHold(c *footerChunk, values iter.Seq[[]byte]) (bool, error) {
	f, err := s.bloom(c)
	if f == nil || err != nil {
		return err == nil, err
	}
	var hash bloom.XXH64
	for v := range values {
		if f.Check(hash.Sum64(v)) {
			return true, nil
		}
	}
	return false, nil
}

// bloom reads a chunk's Bloom filter; nil where there is none that is understood.
func (s *source) bloom(c *footerChunk) (bloom.SplitBlockFilter, error) {
	at := c.BloomFilterOffset
	if at <= 0 {
		return nil, nil
	}
	if at >= s.size {
		return nil, errors.New("it lies outside the file")
	}
	head := make([]byte, min(64, s.size-at))
	if _, err := s.file.ReadAt(head, at); err != nil {
		return nil, err
	}
	var h bloomHeader
	n, err := unmarshal(head, &h)
	if err != nil {
		return nil, err
	}
	if !h.Algorithm.SplitBlock.Valid || !h.Hash.XxHash.Valid || !h.Compression.None.Valid {
		return nil, nil
	}
	at += int64(n)
	if n := int64(h.NumBytes); n <= 0 || n%bloom.BlockSize != 0 || n > s.size-at {
		return nil, errors.New("its size is wrong")
	}
	f := make(bloom.SplitBlockFilter, h.NumBytes/bloom.BlockSize)
	_, err = s.file.ReadAt(f.Bytes(), at)
	return f, err
}
