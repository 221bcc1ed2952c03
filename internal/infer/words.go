package infer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// words takes a header or a file's name apart and returns what it says, in the
// words of the vocabulary, whatever language and spelling it is in:
// OrderNumber, order_no and Bestellnummer are all "order id". A word that the
// vocabulary lacks stays itself, folded.
func words(name string) []string {
	var out []string
	add := func(w string) {
		if w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	all := tokens(name)
	for i, token := range all {
		if fillers[token] || len(token) == 1 {
			continue
		}
		if bought[token] { // a price of it is a cost, a date of it an order's
			costs := slices.ContainsFunc(all, func(t string) bool { return slices.Contains(meaning(t), "price") })
			add(map[bool]string{true: "cost", false: "order"}[costs])
			continue
		}
		if i+1 < len(all) {
			next := all[i+1]
			switch {
			case token == "art" && (next == "nr" || next == "no" || next == "nummer" || next == "id"): // Art.-Nr.
				add("product")
				continue
			case next == "of" && (token == "num" || token == "number" || token == "count" || token == "no"):
				add("count")
				continue
			}
		}
		for _, w := range meaning(token) {
			add(w)
		}
	}
	return out
}

var bought = set("achat achats acquisto acquisti compra compras")

// meaning returns the words that a folded token stands for.
func meaning(token string) []string {
	if m, ok := vocabulary[token]; ok {
		return strings.Fields(m)
	}
	for _, plural := range []string{"s", "es", "en", "n", "e"} {
		if m, ok := vocabulary[strings.TrimSuffix(token, plural)]; ok && len(token) > len(plural)+2 {
			return strings.Fields(m)
		}
	}
	if parts := compound(token); parts != nil {
		return parts
	}
	if len(token) > 3 && strings.HasSuffix(token, "s") && !strings.HasSuffix(token, "ss") {
		token = token[:len(token)-1]
	}
	return []string{token}
}

// compound splits a word that is written in one: bestellnummer, unitprice. The
// longest first part wins; an s or n may join the parts.
func compound(token string) []string {
	for i := len(token) - 2; i >= 3; i-- {
		first, ok := vocabulary[token[:i]]
		if !ok {
			continue
		}
		for _, joint := range []string{"", "s", "n", "en", "er"} {
			rest, cut := strings.CutPrefix(token[i:], joint)
			if !cut || len(rest) < 2 {
				continue
			}
			second := vocabulary[rest]
			if second == "" {
				if parts := compound(rest); parts != nil {
					second = strings.Join(parts, " ")
				}
			}
			if second != "" {
				return append(strings.Fields(first), strings.Fields(second)...)
			}
		}
	}
	return nil
}

// tokens splits a name at signs, blanks, changes of case and digits, without
// accents and in lower case.
func tokens(name string) []string {
	name = strings.NewReplacer("ß", "ss", "#", " id ", "№", " id ", "n°", " id ", "N°", " id ", "nº", " id ", "Nº", " id ", "%", " percent ",
		"Q.t", "quantit", "q.t", "quantit", "e-mail", "email", "E-Mail", "Email", "E-mail", "Email",
		"ł", "l", "Ł", "L", "ø", "o", "Ø", "O", "đ", "d", "Đ", "D", "æ", "ae", "œ", "oe").Replace(name)
	var runes []rune
	for _, r := range norm.NFD.String(name) {
		if !unicode.Is(unicode.Mn, r) {
			runes = append(runes, r)
		}
	}
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
		}
		word = nil
	}
	for i, r := range runes {
		if !unicode.IsLetter(r) {
			flush()
			continue
		}
		if i > 0 && unicode.IsUpper(r) && len(word) > 0 {
			lowerBefore := unicode.IsLower(runes[i-1])
			lowerAfter := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1]) && len(word) > 1
			if lowerBefore || lowerAfter {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return out
}

// fillers say nothing of what a column holds. The systems that exports come from
// are among them, and entity, which some of those call every record.
var fillers = set(`amazon ebay etsy shopify magento woocommerce prestashop entity
	am for service do da dos das em di dei delle della del degli van het een voor z dla na
	the of in on der die das den des dem de la le les du del el los und and et y a an to zu per l d dim fact tbl dataset csv usd eur gbp chf jpy cny inr brl cad aud english`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// vocabulary maps folded words of English, German, French and Spanish (and a
// little Portuguese and Italian) to the few that the rules know.
var vocabulary = func() map[string]string {
	m := map[string]string{}
	for means, spellings := range spellingsOf {
		for _, s := range strings.Fields(spellings) {
			m[s] = means
		}
	}
	return m
}()

// spellingsOf lists, for each meaning, the words that have it.
var spellingsOf = map[string]string{
	"id":             "id ids key no nr num number nummer numero code codigo kod ref reference uid uuid guid kennung schlussel cle clave identifier identifiant sk kennzeichen identificativo cod codice matricula nrm nro numer identyfikator kode",
	"order":          "bestel bestelling order ord ordered bestellt commandee pedida bestellung bestell bestellungs auftrag auftrags commande pedido orden ordine purchase purchased kauf basket cart ordini ordinazione pedidos ordenes commandes bestellungen zamowienie zamowienia zamowien zakup bestellingen ordrar ordre ordrer bestallning",
	"invoice":        "factuur invoice inv rechnung rechnungs facture factura fattura fatture faturas facturas rechnungen facturen faktura faktury",
	"receipt":        "receipt beleg bon ticket recibo kassenbon quittung scontrino paragon kassabon rachunek kvitto kvittering",
	"transaction":    "transaction txn trans transaktion transaccion transazione transacao transactie transakcja transakcji",
	"customer":       "klant klanten customer cust kd client kunde kunden kund cliente user member buyer kaufer acheteur account shopper consumer besteller clienti klienta klientow acquirente comprador kopers koper nabywca nabywcy household kunder kunds subscriber patron guest",
	"product":        "product prod products article artikel articulo producto produit produkt prodotto produto material ware articoli prodotti articolo artigo artigos produtos produktu produkty towar towaru vara varor vare varer",
	"item":           "item",
	"sku":            "sku asin",
	"ean":            "ean upc gtin isbn barcode",
	"stock":          "stock",
	"line":           "regel line lines position pos zeile ligne linea posten seq sequence riga righe linha pozycja pozycji rij renglon rad orderrad linje",
	"line item":      "lineitem",
	"quantity":       "aantal quantity qty quant menge anzahl stuckzahl stueckzahl stuck stueck quantite qte cantidad cant units pieces pcs quantidade quantita volume qtde qtd qta ilosc sztuk pezzi stuks unidades hoeveelheid aantallen antal maengde mangd styck",
	"unit":           "unit einzel unitaire unitario each unitaria jednostkowa jednostkowy eenheid",
	"price":          "prijs price preis prix precio preco prezzo verkaufspreis vk precos prezzi cena ceny verkoopprijs pris priser",
	"unit price":     "stuksprijs eenheidsprijs stuckpreis stueckpreis pu enhetspris styckpris stykpris",
	"list price":     "listenpreis msrp rrp uvp listino catalogusprijs adviesprijs pvp",
	"cost":           "cost costs kosten einkauf einkaufspreis einkaufs ek cout coste costo cogs wareneinsatz koszt inkoop inkoopprijs costi",
	"amount":         "bedrag amount amt betrag montant importe monto value wert summe valor wartosc kwota ammontare belopp belob",
	"total":          "total gesamt totale totals totaal razem suma",
	"sub total":      "subtotal",
	"net":            "net netto ht hors imponibile excl liquido",
	"gross":          "gross brutto ttc lordo bruto incl",
	"sales":          "verkoop selling sell vendita vendite omzet sales sale sold umsatz revenue erlos vente ventas venta turnover vendido venda vendas ventes verkopen sprzedaz sprzedazy salg forsaljning",
	"discount":       "korting discount discounts rabatt remise descuento nachlass disc rebate reduction markdown desconto sconto rabat descontos sconti kortingen znizka",
	"tax":            "btw tax taxes vat mwst ust steuer tva iva impuesto gst mehrwertsteuer taxe imposta imposto podatek moms",
	"tax rate":       "aliquota",
	"rate":           "rate satz taux tasa stawka",
	"percent":        "percent pct prozent pourcentage porcentaje percentage perc",
	"currency":       "currency wahrung waehrung devise moneda divisa ccy curr valuta moeda waluta munteenheid valutakod",
	"date":           "date data datum dt dat day tag jour fecha dia giorno dzien dato",
	"time":           "time zeit uhrzeit heure hora ora tijd godzina",
	"date time":      "timestamp datetime zeitpunkt zeitstempel ts",
	"at":             "at",
	"created":        "created creation create erstellt angelegt cree creado placed creazione criacao aangemaakt utworzono utworzenia add added",
	"updated":        "updated update modified modification changed change geandert geaendert modifie actualizado aktualisiert anderung aenderung lastmodified lastupdate aggiornamento aggiornato atualizado atualizacao bijgewerkt upd",
	"ship":           "ship shipping shipped shipment versand liefer lieferung delivery delivered deliver livraison envio entrega expedition dispatch spedizione verzending bezorging wysylka wysylki dostawa dostawy consegna",
	"bill":           "bill billing",
	"name":           "naam name nom nombre bezeichnung title titel titre titulo label libelle nome nazwa denominazione nomi ragione benamning betegnelse namn navn",
	"description":    "description descr desc beschreibung descripcion designation descrizione descricao omschrijving opis",
	"first name":     "voornaam vorname prenom fname forename firstname givenname imie fornamn fornavn",
	"last name":      "achternaam nachname surname apellido apellidos lname familienname lastname familyname cognome sobrenome nazwisko efternamn efternavn",
	"first":          "first given",
	"last":           "last family",
	"full":           "full complete",
	"email":          "email mail courriel correo",
	"phone":          "phone telephone telefon tel telefono mobile mobil handy cell fon telefone telefoon celular cellulare",
	"gender":         "gender sex geschlecht sexe sexo genero genere plec geslacht",
	"birth":          "birth birthday born naissance nacimiento geburts geburt geburtstag nascita nascimento geboorte urodzenia geboortedatum",
	"birth date":     "dob birthdate geburtsdatum",
	"address":        "adres address addr adresse direccion street strasse rue calle anschrift indirizzo endereco straat ulica adresu",
	"city":           "woonplaats plaats city stadt ort ville ciudad town wohnort cidade citta comune municipio miasto localidad postort",
	"state":          "state province bundesland provincia county estado kanton uf provincie wojewodztwo",
	"region":         "region",
	"postal":         "zip postal plz postleitzahl cp cap cep",
	"postal id":      "zipcode postcode codepostal postalcode",
	"country":        "country land pays pais nation paese nazione kraj kraju landen lande",
	"segment":        "segment tier loyalty kundengruppe kundentyp",
	"signup":         "signup registered registration register joined join since seit registriert inscription alta anmelde anmeldung enrolled enrollment registrazione iscrizione cadastro registratie rejestracji registro inscricao",
	"category":       "productgroep category cat categorie kategorie warengruppe categoria produktgruppe artikelgruppe famille rubrique kategoria kategorii categorieen categorias reparto varugrupp varegruppe",
	"department":     "department dept abteilung rayon departamento",
	"sub category":   "subcategory unterkategorie subkategorie souscategorie subcategoria untergruppe unterwarengruppe subcat sottocategoria podkategoria",
	"sub":            "sub sous unter",
	"brand":          "brand marke marque marca manufacturer hersteller fabricant vendor maker fabricante marka merk marchio varumarke",
	"status":         "status statut zustand stand situation stato situacao toestand stan",
	"type":           "type typ tipo kind art vorgang",
	"channel":        "channel kanal vertriebsweg vertriebskanal canal absatzkanal canale kanaal",
	"payment":        "payment pay zahlung zahl zahlungs paiement pago pagamento paid bezahl reglement pagamenti betaling betaal platnosc platnosci betalning",
	"payment method": "zahlungsart zahlart zahlungsmethode zahlweise bezahlart betaalmethode betaalwijze",
	"method":         "method methode mode metodo moyen forma metoda sposob modalita",
	"return":         "return returned returns retoure retour retouren ruckgabe rucksendung rueckgabe ruecksendung refund refunded refunds devolucion devoluciones remboursement rma retournee retourne retournees retourniert zuruckgegeben devuelto devuelta devueltas reso resi rimborso rimborsi devolucao devolucoes retourzending zwrot zwroty zwrotu terugbetaling retur returer",
	"original":       "original parent related initial ursprung ursprungs",
	"store":          "store shop filiale filial branch laden magasin tienda outlet loja negozio sklep winkel magasins tiendas lojas",
	"territory":      "territory",
	"card":           "card karte carte tarjeta tessera kaart karta kort kundenkarte",
	"promotion":      "promotion promo promotional coupon voucher gutschein",
	"document":       "document documento dokument doc",
	"group":          "group gruppe groupe grupo gruppo groep grupa",
	"list":           "list retail regular standard base recommended",
	"detail":         "detail details",
	"inventory":      "inventory lager bestand",
	"unique":         "unique",
}

// known are the words of the vocabulary's meanings.
var known = func() map[string]bool {
	m := map[string]bool{}
	for _, means := range vocabulary {
		for _, w := range strings.Fields(means) {
			m[w] = true
		}
	}
	return m
}()

// match says how well a name says what a pattern says: 0 where a word of the
// pattern is missing, less than the weight for each word that neither the
// pattern nor the context explains.
func match(name []string, pattern string, neutral map[string]bool) float64 {
	wanted := strings.Fields(pattern)
	for _, w := range wanted {
		if !slices.Contains(name, w) {
			return 0
		}
	}
	score := 1.0
	for _, w := range name {
		switch {
		case slices.Contains(wanted, w):
		case neutral[w]:
			score *= 0.97
		default:
			score *= 0.54
		}
	}
	return score
}
