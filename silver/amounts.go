package silver

import (
	"math/big"
	"math/bits"

	"github.com/smeltdata/smelt/pipeline"
)

const (
	oneRate   = 1_000_000 // a rate of 1, unscaled
	rateScale = 1_000_000 // by which price × rate is finer than a price
	usual     = 1 << 29   // two numbers below it have a product that is a price
)

// amounts are what a line comes to: unscaled prices, never negative. cost is
// null where the product's cost is unknown.
type amounts struct {
	net, price, discount, cost int64
}

// lineAmounts computes a line's amounts from what bronze has of it, null for
// NULL, and the product's list price and unit cost. Products and quotients are
// exact and rounded once, half away from zero.
func lineAmounts(quantity, price, amount, rate, discount, listPrice, unitCost int64) (amounts, reason) {
	units := uint64(quantity)
	if quantity < 0 {
		units = -units
	}
	if rate == null {
		rate = 0
	}
	if discount == null {
		discount = 0
	}
	// What follows is the usual line, of which nothing can be wrong and nothing
	// passes 63 bits; the rest of the function computes the same of any line.
	if units < usual && uint64(price) < usual && (uint64(unitCost) < usual || unitCost == null) && amount == null && uint64(rate) <= oneRate && discount == 0 {
		gross := units * uint64(price)
		a := amounts{net: int64(gross), price: price, cost: null}
		if unitCost != null {
			a.cost = int64(units) * unitCost
		}
		if rate == 0 {
			return a, usable
		}
		if gross < 1<<43 {
			a.net = int64((gross*uint64(oneRate-rate) + rateScale/2) / rateScale)
			a.discount = int64(gross) - a.net
			return a, usable
		}
	}
	net := amount
	if net < 0 && net != null {
		net = -net
	}
	fits := true
	if price == null {
		switch {
		case amount == null:
			price = listPrice
		case rate == oneRate:
			price = 0
		default:
			price, fits = impliedPrice(net, units, oneRate-rate)
		}
	}
	if price < 0 { // null is negative too
		return amounts{}, invalidUnitPrice
	}
	if rate < 0 || rate > oneRate || discount < 0 {
		return amounts{}, invalidDiscount
	}
	high, gross := bits.Mul64(units, uint64(price))
	if amount == null {
		if high == 0 && rate == 0 && discount == 0 {
			net, fits = int64(gross), gross <= pipeline.MaxPrice
		} else {
			net, fits = discounted(high, gross, oneRate-rate, discount)
			if net < 0 {
				return amounts{}, invalidDiscount
			}
		}
	}
	if !fits || high != 0 || net > pipeline.MaxPrice {
		// Where gross passes 64 bits, either net or gross − net is too large.
		return amounts{}, amountOverflow
	}
	a := amounts{net: net, price: price, cost: null}
	if gross > uint64(net) {
		if gross-uint64(net) > pipeline.MaxPrice {
			return amounts{}, amountOverflow
		}
		a.discount = int64(gross - uint64(net))
	}
	if unitCost != null {
		high, cost := bits.Mul64(units, uint64(unitCost))
		if high != 0 || cost > pipeline.MaxPrice {
			return amounts{}, amountOverflow
		}
		a.cost = int64(cost)
	}
	return a, usable
}

// impliedPrice returns round(net / (units × keep), 4), where keep is a rate
// other than 0, and whether a price holds it.
func impliedPrice(net int64, units uint64, keep int64) (int64, bool) {
	negative := keep < 0
	if negative {
		keep = -keep
	}
	if uint64(net) < 1<<39 && 0 < units && units < 1<<30 && uint64(keep) < 1<<30 { // 64 bits will do
		a, b := uint64(net)*rateScale, units*uint64(keep)
		price := int64((2*a + b) / (2 * b))
		if negative {
			price = -price
		}
		return price, true
	}
	var a, b pipeline.Total
	high, low := bits.Mul64(uint64(net), rateScale)
	a.Hi, a.Lo = int64(high), low
	high, low = bits.Mul64(units, uint64(keep))
	b.Hi, b.Lo = int64(high), low
	price, fits := pipeline.Quotient(a, b, 0, pipeline.MaxPrice)
	switch {
	case negative && !fits:
		return -1, true // a rate over 1: any negative price says so
	case negative:
		return -price, true
	}
	return price, fits
}

// discounted returns round(gross × keep − discount, 4), where gross has 128
// bits and neither keep nor discount is negative, and whether a price holds it.
// Of a negative outcome only the sign counts.
func discounted(high, gross uint64, keep, discount int64) (int64, bool) {
	if high != 0 {
		n := new(big.Int).SetUint64(high)
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(gross))
		n.Mul(n, big.NewInt(keep))
		n.Sub(n, new(big.Int).Mul(big.NewInt(discount), big.NewInt(rateScale)))
		return int64(n.Sign()), false
	}
	if gross|uint64(discount) < 1<<42 { // 64 bits will do
		net := int64(gross)*keep - discount*rateScale
		if net < 0 && -net >= rateScale/2 {
			return -1, true
		}
		return (net + rateScale/2) / rateScale, true
	}
	ph, pl := bits.Mul64(gross, uint64(keep))
	dh, dl := bits.Mul64(uint64(discount), rateScale)
	low, borrow := bits.Sub64(pl, dl, 0)
	rest, borrow := bits.Sub64(ph, dh, borrow)
	if borrow != 0 { // discount is larger
		low, borrow = bits.Sub64(dl, pl, 0)
		rest, _ = bits.Sub64(dh, ph, borrow)
		if rest != 0 || low >= rateScale/2 {
			return -1, true
		}
		return 0, true
	}
	low, carry := bits.Add64(low, rateScale/2, 0)
	rest += carry
	if rest >= rateScale {
		return 1, false
	}
	net, _ := bits.Div64(rest, low, rateScale)
	if net > pipeline.MaxPrice {
		return 1, false
	}
	return int64(net), true
}
