package synth

import (
	"fmt"
	"strconv"
	"strings"
)

// customer is what the orders need to know of one customer. The rest of the
// record is made from the customer's own random numbers when the file is written.
type customer struct {
	country, place uint8
	from, to       int16 // the days on which the customer may buy, to excluded
}

const firstCustomer = 100001

// customerID is the key of customer i. A number past the last is an orphan.
func customerID(i int64) string { return "C" + strconv.FormatInt(firstCustomer+i, 10) }

// newCustomers returns the customers and how often each buys while active:
// half of them hardly ever, a few all the time. Some were there before the
// first day, others sign up over the two years, and a good third stays away
// at some point.
func newCustomers(seed uint64, n int64, markets *weighted) ([]customer, weighted) {
	list, rates := make([]customer, n), make([]uint64, n)
	for i := range list {
		r := stream(seed, streamCustomer, int64(i))
		c := &list[i]
		c.country, c.place = somewhere(&r, markets)
		switch k := r.below(100); {
		case k < 50:
			rates[i] = uint64(r.between(10, 30))
		case k < 80:
			rates[i] = uint64(r.between(40, 120))
		case k < 95:
			rates[i] = uint64(r.between(150, 400))
		default:
			rates[i] = uint64(r.between(500, 1500))
		}
		c.from = int16(r.between(-900, -1))
		if r.chance(55) {
			c.from = int16(r.below(days - 15))
		}
		c.to = days
		if r.chance(35) {
			c.to = min(days, max(c.from, 0)+int16(r.between(20, 420)))
		}
	}
	return list, newWeighted(rates)
}

// somewhere draws a country by its share and one of its places.
func somewhere(r *rng, markets *weighted) (country, place uint8) {
	c := markets.pick(r)
	n := len(countries[c].places)
	return uint8(c), uint8(min(r.below(n), r.below(n))) // the first ones are the larger
}

const customerHeader = "customer_id,first_name,last_name,email,phone,gender,birth_date,address,city,state,postal_code,country,segment,signup_date,updated_at\n"

// Columns of the customers file.
const (
	cID = iota
	cFirst
	cLast
	cEmail
	cPhone
	cGender
	cBirth
	cAddress
	cCity
	cState
	cPostal
	cCountry
	cSegment
	cSignup
	cUpdated
	customerColumns
)

// writeCustomers appends the records of customers from..to.
func (w *world) writeCustomers(p *piece, from, to int64) {
	for i := from; i < to; i++ {
		r := stream(w.seed, streamPerson, i)
		c := w.customers[i]
		land := &countries[c.country]
		at := land.places[c.place]
		f := make([]string, customerColumns)
		f[cID] = customerID(i)
		people := &names[land.language]
		if r.chance(10) {
			people = &names[r.below(len(names))]
		}
		f[cGender] = choose(&r, []string{"F", "M"})
		f[cFirst] = choose(&r, people.male)
		if f[cGender] == "F" {
			f[cFirst] = choose(&r, people.female)
		}
		if r.chance(6) {
			f[cGender] = ""
		}
		f[cLast] = choose(&r, people.family)
		if r.chance(95) {
			f[cEmail] = plain(f[cFirst]) + "." + plain(f[cLast]) + strconv.FormatInt(i, 10) + "@" + choose(&r, []string{"example.com", "example.org", "mail.example.net"})
		}
		if r.chance(85) {
			f[cPhone] = phone(&r, land.phone)
		}
		if r.chance(80) {
			f[cBirth] = dayZero.AddDate(-r.between(18, 80), 0, r.below(365)).Format("2006-01-02")
		}
		number := strconv.Itoa(r.between(1, 240))
		street := choose(&r, streets)
		switch k := r.below(100); {
		case k < 12:
			f[cAddress] = fmt.Sprintf("%s %s, Flat %d", number, street, r.between(1, 40))
		case k < 15:
			f[cAddress] = fmt.Sprintf(`%s "%s House" %s`, number, choose(&r, styles), street)
		default:
			f[cAddress] = number + " " + street
		}
		f[cCity], f[cState], f[cPostal], f[cCountry] = at.city, at.state, fillIn(&r, at.postal), land.name
		f[cSegment] = choose(&r, []string{"consumer", "consumer", "consumer", "consumer", "business", "home office"})
		f[cSignup] = dayZero.AddDate(0, 0, int(c.from)).Format("2006-01-02")
		f[cUpdated] = w.stamp(max(int(c.from), 0)+r.below(days-max(int(c.from), 0)), r.below(24*60))
		if !w.dirty(&r, w.dimensionMess) {
			p.record(f)
			continue
		}
		kind := customerMess[int(r.next()>>33)%len(customerMess)]
		kind.do(w, &r, p, f)
		p.mess[kind.name]++
	}
}

// plain spells a name in ASCII letters, as e-mail addresses do.
func plain(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == '\'' || r == ' ' || r == '-' {
			return -1
		}
		return r
	}, accents.Replace(name)))
}

var accents = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "ë", "e", "É", "E", "à", "a", "á", "a", "ã", "a",
	"â", "a", "å", "a", "Å", "A", "Á", "A", "í", "i", "ï", "i", "Í", "I", "ñ", "n", "ó", "o", "ô", "o", "ò", "o", "õ", "o", "Ö", "Oe", "ú", "u", "ù", "u", "ç", "c")

// phone writes a number in one of the ways that people do.
func phone(r *rng, code string) string {
	return fillIn(r, choose(r, []string{
		"+" + code + " ### ### ####", "+" + code + "-###-###-####", "(###) ###-####", "###.###.####", "###-###-####", "00" + code + " ### ######", "##########", "### ### #### ext. ##",
	}))
}

// fillIn puts a digit for each # and a letter for each @.
func fillIn(r *rng, pattern string) string {
	b := []byte(pattern)
	for i, ch := range b {
		switch ch {
		case '#':
			b[i] = byte('0' + r.below(10))
		case '@':
			b[i] = "ABCDEFGHJKLMNPRSTUVWXYZ"[r.below(23)]
		}
	}
	return string(b)
}
