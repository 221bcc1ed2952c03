package deltaio

import (
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// checkpointInterval is how many versions lie between two checkpoints.
func (m *Metadata) checkpointInterval() int64 {
	if n, err := strconv.ParseInt(m.Configuration["delta.checkpointInterval"], 10, 64); err == nil && n > 0 {
		return n
	}
	return 10
}

// logRetention is how long a version can be read again, at least.
func (m *Metadata) logRetention() time.Duration {
	return interval(m.Configuration["delta.logRetentionDuration"], 30*day)
}

// fileRetention is how long a file stays on the disk after it was removed from
// the table, at least.
func (m *Metadata) fileRetention() time.Duration {
	return interval(m.Configuration["delta.deletedFileRetentionDuration"], 7*day)
}

// interval reads a duration as Delta's properties have it: "interval 30 days",
// "interval 1 week 2 hours". What it cannot read is otherwise.
func interval(s string, otherwise time.Duration) time.Duration {
	words := strings.Fields(strings.ToLower(s))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return otherwise
	}
	var total time.Duration
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 64)
		unit, ok := units[strings.TrimSuffix(words[i+1], "s")]
		if err != nil || !ok || n < 0 || n > int64(100*365*day/unit) {
			return otherwise
		}
		total += time.Duration(n) * unit
	}
	return total
}

var units = map[string]time.Duration{"week": 7 * day, "day": day, "hour": time.Hour, "minute": time.Minute, "second": time.Second,
	"millisecond": time.Millisecond, "microsecond": time.Microsecond}
