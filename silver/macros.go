package silver

import "github.com/smeltdata/smelt/pipeline/sql"

// Macros returns the cleansing rules as SQL, each after those that it calls. They
// stand beside the Go that they mean.
func Macros() []*sql.Macro {
	return []*sql.Macro{
		cleanTextSQL, lowerCaseSQL, spellingKeySQL, emailSQL, onlyDigitsSQL, phoneSQL,
		withoutMarksSQL(), countryKeySQL, localDateSQL, nonNegativeSQL,
	}
}

// A product's cost or price below 0 says nothing: dim_products.
var nonNegativeSQL = &sql.Macro{
	Name: "non_negative",
	Doc:  "A number that cannot be negative, NULL where it is.",
	Args: []string{"value"},
	Body: `case when {{ value }} >= 0 then {{ value }} end`,
}
