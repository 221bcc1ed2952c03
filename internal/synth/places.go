package synth

// country is one that the shop sells to.
type country struct {
	name, code string
	spellings  []string // how else people write it
	share      int      // of the customers, in thousandths
	tax        int      // sales tax added on top, in thousandths; 0 = prices include it
	phone      string   // calling code
	language   int      // of most people's names
	places     []place
}

// place is a city.
type place struct {
	state, city string
	postal      string // # is a digit, @ a letter
}

// countries lists the markets, the largest first. States are written as their
// people do in addresses: by code in English-speaking federations, else by name.
var countries = []country{
	{"United States", "US", []string{"USA", "U.S.", "U.S.A.", "United States", "united states", "UNITED STATES", "United States of America", "usa", "us"}, 440, 70, "1", english, []place{
		{"CA", "Los Angeles", "900##"}, {"CA", "San Francisco", "941##"}, {"CA", "San Diego", "921##"}, {"NY", "New York", "100##"}, {"NY", "Buffalo", "142##"},
		{"TX", "Houston", "770##"}, {"TX", "Austin", "787##"}, {"TX", "Dallas", "752##"}, {"FL", "Miami", "331##"}, {"FL", "Tampa", "336##"}, {"IL", "Chicago", "606##"},
		{"PA", "Philadelphia", "191##"}, {"PA", "Pittsburgh", "152##"}, {"OH", "Columbus", "432##"}, {"GA", "Atlanta", "303##"}, {"NC", "Charlotte", "282##"},
		{"MI", "Detroit", "482##"}, {"NJ", "Newark", "071##"}, {"VA", "Richmond", "232##"}, {"WA", "Seattle", "981##"}, {"AZ", "Phoenix", "850##"},
		{"MA", "Boston", "021##"}, {"TN", "Nashville", "372##"}, {"CO", "Denver", "802##"}, {"OR", "Portland", "972##"}, {"MN", "St. Paul", "551##"},
		{"MO", "Kansas City", "641##"}, {"WI", "Milwaukee", "532##"}, {"NM", "Española", "875##"}, {"UT", "Salt Lake City", "841##"}, {"LA", "New Orleans", "701##"}}},
	{"United Kingdom", "GB", []string{"UK", "U.K.", "Great Britain", "United Kingdom", "united kingdom", "GBR", "England", "uk"}, 130, 0, "44", english, []place{
		{"England", "London", "SW#A #@@"}, {"England", "Manchester", "M## #@@"}, {"England", "Birmingham", "B## #@@"}, {"England", "Leeds", "LS# #@@"}, {"England", "Newcastle upon Tyne", "NE# #@@"},
		{"Scotland", "Edinburgh", "EH# #@@"}, {"Scotland", "Glasgow", "G## #@@"}, {"Wales", "Cardiff", "CF## #@@"}, {"Northern Ireland", "Belfast", "BT# #@@"}}},
	{"Germany", "DE", []string{"Deutschland", "Germany", "germany", "GERMANY", "DEU", "deutschland"}, 100, 0, "49", german, []place{
		{"Berlin", "Berlin", "10###"}, {"Hamburg", "Hamburg", "20###"}, {"Bayern", "München", "80###"}, {"Bayern", "Nürnberg", "90###"}, {"Hessen", "Frankfurt am Main", "60###"},
		{"Nordrhein-Westfalen", "Köln", "50###"}, {"Nordrhein-Westfalen", "Düsseldorf", "40###"}, {"Baden-Württemberg", "Stuttgart", "70###"}, {"Sachsen", "Leipzig", "04###"}, {"Niedersachsen", "Göttingen", "37###"}}},
	{"Canada", "CA", []string{"Canada", "CANADA", "canada", "CAN"}, 80, 130, "1", english, []place{
		{"ON", "Toronto", "M#@ #@#"}, {"ON", "Ottawa", "K#@ #@#"}, {"QC", "Montréal", "H#@ #@#"}, {"QC", "Québec", "G#@ #@#"}, {"BC", "Vancouver", "V#@ #@#"}, {"AB", "Calgary", "T#@ #@#"}, {"NS", "Halifax", "B#@ #@#"}}},
	{"France", "FR", []string{"France", "FRANCE", "france", "FRA"}, 65, 0, "33", french, []place{
		{"Île-de-France", "Paris", "750##"}, {"Auvergne-Rhône-Alpes", "Lyon", "690##"}, {"Provence-Alpes-Côte d'Azur", "Marseille", "130##"}, {"Occitanie", "Toulouse", "310##"},
		{"Nouvelle-Aquitaine", "Bordeaux", "330##"}, {"Bretagne", "Rennes", "350##"}, {"Grand Est", "Strasbourg", "670##"}}},
	{"Australia", "AU", []string{"Australia", "AUS", "AUSTRALIA", "australia"}, 50, 0, "61", english, []place{
		{"NSW", "Sydney", "20##"}, {"VIC", "Melbourne", "30##"}, {"QLD", "Brisbane", "40##"}, {"WA", "Perth", "60##"}, {"SA", "Adelaide", "50##"}, {"TAS", "Hobart", "70##"}}},
	{"Spain", "ES", []string{"España", "Spain", "spain", "ESP"}, 40, 0, "34", spanish, []place{
		{"Madrid", "Madrid", "280##"}, {"Cataluña", "Barcelona", "080##"}, {"Andalucía", "Sevilla", "410##"}, {"Andalucía", "Málaga", "290##"}, {"País Vasco", "Bilbao", "480##"}}},
	{"Italy", "IT", []string{"Italia", "Italy", "ITALY", "ITA"}, 30, 0, "39", italian, []place{
		{"Lazio", "Roma", "001##"}, {"Lombardia", "Milano", "201##"}, {"Piemonte", "Torino", "101##"}, {"Campania", "Napoli", "801##"}, {"Toscana", "Firenze", "501##"}}},
	{"Netherlands", "NL", []string{"Nederland", "Netherlands", "The Netherlands", "Holland", "NLD"}, 25, 0, "31", dutch, []place{
		{"Noord-Holland", "Amsterdam", "10## @@"}, {"Zuid-Holland", "Rotterdam", "30## @@"}, {"Zuid-Holland", "'s-Gravenhage", "25## @@"}, {"Utrecht", "Utrecht", "35## @@"}}},
	{"Sweden", "SE", []string{"Sverige", "Sweden", "SWEDEN", "SWE"}, 15, 0, "46", swedish, []place{
		{"Stockholm", "Stockholm", "11# ##"}, {"Västra Götaland", "Göteborg", "41# ##"}, {"Skåne", "Malmö", "21# ##"}}},
	{"Brazil", "BR", []string{"Brasil", "Brazil", "BRAZIL", "BRA"}, 15, 0, "55", portuguese, []place{
		{"SP", "São Paulo", "01###-###"}, {"RJ", "Rio de Janeiro", "20###-###"}, {"DF", "Brasília", "70###-###"}, {"PE", "Recife", "50###-###"}}},
	{"Ireland", "IE", []string{"Ireland", "IRELAND", "Eire", "EIRE", "IRL"}, 10, 0, "353", english, []place{
		{"Leinster", "Dublin", "D## @#@#"}, {"Munster", "Cork", "T## @#@#"}, {"Connacht", "Galway", "H## @#@#"}}},
}

// Languages of names.
const (
	english = iota
	german
	french
	spanish
	italian
	dutch
	swedish
	portuguese
)

// names holds female, male and family names of each language.
var names = [...]struct{ female, male, family []string }{
	english: {
		[]string{"Mary", "Emma", "Olivia", "Grace", "Chloe", "Zoë", "Hannah", "Sophie", "Ella", "Megan", "Renée", "Abigail"},
		[]string{"James", "Oliver", "Jack", "William", "Noah", "Liam", "Ethan", "Henry", "George", "Samuel", "Daniel", "Owen"},
		[]string{"Smith", "Johnson", "Brown", "Taylor", "O'Brien", "Wilson", "Clark", "Walker", "Hughes", "MacDonald", "Hall", "Evans", "Reid", "Nguyen", "Garcia", "Patel"}},
	german: {
		[]string{"Anna", "Lena", "Käthe", "Jördis", "Sofia", "Greta", "Ida", "Mathilda"},
		[]string{"Jürgen", "Lukas", "Felix", "Jörg", "Max", "Günther", "Emil", "Björn"},
		[]string{"Müller", "Schmidt", "Schäfer", "Weiß", "Köhler", "Fischer", "Großmann", "Wagner", "Krüger", "Vogel"}},
	french: {
		[]string{"Chloé", "Léa", "Amélie", "Inès", "Camille", "Zoé", "Hélène", "Maëlys"},
		[]string{"Jérôme", "François", "Loïc", "Hugo", "Étienne", "Théo", "Noël", "Rémi"},
		[]string{"Lefèvre", "Dupont", "Moreau", "Beaulieu", "Gaudin", "Bernard", "Hébert", "Noël", "Garçon", "Roux"}},
	spanish: {
		[]string{"Lucía", "María", "Sofía", "Begoña", "Carmen", "Inés", "Noemí"},
		[]string{"José", "Andrés", "Íñigo", "Martín", "Álvaro", "Raúl", "Ángel"},
		[]string{"García", "Muñoz", "Núñez", "Martínez", "Ibáñez", "López", "Peña", "Sánchez"}},
	italian: {
		[]string{"Giulia", "Chiara", "Noemi", "Francesca", "Elena", "Martina"},
		[]string{"Luca", "Niccolò", "Matteo", "Giosuè", "Marco", "Alessandro"},
		[]string{"Rossi", "Russo", "D'Angelo", "Esposito", "Bianchi", "Nicolò", "Conti"}},
	dutch: {
		[]string{"Fleur", "Sanne", "Noëlle", "Lotte", "Eva", "Anouk"},
		[]string{"Daan", "Sem", "Joost", "René", "Pieter", "Mees"},
		[]string{"de Jong", "van den Berg", "Bakker", "van Dijk", "Jansen", "Visser", "'t Hooft"}},
	swedish: {
		[]string{"Åsa", "Elsa", "Märta", "Linnéa", "Astrid"},
		[]string{"Göran", "Åke", "Lars", "Sören", "Nils"},
		[]string{"Åström", "Lindqvist", "Sjöberg", "Öberg", "Nilsson", "Bergström"}},
	portuguese: {
		[]string{"Conceição", "Júlia", "Beatriz", "Antônia", "Letícia"},
		[]string{"João", "Luís", "Caetano", "Antônio", "Thiago"},
		[]string{"Gonçalves", "Araújo", "Silva", "Conceição", "Magalhães", "Simões"}},
}

// streets of the addresses.
var streets = []string{"High Street", "Station Road", "Oak Avenue", "Mill Lane", "Church Street", "Park Road", "Sunset Boulevard", "Maple Drive", "Harbour View", "King's Way", "Elm Street", "Bridge Street"}
