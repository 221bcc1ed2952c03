package silver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
)

// This file is a second implementation of silver, as slow and as plain as can
// be: rows of Go structs, maps, math/big. The model must agree with it.

type text = pipeline.Null[string]

func refText(s string, ok bool) text {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	return text{V: s, Valid: ok && s != ""}
}

func refString[T ~string](v pipeline.Null[T]) text { return refText(string(v.V), v.Valid) }

func refCode[T ~string](v pipeline.Null[T]) pipeline.Null[pipeline.Code] {
	t := refString(v)
	return pipeline.Null[pipeline.Code]{V: pipeline.Code(t.V), Valid: t.Valid}
}

func first[T any](values ...pipeline.Null[T]) pipeline.Null[T] {
	for _, v := range values {
		if v.Valid {
			return v
		}
	}
	return pipeline.Null[T]{}
}

func refCountry[T ~string](v pipeline.Null[T]) (name, code pipeline.Null[pipeline.Code]) {
	name = refCode(v)
	if c, ok, _ := lookupCountry([]byte(name.V), nil); ok && name.Valid {
		return pipeline.Some(pipeline.Code(c.name)), pipeline.Some(pipeline.Code(c.code))
	}
	return name, code
}

// latest sorts NULL below everything.
func refAge[T ~int32 | ~int64](v pipeline.Null[T]) int64 {
	if !v.Valid {
		return -1 << 62
	}
	return int64(v.V)
}

var refEmail = regexp.MustCompile(`^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$`)

func refCustomer(in bronze.Customer) Customer {
	c := Customer{CustomerID: refString(in.CustomerID).V, FirstName: refString(in.FirstName), LastName: refString(in.LastName), FullName: refString(in.FullName),
		Gender: refCode(in.Gender), BirthDate: in.BirthDate, Address: refString(in.Address), City: refCode(in.City), State: refCode(in.State),
		PostalCode: refString(in.PostalCode), Segment: refCode(in.Segment), SignupDate: in.SignupDate, UpdatedAt: in.UpdatedAt}
	c.Country, c.CountryCode = refCountry(in.Country)
	if e := refString(in.Email); e.Valid && refEmail.MatchString(e.V) {
		c.Email = pipeline.Some(strings.ToLower(e.V))
	}
	if p := refString(in.Phone); p.Valid {
		digits := regexp.MustCompile(`[^0-9]`).ReplaceAllString(p.V, "")
		if digits != "" {
			if strings.HasPrefix(p.V, "+") {
				digits = "+" + digits
			}
			c.Phone = pipeline.Some(digits)
		}
	}
	return c
}

func refProduct(in bronze.Product) Product {
	notNegative := func(p pipeline.Null[pipeline.Price]) pipeline.Null[pipeline.Price] {
		if p.V < 0 {
			return pipeline.Null[pipeline.Price]{}
		}
		return p
	}
	p := Product{ProductID: refString(in.ProductID).V, ProductName: refString(in.ProductName), Subcategory: refCode(in.Subcategory), Brand: refCode(in.Brand),
		UnitCost: notNegative(in.UnitCost), UnitPrice: notNegative(in.UnitPrice), UpdatedAt: in.UpdatedAt}
	p.Category = refCode(in.Category).V
	return p
}

// refLatest merges two versions of a row, the later one first: each column
// takes the later value unless that is NULL.
func refLatest[T any](later, earlier T) T {
	l, e := reflect.ValueOf(&later).Elem(), reflect.ValueOf(earlier)
	for i := range l.NumField() {
		f := l.Field(i)
		if f.Kind() == reflect.Struct && !f.FieldByName("Valid").Bool() || f.Kind() == reflect.String && f.String() == "" {
			f.Set(e.Field(i))
		}
	}
	return later
}

// refDerive returns the rows that lines describe, by key.
func refDerive[R any](rows []R, key func(R) string, updated func(R) pipeline.Null[pipeline.Timestamp]) map[string]R {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(refAge(updated(a)), refAge(updated(b))) })
	out := map[string]R{}
	for _, r := range rows {
		if k := key(r); k != "" {
			if had, ok := out[k]; ok {
				r = refLatest(r, had)
			}
			out[k] = r
		}
	}
	return out
}

// refUnify gives each value one spelling. Values of inferred rows follow.
func refUnify(rows map[string]*Product, get func(*Product) *pipeline.Code) {
	fold := func(s pipeline.Code) string { return strings.Join(strings.Fields(strings.ToLower(string(s))), "") }
	type votes struct{ own, inferred int }
	count := map[string]map[pipeline.Code]votes{}
	for _, p := range rows {
		v := *get(p)
		if v == "" {
			continue
		}
		if count[fold(v)] == nil {
			count[fold(v)] = map[pipeline.Code]votes{}
		}
		n := count[fold(v)][v]
		if p.IsInferred {
			n.inferred++
		} else {
			n.own++
		}
		count[fold(v)][v] = n
	}
	best := map[string]pipeline.Code{}
	for f, spellings := range count {
		anyOwn := false
		for _, n := range spellings {
			anyOwn = anyOwn || n.own > 0
		}
		top := -1
		for _, s := range slices.Sorted(maps.Keys(spellings)) {
			n := spellings[s].own
			if !anyOwn {
				n = spellings[s].inferred
			}
			if n > top {
				best[f], top = s, n
			}
		}
	}
	for _, p := range rows {
		if v := get(p); *v != "" {
			*v = best[fold(*v)]
		}
	}
}

// refRound rounds half away from zero to a price.
func refRound(r *big.Rat) *big.Int {
	r = new(big.Rat).Mul(r, big.NewRat(20000, 1))
	n := new(big.Int).Abs(r.Num())
	n.Add(n, r.Denom())
	n.Quo(n, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

func refPrice(p pipeline.Null[pipeline.Price]) *big.Rat {
	if !p.Valid {
		return nil
	}
	return big.NewRat(int64(p.V), 10_000)
}

type refRun struct {
	s       *shop
	rules   bronze.Rules
	zone    *time.Location
	product map[string]*Product
	person  map[string]*Customer
}

func refTooLarge(v *big.Int) bool {
	return new(big.Int).Abs(v).Cmp(big.NewInt(pipeline.MaxPrice)) > 0
}

// line computes the fact row of a line, or the reason why there is none.
func (r *refRun) line(in bronze.Sale, returns bool) (f FactSale, why string) {
	order, product := refString(in.OrderID), refString(in.ProductID)
	if returns && !order.Valid {
		order = pipeline.Some(fmt.Sprintf("return-%s-%d", in.SourceFile, in.SourceRow))
	}
	lower := strings.ToLower(refString(in.LineType).V)
	isReturn := returns || slices.Contains(r.rules.ReturnValues, lower) || in.Quantity.Valid && in.Quantity.V < 0 || in.LineAmount.Valid && in.LineAmount.V < 0 ||
		r.rules.ReturnPrefix != "" && order.Valid && strings.HasPrefix(order.V, r.rules.ReturnPrefix)
	at := in.OrderedAt
	if !at.Valid && isReturn {
		at = in.ReturnedAt
	}
	switch {
	case !order.Valid:
		return f, "missing_order_id"
	case !product.Valid:
		return f, "missing_product_id"
	case !in.Quantity.Valid || in.Quantity.V == 0:
		return f, "invalid_quantity"
	case !at.Valid || !r.inRange(at.V):
		return f, "invalid_date"
	}
	p := r.product[product.V]
	if p == nil {
		p = &Product{}
	}
	one := big.NewRat(1, 1)
	units := new(big.Rat).SetInt(new(big.Int).Abs(big.NewInt(in.Quantity.V)))
	rate, discount := new(big.Rat), new(big.Rat)
	if in.DiscountRate.Valid {
		rate = big.NewRat(int64(in.DiscountRate.V), 1_000_000)
	}
	if in.DiscountAmount.Valid {
		discount = refPrice(in.DiscountAmount)
	}
	keep := new(big.Rat).Sub(one, rate)
	price, amount := refPrice(in.UnitPrice), refPrice(in.LineAmount)
	if amount != nil {
		amount.Abs(amount)
	}
	if price == nil && amount != nil {
		price = new(big.Rat)
		if keep.Sign() != 0 {
			q := new(big.Rat).Quo(amount, new(big.Rat).Mul(units, keep))
			price = new(big.Rat).SetFrac(refRound(q), big.NewInt(10_000))
		}
	}
	if price == nil {
		price = refPrice(p.UnitPrice)
	}
	if price == nil || price.Sign() < 0 {
		return f, "invalid_unit_price"
	}
	gross := new(big.Rat).Mul(units, price)
	net := amount
	if net == nil {
		net = new(big.Rat).SetFrac(refRound(new(big.Rat).Sub(new(big.Rat).Mul(gross, keep), discount)), big.NewInt(10_000))
	}
	if rate.Sign() < 0 || rate.Cmp(one) > 0 || discount.Sign() < 0 || net.Sign() < 0 {
		return f, "invalid_discount"
	}
	off := new(big.Rat).Sub(gross, net)
	if off.Sign() < 0 {
		off = new(big.Rat)
	}
	values := []*big.Int{refRound(net), refRound(price), refRound(off)}
	if p.UnitCost.Valid {
		values = append(values, refRound(new(big.Rat).Mul(units, refPrice(p.UnitCost))))
	}
	for _, v := range values {
		if refTooLarge(v) {
			return f, "amount_overflow"
		}
	}
	currency := refCode(in.Currency)
	if r.rules.Currency != "" && currency.Valid && string(currency.V) != r.rules.Currency {
		return f, "foreign_currency"
	}
	amountNet := pipeline.Price(values[0].Int64())
	f = FactSale{OrderID: order.V, LineNumber: in.LineNumber, LineType: "sale", OrderedAt: at.V, OrderDate: r.day(at.V),
		CustomerID: refCode(in.CustomerID), ProductID: pipeline.Code(product.V), Quantity: in.Quantity.V, UnitPrice: pipeline.Price(values[1].Int64()),
		DiscountAmount: pipeline.Price(values[2].Int64()), TaxAmount: in.TaxAmount, Sales: amountNet, Revenue: amountNet,
		Category: p.Category, Channel: refCode(in.Channel), PaymentMethod: refCode(in.PaymentMethod), Currency: currency,
		OriginalOrderID: refString(in.OriginalOrderID), UpdatedAt: in.UpdatedAt, SourceFile: in.SourceFile, SourceRow: in.SourceRow}
	if f.Category == "" {
		f.Category = "Uncategorized"
	}
	if len(values) == 4 {
		f.Cost = pipeline.Some(pipeline.Price(values[3].Int64()))
		f.Margin = pipeline.Some(f.Revenue - f.Cost.V)
	}
	r.place(&f, in)
	if isReturn {
		f = refReturn(f)
	}
	return f, ""
}

// refReturn turns a sale into a return.
func refReturn(f FactSale) FactSale {
	f.LineType = "return"
	if f.Quantity > 0 {
		f.Quantity = -f.Quantity
	}
	f.Returns, f.Sales, f.Revenue = f.Sales, 0, -f.Sales
	f.Cost.V, f.Margin.V = -f.Cost.V, -f.Margin.V
	return f
}

func (r *refRun) place(f *FactSale, in bronze.Sale) {
	country, code := refCountry(in.Country)
	state, city := refCode(in.State), refCode(in.City)
	if c := r.person[string(f.CustomerID.V)]; c != nil && f.CustomerID.Valid {
		if !country.Valid || c.Country == country {
			country, code = c.Country, c.CountryCode
			state, city = first(state, c.State), first(city, c.City)
		}
	}
	f.Country, f.CountryCode = first(country, pipeline.Some[pipeline.Code]("Unknown")).V, code
	f.State, f.City = first(state, pipeline.Some[pipeline.Code]("Unknown")).V, city
}

func (r *refRun) day(t pipeline.Timestamp) pipeline.Date {
	return pipeline.DateOf(t.Time().In(r.zone))
}

func (r *refRun) inRange(t pipeline.Timestamp) bool {
	return r.rules.DateFrom <= r.day(t) && r.day(t) <= r.rules.DateTo
}

// cameBack finds the mirrored return of a sale.
func (r *refRun) cameBack(in bronze.Sale, f FactSale) (FactSale, bool) {
	listed := false
	var whole, part pipeline.Null[pipeline.Timestamp]
	for _, e := range r.s.returned {
		if o := refText(e.OrderID, true); !o.Valid || o.V != f.OrderID {
			continue
		}
		switch product := refText(e.ProductID, true); {
		case !product.Valid:
			listed, whole = true, first(e.ReturnedAt, whole)
		case product.V == string(f.ProductID):
			listed, part = true, first(e.ReturnedAt, part)
		}
	}
	dated := r.rules.ReturnedDated && in.ReturnedAt.Valid
	if !listed && !dated && !slices.Contains(r.rules.ReturnedStatuses, strings.ToLower(refString(in.Status).V)) {
		return f, false
	}
	f = refReturn(f)
	times := []pipeline.Null[pipeline.Timestamp]{in.ReturnedAt}
	if listed {
		times = append(times, first(part, whole))
	}
	for _, t := range times {
		if t.Valid && r.inRange(t.V) {
			f.OrderedAt, f.OrderDate = t.V, r.day(t.V)
			break
		}
	}
	return f, true
}

// reference computes what a run over the shop must give.
func reference(s *shop) result {
	r := &refRun{s: s, rules: s.mapping.Rules, zone: s.mapping.Location, product: map[string]*Product{}, person: map[string]*Customer{}}
	out := result{counts: Counts{Quarantined: map[string]map[string]int64{}, Deduplicated: map[string]int64{}, Added: map[string]int64{}, Rows: map[string]int64{}}}
	quarantine := func(table, why string, row any, file pipeline.Code, number int64) {
		if out.counts.Quarantined[table] == nil {
			out.counts.Quarantined[table] = map[string]int64{}
		}
		out.counts.Quarantined[table][why]++
		out.quarantine = append(out.quarantine, Quarantined{Table: pipeline.Code(table), Reason: pipeline.Code(why), Values: refJSON(row), SourceFile: file, SourceRow: number})
	}
	customersFile, productsFile := false, false
	for _, spec := range s.mapping.Sources {
		customersFile = customersFile || spec.Table == "customers"
		productsFile = productsFile || spec.Table == "products"
	}
	var describedCustomers []bronze.Customer
	var describedProducts []bronze.Product
	for _, seg := range s.segments {
		describedCustomers = append(describedCustomers, seg.customers...)
		describedProducts = append(describedProducts, seg.products...)
	}
	for _, c := range s.customers {
		row := refCustomer(c)
		if row.CustomerID == "" {
			quarantine("customers", "missing_key", c, c.SourceFile, c.SourceRow)
			continue
		}
		if had := r.person[row.CustomerID]; had != nil {
			out.counts.Deduplicated["customers"]++
			if cmp.Or(cmp.Compare(refAge(row.UpdatedAt), refAge(had.UpdatedAt)), cmp.Compare(refAge(row.SignupDate), refAge(had.SignupDate))) < 0 {
				continue
			}
		}
		r.person[row.CustomerID] = &row
	}
	var cleaned []Customer
	for _, c := range describedCustomers {
		cleaned = append(cleaned, refCustomer(c))
	}
	for key, c := range refDerive(cleaned, func(c Customer) string { return c.CustomerID }, func(c Customer) pipeline.Null[pipeline.Timestamp] { return c.UpdatedAt }) {
		if r.person[key] == nil {
			c.IsInferred = customersFile
			_, c.CountryCode = refCountry(c.Country)
			r.person[key] = &c
		}
	}
	for _, p := range s.products {
		row := refProduct(p)
		if row.ProductID == "" {
			quarantine("products", "missing_key", p, p.SourceFile, p.SourceRow)
			continue
		}
		if had := r.product[row.ProductID]; had != nil {
			out.counts.Deduplicated["products"]++
			if refAge(row.UpdatedAt) < refAge(had.UpdatedAt) {
				continue
			}
		}
		r.product[row.ProductID] = &row
	}
	var products []Product
	for _, p := range describedProducts {
		products = append(products, refProduct(p))
	}
	for key, p := range refDerive(products, func(p Product) string { return p.ProductID }, func(p Product) pipeline.Null[pipeline.Timestamp] { return p.UpdatedAt }) {
		if r.product[key] == nil {
			p.IsInferred = productsFile
			r.product[key] = &p
		}
	}
	refUnify(r.product, func(p *Product) *pipeline.Code { return &p.Category })
	refUnify(r.product, func(p *Product) *pipeline.Code { return &p.Subcategory.V })
	refUnify(r.product, func(p *Product) *pipeline.Code { return &p.Brand.V })
	r.facts(&out, quarantine)
	r.dimensions(&out, customersFile, productsFile)
	return out
}

// refLine is a line as it is compared whole: without where it came from.
type refLine struct {
	source int
	sale   bronze.Sale
}

func (r *refRun) facts(out *result, quarantine func(table, why string, row any, file pipeline.Code, number int64)) {
	type key struct {
		order    string
		line     int32
		isReturn bool
	}
	type found struct {
		seg  int
		in   bronze.Sale
		fact FactSale
		lost bool
	}
	var lines []*found
	best := map[key]*found{}
	equal := map[refLine][]*found{}
	for i, seg := range r.s.segments {
		for _, in := range seg.lines {
			fact, why := r.line(in, seg.returns)
			if why != "" {
				quarantine("sales", why, in, in.SourceFile, in.SourceRow)
				continue
			}
			l := &found{seg: i, in: in, fact: fact}
			lines = append(lines, l)
			if seg.overlap {
				k := refLine{seg.source(), in}
				k.sale.SourceFile, k.sale.SourceRow, k.sale.BatchID = "", 0, ""
				equal[k] = append(equal[k], l)
				continue
			}
			if !in.LineNumber.Valid {
				continue
			}
			k := key{fact.OrderID, in.LineNumber.V, fact.LineType == "return"}
			if had := best[k]; had == nil {
				best[k] = l
			} else if out.counts.Deduplicated["sales"]++; refAge(in.UpdatedAt) >= refAge(had.in.UpdatedAt) {
				had.lost, best[k] = true, l
			} else {
				l.lost = true
			}
		}
	}
	for _, same := range equal {
		count, keeps := map[int]int{}, -1
		for _, l := range same {
			count[r.s.segments[l.seg].file]++
		}
		for file, n := range count {
			if keeps < 0 || n > count[keeps] || n == count[keeps] && file < keeps {
				keeps = file
			}
		}
		for _, l := range same {
			if l.lost = r.s.segments[l.seg].file != keeps; l.lost {
				out.counts.Deduplicated["sales"]++
			}
		}
	}
	out.facts = make([][]FactSale, len(r.s.segments))
	for _, l := range lines {
		if l.lost {
			continue
		}
		if l.fact.LineType == "sale" {
			if back, ok := r.cameBack(l.in, l.fact); ok {
				out.facts[l.seg] = append(out.facts[l.seg], back)
				out.counts.Added["sales"]++
			}
		}
		out.facts[l.seg] = append(out.facts[l.seg], l.fact)
	}
}

func (r *refRun) dimensions(out *result, customersFile, productsFile bool) {
	named := map[string]bool{}
	newest := pipeline.Date(minDay)
	for _, f := range out.all() {
		if f.CustomerID.Valid {
			named["c"+string(f.CustomerID.V)] = true
			if r.person[string(f.CustomerID.V)] == nil {
				r.person[string(f.CustomerID.V)] = &Customer{CustomerID: string(f.CustomerID.V), IsInferred: true}
			}
		}
		named["p"+string(f.ProductID)] = true
		if r.product[string(f.ProductID)] == nil {
			r.product[string(f.ProductID)] = &Product{ProductID: string(f.ProductID), IsInferred: true}
		}
		newest = max(newest, f.OrderDate)
	}
	for _, k := range slices.Sorted(maps.Keys(r.person)) {
		c := *r.person[k]
		if c.IsInferred && !named["c"+k] {
			continue
		}
		if c.IsInferred || !customersFile {
			out.counts.Added["customers"]++
		}
		if !c.FullName.Valid {
			c.FullName = refText(c.FirstName.V+" "+c.LastName.V, true)
		}
		if c.BirthDate.Valid && c.BirthDate.V > newest && newest != minDay {
			c.BirthDate = pipeline.Null[pipeline.Date]{}
		}
		out.customers = append(out.customers, c)
	}
	for _, k := range slices.Sorted(maps.Keys(r.product)) {
		p := *r.product[k]
		if p.IsInferred && !named["p"+k] {
			continue
		}
		if p.IsInferred || !productsFile {
			out.counts.Added["products"]++
		}
		if p.Category == "" {
			p.Category = "Uncategorized"
		}
		out.products = append(out.products, p)
	}
	out.counts.Rows["customers"], out.counts.Rows["products"] = int64(len(out.customers)), int64(len(out.products))
	out.counts.Rows["sales"] = int64(len(out.all()))
}

// refJSON renders a bronze row by reflection.
func refJSON(row any) string {
	v := reflect.ValueOf(row)
	var parts []string
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			if !f.FieldByName("Valid").Bool() {
				continue
			}
			f = f.FieldByName("V")
		}
		name, _ := json.Marshal(v.Type().Field(i).Tag.Get("col"))
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(fmt.Sprint(f.Interface()))
		parts = append(parts, string(name)+":"+strings.TrimSuffix(b.String(), "\n"))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
