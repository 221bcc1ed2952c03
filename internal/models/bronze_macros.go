package models

import (
	"fmt"
	"strings"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// bronzeMacros read files' texts as numbers, days and times, as pipeline.Parser does:
// a text that is none gives NULL, never an error. Arguments hold no backslashes, which
// Jinja would take for its own.
func bronzeMacros() []*sql.Macro {
	return []*sql.Macro{
		windows1252, parquetText, trimmed, given, wholeID, withoutCurrency, numberBy, moneyBy,
		plainNumber, decimalMacro("to_price", 18, 4), decimalMacro("to_rate", 9, 6), toBigint, toInt,
		isoText, isoDate, isoClock, clockBy, offsetClockBy, offsetText, utcOffset,
		zoneOffset, earlierMoment, laterMoment, utcMoment, moment,
		naturalOrder,
	}
}

// Spark has no windows-1252, and its iso-8859-1 has control characters where that has
// letters. DuckDB's latin-1 refuses these.
var windows1252 = &sql.Macro{
	Name:   "windows_1252",
	Doc:    "A text of a file in windows-1252 that was read as iso-8859-1.",
	Args:   []string{"value"},
	DuckDB: `{{ value }}`,
	Spark: `translate(
    {{ value }},
    '\u0080\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008e\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009e\u009f',
    '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ')`,
}

var parquetText = &sql.Macro{
	Name:   "parquet_text",
	Doc:    "A value of a Parquet file as a csv file would have it: of a float its plain digits, 17850 and 19.99.",
	Args:   []string{"value"},
	DuckDB: `case when typeof({{ value }}) in ('FLOAT', 'DOUBLE') then regexp_replace(cast({{ value }} as string), '[.]0$', '') else cast({{ value }} as string) end`,
	Spark: `case
    when typeof({{ value }}) in ('float', 'double') then coalesce(regexp_replace(cast(try_cast({{ value }} as decimal(38, 12)) as string), '[.]?0+$', ''), cast({{ value }} as string))
    else cast({{ value }} as string)
end`,
}

var trimmed = &sql.Macro{
	Name:   "trimmed",
	Doc:    "A text without the white space around it, no-break spaces included.",
	Args:   []string{"value"},
	DuckDB: `regexp_replace({{ value }}, '^[\s\x{0B}\x{85}\pZ]+|[\s\x{0B}\x{85}\pZ]+$', '', 'g')`,
	Spark:  `regexp_replace({{ value }}, r'^[\s\x{85}\p{Z}]+|[\s\x{85}\p{Z}]+$', '')`,
}

var given = &sql.Macro{
	Name: "given",
	Doc:  "A text as it stands, NULL where it is blank.",
	Args: []string{"value"},
	Body: `case when {{ trimmed(value) }} <> '' then {{ value }} end`,
}

var wholeID = &sql.Macro{
	Name:   "whole_id",
	Doc:    "An id without a zero fraction: 17850.0 is 17850. Other texts stay as they are; point is the regular expression of what separates the fraction.",
	Args:   []string{"value", "point"},
	DuckDB: `case when regexp_full_match({{ trimmed(value) }}, '-?[0-9]+{{ point }}0*') then regexp_extract({{ trimmed(value) }}, '^-?[0-9]+', 0) else {{ value }} end`,
	Spark:  `case when {{ trimmed(value) }} rlike '^-?[0-9]+{{ point }}0*$' then regexp_extract({{ trimmed(value) }}, '^-?[0-9]+', 0) else {{ value }} end`,
}

// A sign or a code beside a number, as pipeline.CutCurrency knows them: before it
// letters may belong to a sign, US$.
const (
	currency     = `(?:\p{Sc}|[A-Z]{3}|(?i:zł|kr[.]?|Kč|Ft|lei|Fr[.]))`
	currencySign = `(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3}|(?i:zł|kr[.]?|Kč|Ft|lei|Fr[.]))`
)

var withoutCurrency = &sql.Macro{
	Name: "without_currency",
	Doc:  "The text of an amount without a currency's sign or code before it, or else after it; signs and brackets of the number stay.",
	Args: []string{"value"},
	DuckDB: `regexp_replace(
    {{ trimmed(value) }},
    '^([(]?[\s\p{Z}]*[-+]?)[\s\p{Z}]*` + currencySign + `[\s\p{Z}]*([-+0-9.,(].*)$|^(.*[-0-9.,%])[\s\p{Z}]*` + currency + `([\s\p{Z}]*[)]?)$',
    '\1\2\3\4')`,
	Spark: `regexp_replace(
    {{ trimmed(value) }},
    r'^([(]?[\s\p{Z}]*[-+]?)[\s\p{Z}]*` + currencySign + `[\s\p{Z}]*([-+0-9.,(].*)$|^(.*[-0-9.,%])[\s\p{Z}]*` + currency + `([\s\p{Z}]*[)]?)$',
    '$1$2$3$4')`,
}

var numberBy = &sql.Macro{
	Name: "number_by",
	Doc:  "A number as the files write it, in plain notation: a minus sign, digits, a point; of a percentage its hundredth. NULL where the text does not have the shape, has no digit or two signs. point is what separates the fraction.",
	Args: []string{"value", "shape", "point"},
	DuckDB: `case when regexp_full_match({{ trimmed(value) }}, '{{ shape }}') and regexp_matches({{ value }}, '[0-9]') and not regexp_matches({{ value }}, '[-+].*-') then
    case when regexp_matches({{ value }}, '[-(]') then '-' else '' end
    || replace(regexp_replace({{ value }}, '[^0-9{{ point }}]', '', 'g'), '{{ point }}', '.')
    || case when contains({{ value }}, '%') then 'e-2' else '' end
end`,
	Spark: `case when {{ trimmed(value) }} rlike "^(?:{{ shape }})$" and {{ value }} rlike '[0-9]' and not {{ value }} rlike '[-+].*-' then
    case when {{ value }} rlike '[-(]' then '-' else '' end
    || replace(regexp_replace({{ value }}, "[^0-9{{ point }}]", ''), "{{ point }}", '.')
    || case when contains({{ value }}, '%') then 'e-2' else '' end
end`,
}

var moneyBy = &sql.Macro{
	Name: "money_by",
	Doc:  "An amount as number_by reads it, with or without a currency's sign or code before or after it.",
	Args: []string{"value", "shape", "point"},
	DuckDB: `case when regexp_full_match({{ without_currency(value) }}, '{{ shape }}') and regexp_matches({{ value }}, '[0-9]') and not regexp_matches({{ value }}, '[-+].*-') then
    case when regexp_matches({{ without_currency(value) }}, '[-(]') then '-' else '' end
    || replace(regexp_replace({{ without_currency(value) }}, '[^0-9{{ point }}]', '', 'g'), '{{ point }}', '.')
    || case when contains({{ value }}, '%') then 'e-2' else '' end
end`,
	Spark: `case when {{ without_currency(value) }} rlike "^(?:{{ shape }})$" and {{ value }} rlike '[0-9]' and not {{ value }} rlike '[-+].*-' then
    case when {{ without_currency(value) }} rlike '[-(]' then '-' else '' end
    || replace(regexp_replace({{ without_currency(value) }}, "[^0-9{{ point }}]", ''), "{{ point }}", '.')
    || case when contains({{ value }}, '%') then 'e-2' else '' end
end`,
}

// One decimal more than a type has decides how a number is rounded: further ones
// would be rounded twice.
var plainNumber = &sql.Macro{
	Name: "plain_number",
	Doc:  "A number of digits, a point and maybe an exponent, with as many decimals as the regular expression kept says: decimal(38, 19). NULL where the text is none.",
	Args: []string{"value", "kept"},
	DuckDB: `try_cast(case
    when regexp_full_match({{ trimmed(value) }}, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)') then regexp_extract({{ trimmed(value) }}, '^[-+]?[0-9]*[.]?{{ kept }}', 0)
    when regexp_full_match({{ trimmed(value) }}, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][-+]?[0-9]{1,3}') then {{ trimmed(value) }}
end as decimal(38, 19))`,
	Spark: `try_cast(case
    when {{ trimmed(value) }} rlike '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$' then regexp_extract({{ trimmed(value) }}, '^[-+]?[0-9]*[.]?{{ kept }}', 0)
    when {{ trimmed(value) }} rlike '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][-+]?[0-9]{1,3}$' then {{ trimmed(value) }}
end as decimal(38, 19))`,
}

func decimalMacro(name string, precision, scale int) *sql.Macro {
	return &sql.Macro{
		Name: name,
		Doc:  fmt.Sprintf("A number: decimal(%d, %d), rounded half away from zero. NULL where the text is none, or too large.", precision, scale),
		Args: []string{"value"},
		Body: fmt.Sprintf(`try_cast(round({{ plain_number(value, '[0-9]{0,%d}') }}, %d) as decimal(%d, %d))`, scale+1, scale, precision, scale),
	}
}

var toBigint = &sql.Macro{
	Name: "to_bigint",
	Doc:  "A whole number: bigint. A zero fraction is accepted; NULL where the text is something else.",
	Args: []string{"value"},
	DuckDB: `case
    when regexp_full_match({{ trimmed(value) }}, '[-+]?[0-9]+([.]0*)?') then try_cast(regexp_extract({{ trimmed(value) }}, '^[-+]?[0-9]+', 0) as bigint)
    when {{ plain_number(value, '[0-9]*') }} % 1 = 0 then try_cast({{ plain_number(value, '[0-9]*') }} as bigint)
end`,
	Spark: `case
    when {{ trimmed(value) }} rlike '^[-+]?[0-9]+([.]0*)?$' then try_cast(regexp_extract({{ trimmed(value) }}, '^[-+]?[0-9]+', 0) as bigint)
    when {{ plain_number(value, '[0-9]*') }} % 1 = 0 then try_cast({{ plain_number(value, '[0-9]*') }} as bigint)
end`,
}

var toInt = &sql.Macro{
	Name: "to_int",
	Doc:  "A whole number: int, as to_bigint reads it.",
	Args: []string{"value"},
	Body: `try_cast({{ to_bigint(value) }} as int)`,
}

const isoShape = `[0-9]{4}-[0-9]{2}-[0-9]{2}([ Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?([Zz]|[-+]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?`

var isoText = &sql.Macro{
	Name:   "iso_text",
	Doc:    "A day or a time as ISO 8601 writes it, 2017-06-30 or 2017-06-30T14:05:00+02:00, in upper case. NULL where the text is none.",
	Args:   []string{"value"},
	DuckDB: `case when regexp_full_match({{ trimmed(value) }}, '` + isoShape + `') and {{ trimmed(value) }} not like '0000%' then upper({{ trimmed(value) }}) end`,
	Spark:  `case when {{ trimmed(value) }} rlike '^` + isoShape + `$' and {{ trimmed(value) }} not like '0000%' then upper({{ trimmed(value) }}) end`,
}

var isoDate = &sql.Macro{
	Name:   "iso_date",
	Doc:    "A day in ISO 8601: date. NULL where the text is none, or has a time of day that is not midnight.",
	Args:   []string{"value"},
	DuckDB: `try_cast(case when regexp_full_match({{ iso_text(value) }}, '[0-9-]{10}([ T]00:00(:00([.]0+)?)?([-+Z].*)?)?') then left({{ iso_text(value) }}, 10) end as date)`,
	Spark:  `try_cast(case when {{ iso_text(value) }} rlike '^[0-9-]{10}([ T]00:00(:00([.]0+)?)?([-+Z].*)?)?$' then left({{ iso_text(value) }}, 10) end as date)`,
}

var isoClock = &sql.Macro{
	Name: "iso_clock",
	Doc:  "A day and time in ISO 8601 as they are written, whatever the offset: timestamp. A day alone is its midnight; digits after microseconds are rounded.",
	Args: []string{"value"},
	Body: `(
    try_cast(regexp_extract({{ iso_text(value) }}, '^[0-9-]{10}([ T][0-9:]{5,8}([.][0-9]{1,6})?)?', 0) as timestamp)
    + case when regexp_extract({{ iso_text(value) }}, '[.][0-9]{6}([0-9])', 1) >= '5' then interval 1 microsecond else interval 0 microsecond end
)`,
}

var clockBy = &sql.Macro{
	Name:   "clock_by",
	Doc:    "A day and time that are written by a pattern: timestamp. NULL where the text does not have the shape, or there is no such day.",
	Args:   []string{"value", "shape", "pattern"},
	DuckDB: `try_strptime(case when regexp_full_match({{ trimmed(value) }}, '{{ shape }}') then {{ trimmed(value) }} end, '{{ pattern }}')`,
	Spark:  `try_to_timestamp(case when {{ trimmed(value) }} rlike "^(?:{{ shape }})$" then {{ trimmed(value) }} end, "{{ pattern }}")`,
}

var offsetClockBy = &sql.Macro{
	Name:   "offset_clock_by",
	Doc:    "A day and time as clock_by reads them, from a text with an offset at its end, which the pattern leaves out.",
	Args:   []string{"value", "shape", "pattern"},
	DuckDB: `try_strptime(case when regexp_full_match({{ trimmed(value) }}, '{{ shape }}') then regexp_replace({{ trimmed(value) }}, ' ?([Zz]|[-+][0-9:]{2,5})$', '') end, '{{ pattern }}')`,
	Spark:  `try_to_timestamp(case when {{ trimmed(value) }} rlike "^(?:{{ shape }})$" then regexp_replace({{ trimmed(value) }}, ' ?([Zz]|[-+][0-9:]{2,5})$', '') end, "{{ pattern }}")`,
}

var offsetText = &sql.Macro{
	Name: "offset_text",
	Doc:  "The offset after a time of day, Z or +02:00; empty where there is none.",
	Args: []string{"value"},
	Body: `regexp_extract(upper({{ trimmed(value) }}), ':[0-9]{1,2}(?:[.][0-9]+)? ?(Z|[-+][0-9:]{2,5})$', 1)`,
}

// offsetMinutes has @ where DuckDB must be told to replace all matches.
const offsetMinutes = `case when {{ offset_text(value) }} like '-%' then -1 else 1 end * (
        60 * cast(substr(rpad(regexp_replace({{ offset_text(value) }}, '[^0-9]', ''@), 4, '0'), 1, 2) as int)
        + cast(substr(rpad(regexp_replace({{ offset_text(value) }}, '[^0-9]', ''@), 4, '0'), 3, 2) as int)
    )`

var utcOffset = &sql.Macro{
	Name:   "utc_offset",
	Doc:    "How far east of UTC a time says that it is: interval. NULL where it does not say.",
	Args:   []string{"value"},
	DuckDB: `case when {{ offset_text(value) }} <> '' then interval 1 minute * (` + strings.ReplaceAll(offsetMinutes, "@", ", 'g'") + `) end`,
	Spark:  `case when {{ offset_text(value) }} <> '' then make_dt_interval(0, 0, ` + strings.ReplaceAll(offsetMinutes, "@", "") + `, 0) end`,
}

// The clocks of a zone are asked a day before and a day after: that decides which of
// two instants a time is, or where one goes that was skipped.
var zoneOffset = &sql.Macro{
	Name:   "zone_offset",
	Doc:    "How far a zone's clocks are ahead of UTC, some days from a time that is taken for UTC's: interval.",
	Args:   []string{"clock", "zone", "days"},
	DuckDB: `(timezone({{ zone }}, timezone('UTC', {{ clock }} + interval '{{ days }} days')) - ({{ clock }} + interval '{{ days }} days'))`,
	Spark:  `(from_utc_timestamp({{ clock }} + interval '{{ days }}' day, {{ zone }}) - ({{ clock }} + interval '{{ days }}' day))`,
}

var earlierMoment = &sql.Macro{
	Name: "earlier_moment",
	Doc:  "UTC's clock when a zone's shows a time, by the zone's offset of the day before.",
	Args: []string{"clock", "zone"},
	Body: `({{ clock }} - {{ zone_offset(clock, zone, '-1') }})`,
}

var laterMoment = &sql.Macro{
	Name: "later_moment",
	Doc:  "UTC's clock when a zone's shows a time, by the zone's offset of the day after.",
	Args: []string{"clock", "zone"},
	Body: `({{ clock }} - {{ zone_offset(clock, zone, '1') }})`,
}

var utcMoment = &sql.Macro{
	Name:   "utc_moment",
	Doc:    "The instant when UTC's clock shows a time: timestamp with time zone.",
	Args:   []string{"clock"},
	DuckDB: `timezone('UTC', {{ clock }})`,
	Spark:  `{{ clock }}`,
}

var moment = &sql.Macro{
	Name: "moment",
	Doc:  "The instant when a zone's clocks show a time: timestamp with time zone. Of two instants the earlier one; a time that was skipped moves forward by what was skipped.",
	Args: []string{"clock", "zone"},
	DuckDB: `timezone('UTC', case
    when timezone({{ zone }}, timezone('UTC', {{ earlier_moment(clock, zone) }})) <> {{ clock }}
        and timezone({{ zone }}, timezone('UTC', {{ later_moment(clock, zone) }})) = {{ clock }}
        then {{ later_moment(clock, zone) }}
    else {{ earlier_moment(clock, zone) }}
end)`,
	Spark: `case
    when from_utc_timestamp({{ earlier_moment(clock, zone) }}, {{ zone }}) <> {{ clock }}
        and from_utc_timestamp({{ later_moment(clock, zone) }}, {{ zone }}) = {{ clock }}
        then {{ later_moment(clock, zone) }}
    else {{ earlier_moment(clock, zone) }}
end`,
}

// Of names that differ in leading zeros only, the shorter one comes first.
var naturalOrder = &sql.Macro{
	Name:   "natural_order",
	Doc:    "What sorts files as a person would, sales_9 before sales_10: every number with 20 digits.",
	Args:   []string{"file"},
	DuckDB: `regexp_replace(regexp_replace({{ file }}, '([0-9]+)', '00000000000000000000\1', 'g'), '[0-9]*([0-9]{20})', '\1', 'g') || ' ' || lpad(cast(length({{ file }}) as string), 6, '0')`,
	Spark:  `regexp_replace(regexp_replace({{ file }}, '([0-9]+)', '00000000000000000000$1'), '[0-9]*([0-9]{20})', '$1') || ' ' || lpad(cast(length({{ file }}) as string), 6, '0')`,
}
