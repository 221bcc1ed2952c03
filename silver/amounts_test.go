package silver

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// Amounts agree with their formulas in rational numbers, for numbers of every
// size: small ones take a shorter way.
func TestLineAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := func(name string, most int64, canBeNull bool) int64 {
			if canBeNull && rapid.IntRange(0, 2).Draw(t, name+"?") == 0 {
				return null
			}
			edge := int64(1) << rapid.IntRange(0, 59).Draw(t, name+" bits")
			v := min(edge+rapid.Int64Range(-2, 2).Draw(t, name), most)
			if rapid.IntRange(0, 7).Draw(t, name+" sign") == 0 {
				v = -v
			}
			return v
		}
		quantity := number("quantity", 1<<60, false)
		if quantity == 0 {
			quantity = 1
		}
		price, amount := number("price", pipeline.MaxPrice, true), number("amount", pipeline.MaxPrice, true)
		rate := rapid.SampledFrom([]int64{null, 0, 1, 50_000, 333_333, 999_999, oneRate, oneRate + 1, -1, pipeline.MaxRate, -pipeline.MaxRate}).Draw(t, "rate")
		discount, list := number("discount", pipeline.MaxPrice, true), number("list", pipeline.MaxPrice, true)
		cost := number("cost", pipeline.MaxPrice, true)
		if cost != null {
			cost = max(cost, -cost)
		}
		got, why := lineAmounts(quantity, price, amount, rate, discount, list, cost)
		want, wantWhy := refAmounts(quantity, price, amount, rate, discount, list, cost)
		if got != want || why != wantWhy {
			t.Fatalf("%+v %q, want %+v %q", got, why, want, wantWhy)
		}
	})
}

func refAmounts(quantity, price, amount, rate, discount, list, cost int64) (amounts, reason) {
	n := func(v int64) *big.Rat {
		if v == null {
			return nil
		}
		return new(big.Rat).SetInt64(v)
	}
	or0 := func(r *big.Rat) *big.Rat {
		if r == nil {
			return new(big.Rat)
		}
		return r
	}
	mul := func(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
	round := func(r *big.Rat) *big.Rat {
		r = mul(r, big.NewRat(1, 10_000)) // refRound rounds to prices
		return new(big.Rat).SetInt(refRound(r))
	}
	units, one := n(quantity), big.NewRat(1, 1)
	units.Abs(units)
	r, off, unit, net := mul(or0(n(rate)), big.NewRat(1, oneRate)), or0(n(discount)), n(price), n(amount)
	keep := new(big.Rat).Sub(one, r)
	if net != nil {
		net.Abs(net)
	}
	if unit == nil && net != nil {
		unit = new(big.Rat)
		if keep.Sign() != 0 {
			unit = round(new(big.Rat).Quo(net, mul(units, keep)))
		}
	} else if unit == nil {
		unit = n(list)
	}
	if unit == nil || unit.Sign() < 0 {
		return amounts{}, invalidUnitPrice
	}
	gross := mul(units, unit)
	if net == nil {
		net = round(new(big.Rat).Sub(mul(gross, keep), off))
	}
	if r.Sign() < 0 || r.Cmp(one) > 0 || off.Sign() < 0 || net.Sign() < 0 {
		return amounts{}, invalidDiscount
	}
	saved := new(big.Rat).Sub(gross, net)
	if saved.Sign() < 0 {
		saved = new(big.Rat)
	}
	out := [4]int64{3: null}
	values := []*big.Rat{net, unit, saved}
	if cost != null {
		values = append(values, mul(units, n(cost)))
	}
	for i, v := range values {
		if refTooLarge(v.Num()) {
			return amounts{}, amountOverflow
		}
		out[i] = v.Num().Int64()
	}
	return amounts{net: out[0], price: out[1], discount: out[2], cost: out[3]}, usable
}

// The clock tells what the zone tells, also about instants out of order and
// about days on which the clocks change.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"UTC", "America/Sao_Paulo", "America/Havana", "Europe/Berlin", "Asia/Kolkata", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"}).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		zone := pipeline.NewZone(loc)
		c := newClock(zone)
		at := rapid.Int64Range(-microsPerDay*365*60, microsPerDay*365*80).Draw(t, "start")
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-microsPerDay/4, microsPerDay/3), 1, 2000).Draw(t, "steps") {
			at += step
			if got, want := c.day(at), int32(zone.LocalDate(pipeline.Timestamp(at))); got != want {
				t.Fatalf("%s: day of %d is %d, want %d", name, at, got, want)
			}
		}
	})
}
