package bronze

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The sample mappings on records of the public files that they are for: the
// headers are the published ones.
func TestPublicShops(t *testing.T) {
	for name, c := range map[string]struct {
		texts map[string]string
		want  []string
	}{
		"olist.yml": {
			map[string]string{
				"olist_customers_dataset.csv":           "customer_id|customer_unique_id|customer_zip_code_prefix|customer_city|customer_state\nc1|u1|01151|sao paulo|SP",
				"olist_products_dataset.csv":            "product_id|product_category_name|product_name_lenght|product_description_lenght|product_photos_qty|product_weight_g|product_length_cm|product_height_cm|product_width_cm\np1|bebes|40|287|1|225|16|10|14\np2|pc_gamer|1|1|1|1|1|1|1\np3|∅|1|1|1|1|1|1|1",
				"olist_order_items_dataset.csv":         "order_id|order_item_id|product_id|seller_id|shipping_limit_date|price|freight_value\no1|1|p1|s1|2017-09-19 09:45:35|58.90|13.29\no2|1|p2|s1|2017-09-19 09:45:35|1.5|0",
				"olist_orders_dataset.csv":              "order_id|customer_id|order_status|order_purchase_timestamp|order_approved_at|order_delivered_carrier_date|order_delivered_customer_date|order_estimated_delivery_date\no1|c1|delivered|2017-09-13 08:59:02|2017-09-13 09:45:35|2017-09-19 18:34:16|2017-09-20 23:43:48|2017-09-29 00:00:00",
				"product_category_name_translation.csv": "product_category_name|product_category_name_english\nbebes|baby",
			},
			[]string{
				"customer_id=u1 city=sao paulo state=SP postal_code=01151 country=Brazil @olist_customers_dataset.csv:1",
				"product_id=p1 category=baby @olist_products_dataset.csv:1", "product_id=p2 category=pc_gamer @olist_products_dataset.csv:2", "product_id=p3 @olist_products_dataset.csv:3",
				"order_id=o1 line_number=1 status=delivered ordered_at=2017-09-13T11:59:02Z customer_id=u1 product_id=p1 quantity=1 unit_price=58.9 city=sao paulo state=SP country=Brazil @olist_order_items_dataset.csv:1",
				"order_id=o2 line_number=1 product_id=p2 quantity=1 unit_price=1.5 country=Brazil @olist_order_items_dataset.csv:2",
			},
		},
		"online-retail-ii.yml": {
			map[string]string{"online_retail_II.csv": "Invoice|StockCode|Description|Quantity|InvoiceDate|Price|Customer ID|Country\n489434|85048|15CM LIGHTS|12|2009-12-01 07:45:00|6.95|13085.0|United Kingdom\nC489449|22087|BUNTING|-12|7/1/2010 8:26|2.95||EIRE"},
			[]string{
				"order_id=489434 ordered_at=2009-12-01T07:45:00Z customer_id=13085 product_id=85048 quantity=12 unit_price=6.95 country=United Kingdom @online_retail_II.csv:1",
				"order_id=C489449 ordered_at=2010-07-01T07:26:00Z product_id=22087 quantity=-12 unit_price=2.95 country=EIRE @online_retail_II.csv:2",
			},
		},
		"superstore.yml": {
			map[string]string{
				"superstore.csv": "Row ID|Order ID|Order Date|Ship Date|Ship Mode|Customer ID|Customer Name|Segment|Country|City|State|Postal Code|Region|Product ID|Category|Sub-Category|Product Name|Sales|Quantity|Discount|Profit\n1|CA-2016-152156|11/8/2016|11/11/2016|Second Class|CG-12520|Claire Gute|Consumer|United States|Henderson|Kentucky|42420|South|FUR-BO-10001798|Furniture|Bookcases|Bush|1,261.96|2|0.2|41.9136",
				"returns.csv":    "Returned|Order ID\nYes|CA-2016-152156",
			},
			[]string{"order_id=CA-2016-152156 ordered_at=2016-11-08T05:00:00Z customer_id=CG-12520 product_id=FUR-BO-10001798 quantity=2 line_amount=1261.96 discount_rate=0.2 city=Henderson state=Kentucky postal_code=42420 country=United States @superstore.csv:1"},
		},
		"european-shop.yml": {
			map[string]string{
				"filialen.csv":          "Filiale|Vertriebsweg|Ort|Land\n1|Laden|Köln|Germany",
				"kunden.csv":            "Kundennummer|Vorname|Nachname|E-Mail|Mobil|Telefon|Anrede|Geburtsdatum|PLZ|Ort|Land|Kunde seit\nK1|Ä|B|a@b.de|-|0221 1|Frau|01.02.1990|50667|Köln|D|2020-03-04",
				"artikel.csv":           "Artikelnummer|Bezeichnung|Warengruppe|Hersteller|Einkaufspreis|Verkaufspreis\nA1|Rad|Räder|Acme|1.234,50 €|2.000 €",
				"umsatz/2023-12.csv.gz": "Filiale|Belegnummer|Position|Art|Zeitpunkt|Kundennummer|Artikelnummer|Menge|Einzelpreis|Rabatt|MwSt|Währung\n1|77|1|Verkauf|31.12.2023 23:30|K1|A1|1|2.000,00|12,5%|1,5 EUR|€",
				"umsatz/2024-02.csv.gz": "Filiale|Belegnummer|Position|Art|Zeitpunkt|Kundennummer|Artikelnummer|Menge|Einzelpreis|Rabatt|MwSt|Währung\n2|78|1|Retoure|01.02.2024 10:00:05||A1|-1|x|||EUR",
			},
			[]string{
				"customer_id=K1 first_name=Ä last_name=B email=a@b.de phone=0221 1 gender=female birth_date=1990-02-01 city=Köln postal_code=50667 country=Germany signup_date=2020-03-04 @kunden.csv:1",
				"product_id=A1 product_name=Rad category=Räder brand=Acme unit_cost=1234.5 unit_price=2000 @artikel.csv:1",
				"order_id=1-77 line_number=1 line_type=Verkauf ordered_at=2023-12-31T22:30:00Z customer_id=K1 product_id=A1 quantity=1 unit_price=2000 discount_rate=0.125 tax_amount=1.5 currency=EUR channel=Laden city=Köln country=Germany @umsatz/2023-12.csv.gz:1",
				`order_id=2-78 line_number=1 line_type=Retoure ordered_at=2024-02-01T09:00:05Z product_id=A1 quantity=-1 currency=EUR @umsatz/2024-02.csv.gz:1 _rescued_data={"Einzelpreis":"x"}`,
			},
		},
	} {
		t.Run(strings.TrimSuffix(name, ".yml"), func(t *testing.T) {
			m, err := LoadMapping(filepath.Join("../testdata/mappings", name))
			if err != nil {
				t.Fatal(err)
			}
			m.Dir = write(t, c.texts)
			got, err := readAll(t, m, nil, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.rows[0]); diff != "" {
				t.Error(diff)
			}
			if _, err := LoadReturned(t.Context(), m, files{}.open); err != nil {
				t.Error(err)
			}
		})
	}
}
