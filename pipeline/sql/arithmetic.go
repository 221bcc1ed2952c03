package sql

// Arithmetic returns the macros of exact arithmetic. Neither engine's own division
// will do: DuckDB divides decimals as doubles, and Spark rounds twice.
func Arithmetic() []*Macro {
	return []*Macro{millionths, doubled, quotient}
}

// Whole numbers have 38 digits: hugeint, and in Spark decimal(38, 0).
var millionths = &Macro{
	Name:   "millionths",
	Doc:    "A number of at most 6 decimals × 1,000,000: a whole number of 38 digits.",
	Args:   []string{"value"},
	DuckDB: `cast(cast({{ value }} as decimal(38, 6)) * 1000000 as hugeint)`,
	Spark:  `cast(cast({{ value }} as decimal(38, 6)) * 1000000 as decimal(38, 0))`,
}

var doubled = &Macro{
	Name:   "doubled",
	Doc:    "What quotient divides by 2 × b: twice a × 10^digits, and b on top so that halves round away from zero.",
	Args:   []string{"a", "b", "digits"},
	DuckDB: `(2 * {{ millionths(a) }} * cast(1e{{ digits }} as hugeint) + {{ millionths(b) }} * case when ({{ a }} < 0) = ({{ b }} < 0) then 1 else -1 end)`,
	Spark:  `(2 * {{ millionths(a) }} * cast(1e{{ digits }} as decimal(38, 0)) + {{ millionths(b) }} * case when ({{ a }} < 0) = ({{ b }} < 0) then 1 else -1 end)`,
}

var quotient = &Macro{
	Name: "quotient",
	Doc: "a / b, exact and rounded once, half away from zero: decimal(18, digits). NULL where b is 0, where a or b is, " +
		"and where the type does not hold it. a and b have at most 24 digits before the point and 6 behind it; digits is at most 6.",
	Args: []string{"a", "b", "digits"},
	DuckDB: `cast(
    try_cast({{ doubled(a, b, digits) }} // nullif(2 * {{ millionths(b) }}, 0) as decimal(18, 0))
    * cast(1e-{{ digits }} as decimal(18, {{ digits }})) as decimal(18, {{ digits }}))`,
	// Without the remainder the division is exact; div would give a bigint, wrapped.
	Spark: `cast(
    try_cast(try_divide(
        {{ doubled(a, b, digits) }} - {{ doubled(a, b, digits) }} % nullif(2 * {{ millionths(b) }}, 0),
        2 * {{ millionths(b) }}) as decimal(18, 0))
    * cast(1e-{{ digits }} as decimal(18, {{ digits }})) as decimal(18, {{ digits }}))`,
}
