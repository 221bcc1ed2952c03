package synth

// shelf is one subcategory of the catalogue.
type shelf struct {
	category, subcategory string
	items                 []string
	low, high             int // prices, in whole dollars
	share                 int // of the products
}

// shelves is the catalogue. An item may hold what CSV must quote.
var shelves = []shelf{
	{"Electronics", "Audio", []string{"Headphones", "Earbuds", "Bluetooth Speaker", "Soundbar", "Turntable"}, 15, 399, 5},
	{"Electronics", "Computers", []string{`13" Laptop`, `15" Laptop`, "Mini PC", `27" Monitor`, "Mechanical Keyboard", "Wireless Mouse"}, 19, 2399, 5},
	{"Electronics", "Cameras", []string{"Action Camera", "Instant Camera", "50mm Lens", "Tripod"}, 29, 1899, 3},
	{"Electronics", "Accessories", []string{"USB-C Cable, 2 m", "Power Bank", "Phone Case", "Charger", "Screen Protector"}, 4, 69, 6},
	{"Home & Garden", "Kitchen", []string{"Cast Iron Pan", "Chef's Knife", "Espresso Maker", "Mixing Bowls, set of 3", `10" Skillet`, "Kettle"}, 9, 249, 7},
	{"Home & Garden", "Furniture", []string{"Bookcase", "Desk", "Office Chair", "Coffee Table", "Sofa, three seats"}, 49, 1499, 3},
	{"Home & Garden", "Garden", []string{"Hose, 25 m", "Pruning Shears", "Planter", "Lawn Mower", "Bird Feeder"}, 6, 599, 4},
	{"Home & Garden", "Bedding", []string{"Duvet Cover", "Pillow", "Linen Sheets, double", "Wool Blanket"}, 14, 229, 4},
	{"Clothing", "Women", []string{"Dress", "Blouse", "Wool Coat", "Jeans", "Cardigan"}, 14, 289, 8},
	{"Clothing", "Men", []string{"Shirt", "Chinos", "Hoodie", "Rain Jacket", "Polo"}, 12, 259, 8},
	{"Clothing", "Shoes", []string{"Sneakers", "Hiking Boots", "Loafers", "Sandals"}, 24, 229, 6},
	{"Sports & Outdoors", "Camping", []string{"Tent, 2 persons", "Sleeping Bag", "Camp Stove", "Headlamp"}, 12, 549, 4},
	{"Sports & Outdoors", "Cycling", []string{"Helmet", `29" Tyre`, "Bike Light", "Gravel Bike", "Bottle Cage"}, 7, 2199, 4},
	{"Sports & Outdoors", "Fitness", []string{"Yoga Mat", "Kettlebell, 16 kg", "Resistance Bands", "Jump Rope"}, 6, 129, 5},
	{"Beauty", "Skin Care", []string{"Face Cream", "Sunscreen SPF 50", "Cleanser", "Sérum"}, 5, 89, 6},
	{"Beauty", "Hair", []string{"Shampoo", "Conditioner", "Hair Dryer", "Brush"}, 4, 149, 4},
	{"Toys", "Games", []string{"Board Game", "Puzzle, 1,000 pieces", "Card Game", "Chess Set"}, 7, 99, 5},
	{"Toys", "Building", []string{"Brick Set", "Marble Run", "Train Set, wooden"}, 12, 249, 4},
	{"Books", "Fiction", []string{"Novel", "Short Stories", "Crime Novel", "Poems"}, 5, 29, 5},
	{"Books", "Non-Fiction", []string{"Cookbook", "Atlas", "Biography", "Field Guide"}, 9, 59, 4},
}

var brands = []string{"Aurora", "Northwind", "Lumen", "Café Soleil", "Kestrel", "Brindle & Co", "Ostara", "Volta", "Fjällräv", "Maple Row", "Zephyr", "Halcyon", "Piñon", "Redwood", "Ember", "Tidewater"}

var styles = []string{"Classic", "Pro", "Trail", "Mini", "Plus", "Studio", "Everyday", "Heritage", "Lite", "Max", "Urban", "Eco"}

var colours = []string{"Black", "White", "Blue", "Forest Green", "Red", "Sand", "Grey", "Coral"}
