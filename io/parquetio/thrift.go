package parquetio

import (
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The footer's structures as they are written: those of parquet-go/format that
// hold statistics, with the fields that say whether a bound is exact, and with
// an empty text told apart from a missing one.

type statistics struct {
	NullCount  int64               `thrift:"3,optional,writezero"`
	MaxValue   thrift.Null[[]byte] `thrift:"5,optional"`
	MinValue   thrift.Null[[]byte] `thrift:"6,optional"`
	IsMaxExact thrift.Null[bool]   `thrift:"7,optional"`
	IsMinExact thrift.Null[bool]   `thrift:"8,optional"`
}

type pageHeader struct {
	Type                 format.PageType                          `thrift:"1,required"`
	UncompressedPageSize int32                                    `thrift:"2,required"`
	CompressedPageSize   int32                                    `thrift:"3,required"`
	CRC                  int32                                    `thrift:"4,optional,writezero"`
	DataPageHeader       thrift.Null[dataPageHeader]              `thrift:"5,optional"`
	DictionaryPageHeader thrift.Null[format.DictionaryPageHeader] `thrift:"7,optional"`
}

type dataPageHeader struct {
	NumValues               int32           `thrift:"1,required"`
	Encoding                format.Encoding `thrift:"2,required"`
	DefinitionLevelEncoding format.Encoding `thrift:"3,required"`
	RepetitionLevelEncoding format.Encoding `thrift:"4,required"`
}

type columnMetaData struct {
	Type                  format.Type                            `thrift:"1,required"`
	Encoding              thrift.Slice[format.Encoding]          `thrift:"2,required"`
	PathInSchema          thrift.Slice[string]                   `thrift:"3,required"`
	Codec                 format.CompressionCodec                `thrift:"4,required"`
	NumValues             int64                                  `thrift:"5,required"`
	TotalUncompressedSize int64                                  `thrift:"6,required"`
	TotalCompressedSize   int64                                  `thrift:"7,required"`
	DataPageOffset        int64                                  `thrift:"9,required"`
	DictionaryPageOffset  int64                                  `thrift:"11,optional"`
	Statistics            statistics                             `thrift:"12,optional,writezero"`
	EncodingStats         thrift.Slice[format.PageEncodingStats] `thrift:"13,optional"`
	BloomFilterOffset     int64                                  `thrift:"14,optional"`
	BloomFilterLength     int32                                  `thrift:"15,optional"`
}

type columnChunk struct {
	FileOffset        int64          `thrift:"2,required"`
	MetaData          columnMetaData `thrift:"3,optional"`
	OffsetIndexOffset int64          `thrift:"4,optional"`
	OffsetIndexLength int32          `thrift:"5,optional"`
	ColumnIndexOffset int64          `thrift:"6,optional"`
	ColumnIndexLength int32          `thrift:"7,optional"`
}

type rowGroup struct {
	Columns             thrift.Slice[columnChunk] `thrift:"1,required"`
	TotalByteSize       int64                     `thrift:"2,required"`
	NumRows             int64                     `thrift:"3,required"`
	FileOffset          int64                     `thrift:"5,optional"`
	TotalCompressedSize int64                     `thrift:"6,optional"`
	Ordinal             int16                     `thrift:"7,optional,writezero"`
}

type fileMetaData struct {
	Version      int32                              `thrift:"1,required"`
	Schema       thrift.Slice[format.SchemaElement] `thrift:"2,required"`
	NumRows      int64                              `thrift:"3,required"`
	RowGroups    thrift.Slice[rowGroup]             `thrift:"4,required"`
	CreatedBy    string                             `thrift:"6,optional"`
	ColumnOrders thrift.Slice[format.ColumnOrder]   `thrift:"7,optional"`
}

func marshal(v any) ([]byte, error) { return thrift.Marshal(new(thrift.CompactProtocol), v) }

// The footer's structures as they are read: only what reading needs, so that a
// file with something unusual elsewhere can be read all the same.

type footer struct {
	Schema              thrift.Slice[format.SchemaElement] `thrift:"2,required"`
	RowGroups           thrift.Slice[footerGroup]          `thrift:"4,required"`
	CreatedBy           string                             `thrift:"6,optional"`
	ColumnOrders        thrift.Slice[columnOrder]          `thrift:"7,optional"`
	EncryptionAlgorithm thrift.Null[struct{}]              `thrift:"8,optional"`
}

// columnOrder says how a column's bounds are ordered: by its type, or in a way
// that came after us.
type columnOrder struct {
	TypeOrder thrift.Null[struct{}] `thrift:"1,optional"`
}

type footerGroup struct {
	Columns thrift.Slice[footerColumn] `thrift:"1,required"`
	NumRows int64                      `thrift:"3,required"`
}

type footerColumn struct {
	MetaData                footerChunk           `thrift:"3,optional"`
	ColumnIndexOffset       int64                 `thrift:"6,optional"`
	ColumnIndexLength       int32                 `thrift:"7,optional"`
	CryptoMetadata          thrift.Null[struct{}] `thrift:"8,optional"`
	EncryptedColumnMetadata []byte                `thrift:"9,optional"`
}

type footerChunk struct {
	Codec                format.CompressionCodec `thrift:"4,required"`
	NumValues            int64                   `thrift:"5,required"`
	TotalCompressedSize  int64                   `thrift:"7,required"`
	DataPageOffset       int64                   `thrift:"9,required"`
	DictionaryPageOffset int64                   `thrift:"11,optional"`
	Statistics           footerBounds            `thrift:"12,optional"`
	BloomFilterOffset    int64                   `thrift:"14,optional"`
}

// footerBounds are the bounds that are ordered as the column says, not as an
// old writer thought; a bound that was cut off is a bound all the same.
type footerBounds struct {
	NullCount  int64               `thrift:"3,optional"`
	MaxValue   thrift.Null[[]byte] `thrift:"5,optional"`
	MinValue   thrift.Null[[]byte] `thrift:"6,optional"`
	IsMaxExact thrift.Null[bool]   `thrift:"7,optional"`
	IsMinExact thrift.Null[bool]   `thrift:"8,optional"`
}
