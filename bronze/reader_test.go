package bronze

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// products maps columns of bronze.products; every case adds to its key.
func products(head, columns string) string {
	return head + "\nsources:\n  - table: products\n    files: memory://p\n    columns:\n      product_id: Id\n      " +
		strings.ReplaceAll(strings.TrimSpace(columns), "\n", "\n      ") + "\n"
}

// Every way in which a mapping makes a column. The records' keys and places
// are left out of what is wanted.
func TestColumns(t *testing.T) {
	for _, c := range []struct {
		name, head, columns, file string
		lookups                   files
		want                      []string
	}{
		{name: "direct", columns: "unit_price: Price\nbrand: Brand", file: "Id|Price|Brand\n1|2.50|A\n2|∅| B\n3||",
			want: []string{"brand=A unit_price=2.5", "brand= B", ""}},
		{name: "the first that has a value", columns: "brand: {from: [Brand, Maker, Id]}", file: "Id|Brand|Maker\n1|A|B\n2||B\n3|  |∅\n4|∅|C",
			want: []string{"brand=A", "brand=B", "brand=3", "brand=C"}},
		{name: "nulls count as no value", columns: "brand: {from: [Brand, Maker], nulls: [NULL, n/a]}", file: "Id|Brand|Maker\n1|NULL|B\n2| n/a |B\n3|null|B\n4|n/a|NULL",
			want: []string{"brand=B", "brand=B", "brand=null", ""}},
		{name: "nulls of the source", columns: "brand: Brand\nunit_price: {from: Price, nulls: ['?']}\nunit_cost: {from: Cost, nulls: []}", file: "Id|Brand|Price|Cost\n1|?|?|1\n2|B|2|?",
			want: []string{"unit_cost=1", `brand=B unit_price=2 _rescued_data={"Cost":"?"}`}},
		{name: "constants", columns: "brand: {value: 007}\nunit_price: {value: 0.19}\nproduct_name: {value: a b}\nupdated_at: {value: 2024-07-01 12:00, timezone: Europe/Berlin}\ncurrency: {value: EUR}", file: "Id\n1\n2",
			want: []string{"product_name=a b brand=007 unit_price=0.19 currency=EUR updated_at=2024-07-01T10:00:00Z", "product_name=a b brand=007 unit_price=0.19 currency=EUR updated_at=2024-07-01T10:00:00Z"}},
		{name: "maps", columns: "brand: {from: B, map: {A: Apple, X: null}}\nproduct_name: {from: B, map: {A: Apple, X: null}}\nunit_price: {from: P, map: {free: 0, '?': null}}",
			file: "Id|B|P\n1|A|1\n2|X|free\n3|B|?\n4| A |free!",
			want: []string{"product_name=Apple brand=Apple unit_price=1", "unit_price=0", "product_name=B brand=B", `product_name=Apple brand=Apple _rescued_data={"P":"free!"}`}},
		{name: "what replaces a text is meant, not a null text", columns: "brand: {from: B, nulls: ['-'], map: {none: '-'}}\nproduct_name: {from: B, nulls: ['-'], map: {none: '-'}}", file: "Id|B\n1|none\n2|-",
			want: []string{"product_name=- brand=-", ""}},
		{name: "templates", columns: "product_name: {template: '{A}-{B}'}\nbrand: {template: '{{{A}}}'}\nunit_price: {template: '{A}.{B}'}", file: "Id|A|B\n1|1|2\n2|∅|2\n3|1|\n4|x|y",
			want: []string{"product_name=1-2 brand={1} unit_price=1.2", "", "brand={1}", `product_name=x-y brand={x} _rescued_data={"A":"x","B":"y"}`}},
		{name: "lookups", head: "lookups:\n  sub: {files: memory://s, key: Key}\n  cat: {files: memory://c, key: Key}",
			columns: "subcategory: sub[Sub].Name\ncategory: cat[sub[Sub].Cat].Name\nbrand: {from: ['cat[sub[Sub].Cat].Brand', Brand], nulls: [n/a]}\nproduct_name: {template: '{cat[sub[Sub].Cat].Name}/{sub[Sub].Name} {Id}'}\nunit_price: sub[Sub].Price",
			file:    "Id|Sub|Brand\n1|a|own\n2| b |own\n3|c|own\n4|zz|own\n5|∅|own",
			lookups: files{"memory://s": "Key|Name|Cat|Price\na|Sa|x|1.5\n b |Sb| y |cheap\nc|Sc||2", "memory://c": "Key|Name|Brand\nx|Cx|Bx\ny|Cy|n/a"},
			want: []string{"product_name=Cx/Sa 1 category=Cx subcategory=Sa brand=Bx unit_price=1.5",
				`product_name=Cy/Sb 2 category=Cy subcategory=Sb brand=own _rescued_data={"Sub":" b "}`,
				"subcategory=Sc brand=own unit_price=2", "brand=own", "brand=own"}},
		{name: "dates in order", columns: "updated_at: {from: D, dates: ['%m/%d/%Y', '%d/%m/%Y', '%Y%m%d']}", file: "Id|D\n1|02/03/2024\n2|13/02/2024\n3|20240229\n4|2024-02-29",
			want: []string{"updated_at=2024-02-03T00:00:00Z", "updated_at=2024-02-13T00:00:00Z", "updated_at=2024-02-29T00:00:00Z", `_rescued_data={"D":"2024-02-29"}`}},
		{name: "dates of several columns", columns: "updated_at: {from: [A, B], dates: ['%d.%m.%Y %H:%M', '%Y-%m-%d'], timezone: Asia/Tokyo}", file: "Id|A|B\n1||2024-01-01\n2|01.02.2024 09:30|x\n3|x|2024-01-01",
			want: []string{"updated_at=2023-12-31T15:00:00Z", "updated_at=2024-02-01T00:30:00Z", `_rescued_data={"A":"x"}`}},
		{name: "numbers", columns: "unit_price: {from: P, number: {decimal: ',', thousands: '.', currency: true}}\nunit_cost: {from: [P], map: {x: '1.234,5'}, number: {decimal: ',', thousands: '.', parentheses: true}}",
			file: "Id|P\n1|1.234,56 €\n2|x\n3|(5,25)",
			want: []string{`unit_price=1234.56 _rescued_data={"P":"1.234,56 €"}`, `unit_cost=1234.5 _rescued_data={"P":"x"}`, `unit_cost=-5.25 _rescued_data={"P":"(5,25)"}`}},
		{name: "ids", columns: "brand: {from: B, integer: true}\nproduct_name: {from: [A, B], integer: true}\ncategory: {template: 'x{A}', integer: true}\nsubcategory: {from: B, integer: true, map: {7.0: seven}}", file: "Id|A|B\n1|∅|17850.0\n2|5.00|12.5\n3||7.0",
			want: []string{"product_name=17850 subcategory=17850 brand=17850", "product_name=5 category=x5.00 subcategory=12.5 brand=12.5", "product_name=7 subcategory=seven brand=7"}},
		{name: "rescued in the source's order, each once", columns: "updated_at: C\nunit_price: A\nunit_cost: A\nbrand: A\ncurrency: {from: C, map: {x: y}}", file: "Id|C|<A>&\"\\|A\n1|x||y\n2|2024-01-01||1\n3|\"\\|\u2028|é\u0001",
			want: []string{`brand=y currency=y _rescued_data={"C":"x","A":"y"}`, "brand=1 unit_cost=1 unit_price=1 currency=2024-01-01 updated_at=2024-01-01T00:00:00Z",
				"brand=é\u0001 currency=\"\\ _rescued_data={\"C\":\"\\\"\\\\\",\"A\":\"é\\u0001\"}"}},
		{name: "blanks around names do not count", columns: "brand: ' Brand '\nproduct_name: {template: '{ Brand }!'}", file: "Id| Brand\n1|A", want: []string{"product_name=A! brand=A"}},
		{name: "an expression that looks like a lookup", columns: "brand: items[0].brand", file: "Id|items[0].brand\n1|A", want: []string{"brand=A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := products(c.head, c.columns)
			if c.name == "nulls of the source" {
				text = strings.Replace(text, "    columns:", "    nulls: ['?']\n    columns:", 1)
			}
			f := files{"memory://p": c.file}
			for k, v := range c.lookups {
				f[k] = v
			}
			m := parse(t, text)
			var want []string
			for i, w := range c.want {
				w, rescued, _ := strings.Cut(w, "_rescued_data=")
				w = strings.TrimSuffix(fmt.Sprintf("product_id=%d %s", i+1, w), " ") + fmt.Sprintf(" @memory://p:%d", i+1)
				if rescued != "" {
					w += " _rescued_data=" + rescued
				}
				want = append(want, w)
			}
			for _, batch := range []int{0, 1, 2, 3} {
				got, err := readAll(t, m, f, batch, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got.rows[0]); diff != "" {
					t.Fatalf("batches of %d rows: %s", batch, diff)
				}
			}
		})
	}
}

const shopText = `
timezone: America/New_York
lookups:
  order: {files: memory://orders, key: No}
sources:
  - table: sales
    files: [memory://s1, memory://s2]
    nulls: ['-']
    columns:
      order_id: {template: "{Store}-{No}"}
      ordered_at: {from: ['order[No].At', At], dates: ['%Y-%m-%d %H:%M']}
      customer_id: order[No].Customer
      product_id: {from: Item, integer: true}
      quantity: {from: Qty, map: {one: 1}}
      unit_price: Price
      updated_at: {from: At, dates: ['%Y-%m-%d %H:%M'], timezone: UTC}
      channel: {value: till}
      country: Country
    customers: {country: Country, full_name: Name}
    products: {product_name: Title, unit_price: Price}
  - table: sales
    kind: returns
    files: memory://r
    columns: {product_id: Item, quantity: Qty, ordered_at: At}
`

func shopFiles(lines int) files {
	rng := rand.New(rand.NewPCG(1, 2))
	var orders, s1, s2 strings.Builder
	orders.WriteString("No|At|Customer\n")
	for i := range 20 {
		fmt.Fprintf(&orders, "%d|2024-03-%02d 02:30|C%d\n", i, i+1, i%7)
	}
	for i, s := range []*strings.Builder{&s1, &s2} {
		s.WriteString("Store|No|Item|Qty|Price|At|Country|Name|Title|Extra\n")
		for range lines {
			qty := []string{"1", "one", "2.0", "many", "-"}[rng.IntN(5)]
			fmt.Fprintf(s, "S%d|%d|%d.0|%s|%d.12345|2024-01-01 10:00|DE|N|T%d|x\n", i, rng.IntN(25), rng.IntN(9), qty, rng.IntN(99), rng.IntN(9))
		}
	}
	return files{"memory://orders": orders.String(), "memory://s1": s1.String() + "!S|ragged\n", "memory://s2": s2.String(),
		"memory://r": "Item|Qty|At\n7|1|2024-05-01\n"}
}

func TestShop(t *testing.T) {
	m, f := parse(t, shopText), shopFiles(300)
	all := func(in *Input) []Target {
		if in.Returns() {
			return []Target{in.Main()}
		}
		return []Target{in.Main(), in.Keys("order_id", "product_id"), in.Derived(Customers.Table), in.Derived(Products.Table)}
	}
	whole, err := readAll(t, m, f, 0, all)
	if err != nil {
		t.Fatal(err)
	}
	for target, start := range []string{
		"order_id=S0-", "order_id=S0-", "", "product_id=",
	} {
		if !strings.HasPrefix(whole.rows[target][0], start) {
			t.Errorf("target %d begins with %s", target, whole.rows[target][0])
		}
	}
	// A Derived target has the line's key and its updated_at, and nothing else.
	for target, want := range map[int][]string{
		1: {"order_id", "product_id"}, 2: {"customer_id", "full_name", "country", "updated_at"}, 3: {"product_id", "product_name", "unit_price", "updated_at"},
	} {
		for _, row := range whole.rows[target] {
			for _, part := range strings.Fields(row) {
				name, _, ok := strings.Cut(part, "=")
				if ok && !strings.HasPrefix(name, "_") && !contains(want, name) {
					t.Fatalf("target %d has %s", target, row)
				}
			}
		}
	}
	last := whole.rows[0][len(whole.rows[0])-1]
	if last != "ordered_at=2024-05-01T04:00:00Z product_id=7 quantity=1 @memory://r:1" {
		t.Errorf("the return is %s", last)
	}
	if len(whole.rejects) != 1 || whole.rejects[0].Row != 301 || string(whole.rejects[0].Raw) != "S|ragged" {
		t.Errorf("rejects %+v", whole.rejects)
	}
	c := whole.counts
	if c.Records != 602 || c.Rejected != 1 || c.Skipped != 2 || c.Rounded["unit_price"] != 600 || len(c.Rounded) != 1 {
		t.Errorf("counts %+v", c)
	}
	many := int64(strings.Count(f["memory://s1"]+f["memory://s2"], "|many|"))
	if diff := cmp.Diff(map[string]int64{"quantity": many}, c.Rescued); diff != "" {
		t.Error(diff)
	}
	for _, batch := range []int{1, 7, 64, 299, 300, 301} {
		got, err := readAll(t, m, f, batch, all)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole.rows, got.rows); diff != "" {
			t.Fatalf("batches of %d rows: %s", batch, diff)
		}
		if diff := cmp.Diff(whole.counts, got.counts); diff != "" {
			t.Fatalf("batches of %d rows: %s", batch, diff)
		}
	}
}

func contains(list []string, s string) bool {
	return strings.Contains(" "+strings.Join(list, " ")+" ", " "+s+" ")
}
