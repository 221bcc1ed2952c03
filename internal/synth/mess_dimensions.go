package synth

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// The kinds of mess of the customers and products files, beside those that
// sales records share.
const (
	DuplicateRecord  Mess = "duplicate record" // the same key twice, the newer updated_at first or last
	MissingKey       Mess = "missing key"
	BadEmail         Mess = "e-mail that is none"
	FutureBirth      Mess = "birth date in the future"
	LineBreak        Mess = "line break in a field"
	MissingCategory  Mess = "missing category"
	CategorySpelling Mess = "category spelling"
	NegativeCost     Mess = "negative cost"
)

// dimensionMessFactor: a customers or products file is kept by hand, so it has
// this many times the blemishes of the sales files, whose lines a till writes.
const dimensionMessFactor = 5

// dimensionFlaw spoils a record of a customers or products file, and appends it.
type dimensionFlaw struct {
	name Mess
	do   func(w *world, r *rng, p *piece, f []string)
}

// change is a dimensionFlaw that changes the record's fields.
func change(name Mess, do func(r *rng, f []string)) dimensionFlaw {
	return dimensionFlaw{name, func(_ *world, r *rng, p *piece, f []string) {
		do(r, f)
		p.record(f)
	}}
}

// twice is a dimensionFlaw that appends the record and a newer version of it,
// in either order.
func twice(updated int, renew func(r *rng, f []string)) dimensionFlaw {
	return dimensionFlaw{DuplicateRecord, func(w *world, r *rng, p *piece, f []string) {
		newer := append([]string(nil), f...)
		renew(r, newer)
		newer[updated] = w.stamp(days-1, r.below(24*60))
		if r.chance(20) {
			f[updated] = "" // before the shop kept track
		}
		if r.chance(50) {
			f, newer = newer, f
		}
		p.record(f)
		p.record(newer)
	}}
}

var customerMess = []dimensionFlaw{
	change(Spaces, func(r *rng, f []string) {
		for range 3 {
			i := choose(r, []int{cID, cFirst, cLast, cEmail, cAddress, cCity, cState, cCountry, cSegment})
			f[i] = spaced(r, f[i])
		}
	}),
	change(MixedCase, func(r *rng, f []string) {
		for _, i := range []int{cFirst, cLast, cEmail, cCity, cSegment} {
			f[i] = strings.ToUpper(f[i])
		}
	}),
	change(CountrySpelling, func(r *rng, f []string) { f[cCountry] = spelling(r, f[cCountry]) }),
	change(CountrySpelling, func(r *rng, f []string) { f[cCountry] = spelling(r, f[cCountry]) }),
	twice(cUpdated, func(r *rng, f []string) {
		f[cEmail], f[cPhone] = "new."+f[cEmail], "+1 ### 555 0100"
		f[cPhone] = fillIn(r, f[cPhone])
	}),
	change(MissingKey, func(r *rng, f []string) { f[cID] = choose(r, []string{"", " "}) }),
	change(BadEmail, func(r *rng, f []string) {
		f[cEmail] = choose(r, []string{"none", "n/a", "@", "mary at example.com", "john@", "a@b", "x@@example.com", "joe@example..com"})
	}),
	change(BadDate, func(r *rng, f []string) {
		f[cBirth] = choose(r, []string{"0000-00-00", "1985-02-30", "unknown", "31.31.1975"})
	}),
	change(OtherDate, func(r *rng, f []string) {
		for _, i := range []int{cBirth, cSignup} {
			if d := strings.Split(f[i], "-"); len(d) == 3 {
				f[i] = d[2] + "/" + d[1] + "/" + d[0]
			}
		}
	}),
	change(FutureBirth, func(r *rng, f []string) { f[cBirth] = "2068-05-17" }),
	change(LineBreak, func(r *rng, f []string) { f[cAddress] = "c/o " + f[cLast] + "\n" + f[cAddress] }),
	change(SplitAccents, func(r *rng, f []string) {
		f[cFirst], f[cLast] = norm.NFD.String("Zoë"), norm.NFD.String("Núñez")
		f[cCity], f[cState] = norm.NFD.String(f[cCity]), norm.NFD.String(f[cState])
	}),
	change(MissingPlace, func(r *rng, f []string) {
		if f[cState], f[cPostal] = "", ""; r.chance(50) {
			f[cCountry] = ""
		}
	}),
}

var productMess = []dimensionFlaw{
	change(Spaces, func(r *rng, f []string) {
		for range 3 {
			i := choose(r, []int{pID, pName, pName, pCategory, pSubcategory, pBrand})
			f[i] = spaced(r, f[i])
		}
	}),
	change(CategorySpelling, func(r *rng, f []string) {
		for _, i := range []int{pCategory, pSubcategory, pBrand} {
			f[i] = choose(r, []string{strings.ToUpper(f[i]), strings.ToLower(f[i]), strings.ReplaceAll(f[i], " ", ""), strings.ReplaceAll(f[i], " ", "  ")})
		}
	}),
	change(CategorySpelling, func(r *rng, f []string) { f[pCategory] = strings.ToLower(f[pCategory]) }),
	change(MissingCategory, func(r *rng, f []string) { f[pCategory] = choose(r, []string{"", " "}) }),
	twice(pUpdated, func(r *rng, f []string) { f[pName] += " (new)" }),
	change(MissingKey, func(r *rng, f []string) { f[pID] = "" }),
	change(NegativeCost, func(r *rng, f []string) { f[pCost] = "-" + f[pCost] }),
	change(PriceText, func(r *rng, f []string) {
		f[pCost], f[pPrice] = priceText(r, f[pCost]), priceText(r, f[pPrice])
	}),
	change(TextInNumber, func(r *rng, f []string) { f[pCost] = choose(r, []string{"n/a", "see supplier", ""}) }),
}
