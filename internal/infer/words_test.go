package infer

import (
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"OrderNumber", "order id"}, {"order_no", "order id"}, {"ORDERNUMBER", "order id"}, {"Bestellnummer", "order id"},
		{"N° commande", "id order"}, {"Nº Pedido", "id order"}, {"Order #", "order id"}, {"InvoiceNo", "invoice id"},
		{"Kd-Nr", "customer id"}, {"Kundennr.", "customer id"}, {"Art.-Nr.", "product id"}, {"Artikelnummer", "product id"}, {"StockCode", "stock id"},
		{"Belegart", "receipt type"}, {"Zahlungsart", "payment method"}, {"Rechnungsdatum", "invoice date"},
		{"Einzelpreis", "unit price"}, {"Prix de vente HT", "price sales net"}, {"Prix d'achat", "price cost"}, {"Date d'achat", "date order"},
		{"Lineitem sku", "line item sku"}, {"Sub-Category", "sub category"}, {"CountryRegionName", "country region name"},
		{"E-Mail-Adresse", "email address"}, {"Code postal", "id postal"}, {"Straße", "address"}, {"Quantité", "quantity"}, {"num_of_item", "count item"},
		{"Unit Price USD", "unit price"}, {"Geburtsdatum", "birth date"}, {"SalesOrderLineNumber", "sales order line id"}, {"Foo Bar", "foo bar"}, {"", ""}, {"  #%", "id percent"},
	} {
		if got := strings.Join(words(c.name), " "); got != c.want {
			t.Errorf("%q says %q, not %q", c.name, got, c.want)
		}
	}
}

// A spelling that two words claim would mean either, by chance.
func TestVocabularyIsUnambiguous(t *testing.T) {
	for spelling := range vocabulary {
		if spelling != strings.Join(tokens(spelling), " ") {
			t.Errorf("%q can never be found: it is taken apart into %q", spelling, tokens(spelling))
		}
	}
	seen := map[string]string{}
	for means, spellings := range spellingsOf {
		for _, s := range strings.Fields(spellings) {
			if other, ok := seen[s]; ok && other != means {
				t.Errorf("%q means %q and %q", s, other, means)
			}
			seen[s] = means
		}
	}
}

func TestSaysReturn(t *testing.T) {
	for value, want := range map[string]bool{
		"Returned": true, "wc-refunded": true, "Shipped - Returned to Seller": true, "Gutschrift": true, "annulée": true, "CANCELED": true,
		"partially_refunded": false, "Not returned": false, "shipped": false, "Return requested": false, "": false, "teilweise storniert": false,
	} {
		if got := saysReturn(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// columnOf makes a column of values, one record each.
func columnOf(name string, values ...string) *column {
	c := &column{name: name, words: words(name), at: map[string]int32{}}
	for _, v := range values {
		c.add(v)
	}
	return c
}

// layoutOfColumns makes a profiled layout.
func layoutOfColumns(columns ...*column) *layout {
	l := &layout{columns: columns, rows: len(columns[0].codes), whole: true, bound: map[string]bool{}}
	for i, c := range columns {
		c.index = i
	}
	l.profileAll()
	return l
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		values  []string
		want    string
		unsure  bool
		because string
	}{
		{[]string{"2024-01-02", "2024-01-03"}, "", false, ""},
		{[]string{"2024-01-02 10:00", "2024-01-03T11:00:05Z"}, "", false, ""},
		{[]string{"01/02/2024", "13/02/2024"}, "%d/%m/%Y", false, "13/02/2024"},
		{[]string{"01/02/2024", "02/13/2024"}, "%m/%d/%Y", false, "02/13/2024"},
		{[]string{"01/02/2024", "02/03/2024"}, "%d/%m/%Y", true, "could be"},
		{[]string{"13/02/2024", "02/13/2024"}, "%d/%m/%Y", true, "only the month"},
		{[]string{"1/2/24 9:05", "1/20/24 10:10"}, "%m/%d/%y %H:%M", false, "1/20/24"},
		{[]string{"01.02.2024", "02.03.2024"}, "%d.%m.%Y", false, ""},
		{[]string{"Jan 5, 2024", "Feb 28, 2024"}, "%b %d, %Y", false, ""},
		{[]string{"20240105", "20241231"}, "%Y%m%d", false, ""},
		{[]string{"2024-01-05 10:00:00 UTC"}, "%Y-%m-%d %H:%M:%S %Z", false, ""},
		{[]string{"01/13/2024 09:00 AM"}, "%m/%d/%Y %I:%M %p", false, ""},
		{[]string{"10001", "10002"}, "", false, ""},
	} {
		l := layoutOfColumns(columnOf("Date", c.values...))
		d := l.columns[0].dated
		got := strings.Join(d.patterns, "|")
		if got != c.want || d.unsure != c.unsure || !strings.Contains(d.reason, c.because) {
			t.Errorf("%q: %q, unsure %v, because %q", c.values, got, d.unsure, d.reason)
		}
	}
}

// A column that could be either follows the other dates of its file.
func TestDatesFollowTheFile(t *testing.T) {
	l := layoutOfColumns(columnOf("Ordered", "01/02/2024", "03/04/2024"), columnOf("Shipped", "13/02/2024", "14/04/2024"))
	if err := l.decideDates(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := l.columns[0].dated; d.unsure || d.patterns[0] != "%d/%m/%Y" || !strings.Contains(d.reason, "as Shipped") {
		t.Errorf("%+v", d)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"1.5", "2"}, ""},
		{[]string{"1,234.50", "7.25"}, `{thousands: ","}`},
		{[]string{"1.234,50", "7,25"}, `{decimal: ",", thousands: "."}`},
		{[]string{"$1,234.50 ", "$7.25"}, `{thousands: ",", currency: true}`},
		{[]string{"12,50 €", "7,25 €"}, `{decimal: ",", currency: true}`},
		{[]string{"(12.50)", "7.25"}, `{parentheses: true}`},
		{[]string{"12.5%", "7%"}, `{percent: true}`},
		{[]string{"1 234,50", "7,25"}, `{decimal: ",", thousands: " "}`},
		{[]string{"USD 12.50", "EUR 7.25"}, `{currency: true}`},
	} {
		l := layoutOfColumns(columnOf("Price", c.values...))
		if got := numberBlock(l.columns[0].number); got != c.want || l.columns[0].numeric < 1 {
			t.Errorf("%q: %s, %v are numbers", c.values, got, l.columns[0].numeric)
		}
	}
	if c := layoutOfColumns(columnOf("Order", "CMD00001", "CMD00002")).columns[0]; c.numeric > 0 {
		t.Error("CMD00001 is no amount of money")
	}
}

func TestNulls(t *testing.T) {
	c := layoutOfColumns(columnOf("Customer ID", "17850.0", "nan", "13047.0", "")).columns[0]
	if !slices.Equal(c.nulls, []string{"nan"}) || !c.floatID || c.filled != 2 {
		t.Errorf("%q, %v, %d", c.nulls, c.floatID, c.filled)
	}
	c = layoutOfColumns(columnOf("Country", "DE", "NA", "US")).columns[0]
	if c.nulls != nil {
		t.Errorf("Namibia is a country: %q", c.nulls)
	}
}
