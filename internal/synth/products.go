package synth

import "strconv"

// product is what the sales lines need to know of one product; the rest of
// its record is made from its own random numbers when the file is written.
type product struct {
	id    string
	price int64 // cents
	shelf int
}

const firstProduct = 10001

// productID is the key of product i. A number past the last is an orphan.
func productID(i int64) string { return "P" + strconv.FormatInt(firstProduct+i, 10) }

func newProducts(seed uint64, n int64) []product {
	shares := make([]uint64, len(shelves))
	for i, s := range shelves {
		shares[i] = uint64(s.share)
	}
	pick := newWeighted(shares)
	list := make([]product, n)
	for i := range list {
		r := stream(seed, streamProduct, int64(i))
		s := int(pick.pick(&r))
		// The lower of two draws: most products are cheap ones.
		dollars := shelves[s].low + min(r.below(shelves[s].high-shelves[s].low+1), r.below(shelves[s].high-shelves[s].low+1))
		list[i] = product{id: productID(int64(i)), price: int64(dollars)*100 + choose(&r, []int64{99, 99, 95, 50, 0}), shelf: s}
	}
	return list
}

// newPopularity makes a few products sell a lot and many a little (Zipf's law),
// in an order that has nothing to do with their keys.
func newPopularity(seed uint64, n int64) weighted {
	weights := make([]uint64, n)
	rank := make([]int, n)
	r := stream(seed, streamPopularity, 0)
	for i := range rank {
		j := r.below(i + 1)
		rank[i] = rank[j]
		rank[j] = i
	}
	for i := range weights {
		weights[i] = 1_000_000_000 / uint64(rank[i]+8)
	}
	return newWeighted(weights)
}

const productHeader = "product_id,product_name,category,subcategory,brand,unit_cost,unit_price,currency,updated_at\n"

// Columns of the products file.
const (
	pID = iota
	pName
	pCategory
	pSubcategory
	pBrand
	pCost
	pPrice
	pCurrency
	pUpdated
	productColumns
)

// products appends the records of products from..to.
func (w *world) writeProducts(p *piece, from, to int64) {
	for i := from; i < to; i++ {
		r := stream(w.seed, streamPerson, -1-i)
		s := &shelves[w.products[i].shelf]
		price := w.products[i].price
		f := make([]string, productColumns)
		f[pID] = w.products[i].id
		f[pBrand] = choose(&r, brands)
		f[pName] = f[pBrand] + " " + choose(&r, styles) + " " + choose(&r, s.items)
		if r.chance(40) {
			f[pName] += ", " + choose(&r, colours)
		}
		f[pCategory], f[pSubcategory] = s.category, s.subcategory
		cost := price * int64(r.between(35, 72)) / 100
		f[pCost], f[pPrice], f[pCurrency] = cents(cost), cents(price), "USD"
		day := r.below(days)
		f[pUpdated] = w.stamp(day, r.below(24*60))
		if !w.dirty(&r, w.dimensionMess) {
			p.record(f)
			continue
		}
		kind := productMess[int(r.next()>>33)%len(productMess)]
		kind.do(w, &r, p, f)
		p.mess[kind.name]++
	}
}

// cents renders an amount of cents in dollars.
func cents(v int64) string { return string(appendCents(nil, v)) }

func appendCents(dst []byte, v int64) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	dst = strconv.AppendInt(dst, v/100, 10)
	return append(dst, '.', byte('0'+v/10%10), byte('0'+v%10))
}
