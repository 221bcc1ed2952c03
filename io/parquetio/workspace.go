package parquetio

import (
	"sync"

	"github.com/smeltdata/smelt/pipeline"
)

// workspace is the memory of a writer. The next writer of such a table takes it
// over when a file is done: its buffers have their size then. What is written
// does not depend on it.
type workspace struct {
	buffers
	of      workspaceKey
	table   *pipeline.Table
	columns []*column
}

// buffers are used by one column after the other, each while it encodes a page
// or its dictionary: they stay in the processor's cache.
type buffers struct {
	compress *compressor
	body     []byte // of the page
	encoded  []byte // its values
	intCodes []uint32
	narrow   []int32

	lengths, shared  []int32 // of texts
	suffixes, deltas []byte
}

type workspaceKey struct {
	table, compression string
	pageRows           int
}

// workspaces has a sync.Pool of *workspace for each key.
var workspaces sync.Map

// takeWorkspace returns one that no other writer uses.
func takeWorkspace(table *pipeline.Table, layouts []layout, o Options) (*workspace, error) {
	key := workspaceKey{table.Name, o.Compression, o.PageRows}
	if pool, ok := workspaces.Load(key); ok {
		if s, ok := pool.(*sync.Pool).Get().(*workspace); ok && s.table == table {
			return s, nil
		}
	}
	s := &workspace{of: key, table: table}
	var err error
	if s.compress, err = newCompressor(codecs[o.Compression]); err != nil {
		return nil, err
	}
	for _, l := range layouts {
		s.columns = append(s.columns, newColumn(l, o, &s.buffers))
	}
	return s, nil
}

// release lets go of what is not the workspace's own. A clean one, which holds
// no rows, is kept for the next writer.
func (s *workspace) release(clean bool) {
	for _, c := range s.columns {
		c.chunk.reset()
		c.dictionary.reset()
		if t, ok := c.stage.(*textStage); ok {
			t.release()
		}
	}
	if !clean {
		s.compress.close()
		return
	}
	pool, _ := workspaces.LoadOrStore(s.of, new(sync.Pool))
	pool.(*sync.Pool).Put(s)
}
