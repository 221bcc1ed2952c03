package deltaio

import "context"

// afterCommit does what is due at some versions.
func (t table) afterCommit(ctx context.Context, s *Snapshot, version int64, actions []action) {}
