package deltaio

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// readAs streams columns of a Parquet file as the wanted types; of a column
// that the file lacks, NULLs. With where, only the rows that it picks.
func readAs(ctx context.Context, path string, fields []arrow.Field, where ...pipeline.Where) pipeline.Stream {
	return parquetio.ReadAs(ctx, path, fields, where...)
}
