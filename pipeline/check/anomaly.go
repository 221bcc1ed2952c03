package check

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// The anomaly checks compare a measured value, v, with those of the last runs that
// published tables. m is the median of these. Their spread is the median of
// |value − m|, the MAD, as the usual measure is moved by the very outliers that
// are looked for. v is an anomaly where
//
//	0.6745 × |v − m| / MAD > sensitivity
//
// the modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers,
// 1993), who recommend 3.5; 0.6745 makes the MAD of a normal distribution its
// standard deviation. Where more than half of the values are equal the MAD is 0;
// the mean of |value − m| stands in then, |v − m| / (1.2533 × mean). Where all are
// equal, any other value is an anomaly. With Change, v is one where it differs from
// m by more than that share of m.
const (
	defaultSensitivity = 3.5
	defaultRuns        = 14 // that are compared with
	defaultMinRuns     = 7
)

// anomalous reports whether the kind compares with earlier runs.
func (k Kind) anomalous() bool { return k == VolumeAnomalies || k == ShareAnomalies }

// saysAnomaly is the rule in words.
func (c *Check) saysAnomaly() string {
	what := "the number of rows"
	switch {
	case c.Kind == ShareAnomalies:
		what = "the share of rows with " + c.Condition
	case c.Of == newRows:
		what = "the number of new rows"
	}
	if c.Change != nil {
		return fmt.Sprintf("%s is within %s of that of earlier runs", what, c.Change)
	}
	return what + " is as in earlier runs"
}

const newRows = "new_rows"

// validateAnomaly finds mistakes that show without data.
func (c *Check) validateAnomaly() error {
	_, least := c.runs()
	switch {
	case len(c.Columns) > 0:
		return c.wrong(fmt.Sprintf("%s is about rows, not columns", c.Kind), "leave columns out")
	case c.Of != "" && c.Kind != VolumeAnomalies:
		return c.wrong("of: is for volume_anomalies", "leave it out")
	case c.Of == newRows && !strings.HasPrefix(c.Table, "bronze."):
		return c.wrong("of: new_rows is for tables of bronze: rows of others are made anew with the new ones", "name bronze.sales, or leave of out")
	case c.Of != "" && c.Of != "rows" && c.Of != newRows:
		return c.wrong(fmt.Sprintf("of: %q is neither rows nor new_rows", c.Of), "")
	case c.Change != nil && !c.Change.Relative:
		return c.wrong(fmt.Sprintf("change: %s is no percentage", c.Change), "write it as 20%")
	case c.Change != nil && c.Sensitivity != 0:
		return c.wrong("change and sensitivity are two ways to say the same", "leave one of them out")
	case c.Sensitivity < 0 || c.Runs < 0 || c.MinRuns < 0:
		return c.wrong("sensitivity, runs and min_runs are above 0", "")
	case c.Runs != 0 && c.MinRuns > c.Runs:
		return c.wrong(fmt.Sprintf("min_runs: %d is more than runs, %d", least, c.Runs), "")
	case c.WarnIf != nil || c.ErrorIf != nil:
		return c.wrong("warn_if and error_if count rows that fail, of which an anomaly has none", "set severity")
	}
	return nil
}

// runs returns with how many earlier runs is compared, at most and at least.
func (c *Check) runs() (most, least int) {
	most, least = c.Runs, c.MinRuns
	if most == 0 {
		most = max(defaultRuns, least)
	}
	if least == 0 {
		least = min(defaultMinRuns, most)
	}
	return most, least
}

// expected returns the bounds that a value is no anomaly within, both included,
// and the median of the earlier values, of which there are some.
func (c *Check) expected(past []float64) (low, median, high float64) {
	m := medianOf(past)
	if c.Change != nil {
		off := math.Abs(m) * c.Change.Percent / 100
		return m - off, m, m + off
	}
	off := make([]float64, len(past))
	sum := 0.0
	for i, v := range past {
		off[i] = math.Abs(v - m)
		sum += off[i]
	}
	spread := medianOf(off) / 0.6745
	if spread == 0 {
		spread = 1.2533 * sum / float64(len(past))
	}
	sensitivity := c.Sensitivity
	if sensitivity == 0 {
		sensitivity = defaultSensitivity
	}
	return m - sensitivity*spread, m, m + sensitivity*spread
}

// judge compares a value with those of earlier runs, the newest first: wrong says
// what is, skipped why nothing can be said.
func (c *Check) judge(v float64, past []float64) (wrong, skipped string) {
	most, least := c.runs()
	past = past[:min(len(past), most)]
	if len(past) < least {
		return "", fmt.Sprintf("it takes %d earlier runs to compare with, there are %d: %s", least, len(past), c.number(v))
	}
	low, median, high := c.expected(past)
	// Values are kept with six decimals, and bounds are sums of fractions.
	const exact = 1e-6
	if v >= low-exact && v <= high+exact {
		return "", ""
	}
	return fmt.Sprintf("%s, where %s to %s is expected: the median of the last %d runs is %s",
		c.number(v), c.number(max(0, low)), c.number(high), len(past), c.number(median)), ""
}

// number is a measured value in words: rows, or a percentage.
func (c *Check) number(v float64) string {
	if c.Kind == ShareAnomalies {
		return strconv.FormatFloat(math.Round(v*1e6)/1e4, 'f', -1, 64) + "%"
	}
	n := strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	if n == "1" {
		return n + " row"
	}
	return n + " rows"
}

func medianOf(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// anomaly measures a table, and compares with what earlier runs have measured.
func (s *Suite) anomaly(ctx context.Context, st *state, w *seen, r *pipeline.CheckResult) error {
	skip := func(why string) error {
		r.Status, r.Message = "skipped", why
		return nil
	}
	var v float64
	switch {
	case st.Kind == ShareAnomalies:
		hits := st.failures
		if r.Failures = 0; st.rows == 0 {
			return skip("no rows were looked at")
		}
		v = float64(hits) / float64(st.rows)
	case st.Of == newRows && s.full != "":
		return skip("none is known to be new: " + s.full)
	case st.Of == newRows || st.where != nil && !w.amended:
		v = float64(st.rows)
	case st.where != nil:
		return skip("only some of the rows were written")
	default:
		v = float64(w.rows + w.kept)
	}
	if st.Kind == VolumeAnomalies {
		r.Rows = int64(v)
	}
	r.Value = &v
	var past []float64
	if s.past != nil {
		most, _ := st.runs()
		var err error
		if past, err = s.past(ctx, st.ID(), most); err != nil {
			return err
		}
	}
	wrong, skipped := st.judge(v, past)
	if skipped != "" {
		return skip(skipped)
	}
	if wrong != "" {
		r.Failures, r.Message = 1, wrong
	}
	st.conclude(r)
	return nil
}
