package synth

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Mess names one kind of flaw that the files of real shops have.
type Mess string

// The kinds of mess. What silver does about each is in the tables' contract.
const (
	Spaces            Mess = "stray spaces"
	MixedCase         Mess = "mixed case"
	CountrySpelling   Mess = "country spelling"
	PriceText         Mess = "price as text"
	RepeatedLine      Mess = "repeated line"  // byte for byte
	CorrectedLine     Mess = "corrected line" // the same order and line, with a later updated_at
	StaleLine         Mess = "stale line"     // the version before a correction, once more and after it
	NegativeQuantity  Mess = "return by negative quantity"
	OrphanProduct     Mess = "orphan product"
	OrphanCustomer    Mess = "orphan customer"
	BadDate           Mess = "bad date"
	OtherDate         Mess = "other date style" // readable, unlike a bad one
	TextInNumber      Mess = "text in a number"
	ZeroQuantity      Mess = "zero quantity"
	NegativePrice     Mess = "negative price"
	DiscountRange     Mess = "discount out of range"
	MissingOrder      Mess = "missing order id"
	MissingProduct    Mess = "missing product id"
	MissingPlace      Mess = "missing country or state"
	QuotedField       Mess = "quoted field"
	SplitAccents      Mess = "decomposed accents"
	Ragged            Mess = "ragged record"
	BlankLine         Mess = "blank line"
	UnterminatedQuote Mess = "unterminated quote" // once in a shop
)

// flaw is a way to spoil a sales record: it changes the fields, each as it
// will stand in the file.
type flaw struct {
	name  Mess
	share int // of the flaws
	do    func(w *world, r *rng, f []string) []string
}

// flaws lists the ways to spoil a sales record. Quotes: an opening quote is
// never followed by another one, so that a record whose quote never closes
// cannot swallow well-formed ones after it.
var flaws = []flaw{
	{Spaces, 140, func(_ *world, r *rng, f []string) []string {
		i := choose(r, []int{sOrder, sCustomer, sProduct, sProduct, sChannel, sPayment, sCountry, sState, sStatus, sType})
		f[i] = spaced(r, f[i])
		return f
	}},
	{MixedCase, 90, func(_ *world, r *rng, f []string) []string {
		for _, i := range []int{sChannel, sPayment, sType, sStatus} {
			if r.chance(60) {
				f[i] = recased(r, f[i])
			}
		}
		return f
	}},
	{CountrySpelling, 200, func(_ *world, r *rng, f []string) []string {
		f[sCountry] = spelling(r, f[sCountry])
		return f
	}},
	{PriceText, 120, func(_ *world, r *rng, f []string) []string {
		f[sPrice] = quote(priceText(r, f[sPrice]))
		return f
	}},
	{OrphanProduct, 40, func(w *world, r *rng, f []string) []string {
		f[sProduct] = productID(int64(len(w.products) + r.below(25)))
		return f
	}},
	{OrphanCustomer, 40, func(w *world, r *rng, f []string) []string {
		f[sCustomer] = customerID(int64(len(w.customers) + r.below(40)))
		return f
	}},
	{BadDate, 50, func(_ *world, r *rng, f []string) []string {
		f[sOrdered] = choose(r, []string{"2024-13-45", "", "0000-00-00", "2023-02-30 10:15", "1899-12-30", "yesterday", "45321", "2024-06-31T25:61"})
		return f
	}},
	{OtherDate, 30, func(_ *world, r *rng, f []string) []string {
		f[sOrdered] = strings.Replace(f[sOrdered], " ", "T", 1) + choose(r, []string{":00", ":30", ":17.250", ":59Z", ":00+00:00"})
		return f
	}},
	{TextInNumber, 40, func(_ *world, r *rng, f []string) []string {
		switch i := choose(r, []int{sQuantity, sQuantity, sPrice, sTax, sDiscount, sLine}); i {
		case sQuantity:
			f[i] = choose(r, []string{"n/a", "abc", "two", "1 pc", "1.5", ""})
		case sLine:
			f[i] = choose(r, []string{"first", "#1", "1a"})
		default:
			f[i] = choose(r, []string{"n/a", "12,3.4.5", "see notes", "#REF!"})
			f[i] = quote(f[i])
		}
		return f
	}},
	{ZeroQuantity, 30, func(_ *world, _ *rng, f []string) []string {
		f[sQuantity] = "0"
		return f
	}},
	{NegativePrice, 25, func(_ *world, _ *rng, f []string) []string {
		f[sPrice] = "-" + f[sPrice]
		return f
	}},
	{DiscountRange, 20, func(_ *world, r *rng, f []string) []string {
		f[sDiscount] = choose(r, []string{"1.5", "15", "-0.1", "100"})
		return f
	}},
	{MissingOrder, 25, func(_ *world, r *rng, f []string) []string {
		f[sOrder] = choose(r, []string{"", "", " ", "  "})
		return f
	}},
	{MissingProduct, 15, func(_ *world, _ *rng, f []string) []string {
		f[sProduct] = ""
		return f
	}},
	{MissingPlace, 50, func(_ *world, r *rng, f []string) []string {
		if f[sState] = ""; r.chance(60) {
			f[sCountry] = ""
		}
		return f
	}},
	{QuotedField, 50, func(_ *world, r *rng, f []string) []string {
		switch r.below(3) {
		case 0:
			f[sPayment] = `"gift card ""SPRING"", 10%"`
		case 1:
			f[sChannel] = `"` + f[sChannel] + `"`
		default:
			f[sProduct], f[sOrdered] = `"`+f[sProduct]+`"`, `"`+f[sOrdered]+`"`
		}
		return f
	}},
	{SplitAccents, 15, func(_ *world, _ *rng, f []string) []string {
		f[sCountry], f[sState] = "CA", norm.NFD.String("Québec")
		return f
	}},
	{Ragged, 12, func(_ *world, r *rng, f []string) []string {
		if r.chance(50) {
			return f[:r.between(2, salesColumns-1)]
		}
		return append(f, "", "checked by till 3")
	}},
	{BlankLine, 20, func(_ *world, _ *rng, f []string) []string {
		f[0] = "\n" + f[0]
		return f
	}},
}

// openQuote is the one record of a shop whose quote never closes.
var openQuote = flaw{UnterminatedQuote, 0, func(_ *world, _ *rng, f []string) []string {
	f[sPayment] = `"gift card`
	return f
}}

// blemish spoils the record that starts at start with one of the flaws, and
// returns where the record starts then.
func (p *piece) blemish(w *world, start int, r *rng) int {
	k := r.below(flawShares)
	for i := range flaws {
		if k -= flaws[i].share; k < 0 {
			return p.spoil(w, start, r, &flaws[i])
		}
	}
	return start
}

var flawShares = func() (n int) {
	for _, f := range flaws {
		n += f.share
	}
	return n
}()

// spoil rewrites the record that starts at start: no quote or comma stands in
// a field of it yet.
func (p *piece) spoil(w *world, start int, r *rng, how *flaw) int {
	fields := strings.Split(string(p.buf[start:len(p.buf)-1]), ",")
	fields = how.do(w, r, fields)
	p.buf = append(p.buf[:start], strings.Join(fields, ",")...)
	p.buf = append(p.buf, '\n')
	p.mess[how.name]++
	if p.buf[start] == '\n' {
		start++
	}
	return start
}

// spaced puts blanks around a text, or doubles one inside it.
func spaced(r *rng, s string) string {
	if i := strings.IndexByte(s, ' '); i > 0 && r.chance(60) {
		return s[:i] + "  " + s[i:]
	}
	return choose(r, []string{" " + s, s + " ", "  " + s + " ", s + "   ", "\t" + s, "\u00a0" + s})
}

// recased writes a text in another case.
func recased(r *rng, s string) string {
	if s == "" || r.chance(50) {
		return strings.ToUpper(s)
	}
	if r.chance(30) {
		return strings.ToLower(s)
	}
	return strings.ToUpper(s[:1]) + s[1:] // the keys' and choices' first letters are ASCII
}

// spelling returns another spelling of a country, given by its code or name.
func spelling(r *rng, s string) string {
	for i := range countries {
		if countries[i].code == s || countries[i].name == s {
			return choose(r, countries[i].spellings)
		}
	}
	return s
}

// priceText writes an amount as people do.
func priceText(r *rng, s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if n := len(whole); n > 3 {
		s = sign + whole[:n-3] + "," + whole[n-3:] + "." + fraction
	}
	return choose(r, []string{"$" + s, "$" + s, "$" + s, "$ " + s, s + " USD", "USD " + s, s})
}

// quote quotes a field where CSV asks for it.
func quote(s string) string {
	if !strings.ContainsAny(s, ",\"\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
