package silver

import "github.com/smeltdata/smelt/pipeline"

// texts is a text column of a dimension whose texts are codes.
type texts struct {
	values *pipeline.Dictionary // nil where they are in dimension.kept
	cells  []int32              // codes; -1 for NULL
}

// text returns the text of a row; empty for NULL.
func (t *texts) text(row int) []byte {
	if c := t.cells[row]; c >= 0 {
		return t.values.Bytes(c)
	}
	return nil
}

// cells is a number column of a dimension.
type cells struct {
	days  []int32 // of a column of dates; minDay for NULL
	longs []int64 // of another; null for NULL
	dates bool
}

func (c *cells) at(row int) int64 {
	if !c.dates {
		return c.longs[row]
	}
	if day := c.days[row]; day != minDay {
		return int64(day)
	}
	return null
}

func (c *cells) set(row int, v int64) {
	switch {
	case !c.dates:
		c.longs[row] = v
	case v == null:
		c.days[row] = minDay
	default:
		c.days[row] = int32(v)
	}
}

// row adds a row with NULL.
func (c *cells) row() {
	if c.dates {
		c.days = append(c.days, minDay)
	} else {
		c.longs = append(c.longs, null)
	}
}
