package bronze

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// RejectLimit is how many records of a source may be rejected: a number of
// them, or a percentage of all. The zero value is no limit.
type RejectLimit struct {
	Set     bool
	Records int64   // at most so many; where Percent is 0
	Percent float64 // at most so many of a hundred
}

// ParseRejectLimit parses "100" or "1%".
func ParseRejectLimit(s string) (RejectLimit, error) {
	l := RejectLimit{Set: true}
	var err error
	if share, ok := strings.CutSuffix(s, "%"); ok {
		l.Percent, err = strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err == nil && l.Percent == 0 {
			return l, nil // none at all
		}
	} else {
		l.Records, err = strconv.ParseInt(s, 10, 64)
	}
	if err != nil || l.Records < 0 || !(l.Percent >= 0 && l.Percent <= 100) {
		return l, &pipeline.Error{Msg: fmt.Sprintf("%q is not a number of records or a percentage", s), Hint: "write it as 100 or 1%"}
	}
	return l, nil
}

func (l RejectLimit) String() string {
	if l.Percent > 0 {
		return strconv.FormatFloat(l.Percent, 'g', -1, 64) + "%"
	}
	return strconv.FormatInt(l.Records, 10)
}

// passed reports whether so many rejects of so many records are too many.
func (l RejectLimit) passed(rejected, records int64) bool {
	if l.Percent > 0 { // exactly as it is written: 57 of 10,000 are no more than 0.57%
		limit, _ := new(big.Rat).SetString(strconv.FormatFloat(l.Percent, 'g', -1, 64))
		limit.Mul(limit, big.NewRat(records, 100))
		return big.NewRat(rejected, 1).Cmp(limit) > 0
	}
	return l.Set && rejected > l.Records
}

// CheckRejects fails if a source has more rejects than it may; reports are
// those of the inputs, in their order.
func CheckRejects(inputs []*Input, reports []pipeline.SourceReport) error {
	type sum struct {
		records, rejected int64
		first             *pipeline.SourceReport
	}
	sums := map[*SourceSpec]*sum{}
	for i, in := range inputs {
		s := sums[in.Spec]
		if s == nil {
			s = &sum{}
			sums[in.Spec] = s
		}
		s.records += reports[i].Records
		s.rejected += reports[i].Rejected
		if s.first == nil && reports[i].FirstReject != nil {
			s.first = &reports[i]
		}
	}
	for _, in := range inputs {
		if s := sums[in.Spec]; s.first != nil && in.Spec.MaxRejects.passed(s.rejected, s.records) {
			return &pipeline.Error{Kind: pipeline.ErrData, Table: "bronze." + in.Spec.Table, File: s.first.File, Row: s.first.FirstReject.Row,
				Msg: fmt.Sprintf("%d of %d records are rejected, more than max_rejects: %s allows; this is the first: %s",
					s.rejected, s.records, in.Spec.MaxRejects, s.first.FirstReject.Error),
				Hint: "check how the source is read (delimiter, quote, encoding, skip_rows), mend the file, or raise max_rejects"}
		}
	}
	return nil
}

// strict fails for a bad record of a source whose bad_records is strict.
func (in *Input) strict(rejects []pipeline.Rejected) error {
	if in.Spec.BadRecords != "strict" || len(rejects) == 0 {
		return nil
	}
	raw := rejects[0].Raw
	return &pipeline.Error{Kind: pipeline.ErrData, File: in.File.Name, Row: rejects[0].Row, Msg: rejects[0].Error, Value: string(raw[:min(len(raw), 80)]),
		Hint: "bad_records: strict stops at the first bad record; with quarantine it goes to bronze.rejects and the run goes on"}
}
