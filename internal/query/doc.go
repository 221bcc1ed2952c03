// Package query is the small typed language of smelt show --where: a condition
// on the columns of one table.
//
//	condition = condition OR condition | condition AND condition
//	          | NOT condition | ( condition ) | test
//	test      = column (= | != | <> | < | <= | > | >=) literal
//	          | column IS [NOT] NULL
//	          | column [NOT] LIKE 'text'          % any characters, _ one
//	          | column [NOT] IN (literal, …)
//	          | column                            of a bool column
//	literal   = 'text' | number | TRUE | FALSE
//
// NOT binds tighter than AND, AND tighter than OR. Keywords may be written in
// any case, and so may columns where that is unambiguous; "double quotes"
// around a column take it literally. A quote in a text is doubled.
//
// Texts compare byte by byte. Numbers and decimals compare exactly, whatever
// their number of digits. Dates and timestamps are compared with ISO texts:
// '2024-01-31', '2024-01-31 10:00', '2024-01-31T10:00:00.5+01:00'; without an
// offset a time is in UTC, and a date stands for its midnight.
//
// Logic is three-valued, as SQL's: a test of a NULL is neither true nor false,
// nor is its NOT, and only rows for which the whole condition is true pass. As
// nothing equals NULL, the literal NULL stands only in IS [NOT] NULL.
package query
