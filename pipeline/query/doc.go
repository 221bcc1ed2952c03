// Package query is the small typed language of conditions on the rows of one
// table: of smelt show --where and of checks.
//
//	condition = condition OR condition | condition AND condition
//	          | NOT condition | ( condition ) | test
//	test      = operand (= | != | <> | < | <= | > | >=) operand
//	          | operand [NOT] BETWEEN operand AND operand    both included
//	          | column IS [NOT] NULL
//	          | column [NOT] LIKE 'text'          % any characters, _ one
//	          | column [NOT] IN (literal, …)
//	          | column                            of a bool column
//	operand   = column | literal | - operand | ( operand )
//	          | operand (+ | - | *) operand       of numbers
//	literal   = 'text' | number | TRUE | FALSE
//
// A literal that is no number stands on the right, beside a column.
//
// NOT binds tighter than AND, AND tighter than OR. Keywords may be written in
// any case, and so may columns where that is unambiguous; "double quotes"
// around a column take it literally. A quote in a text is doubled.
//
// Texts compare byte by byte. Numbers and decimals are computed and compared
// exactly, whatever their number of digits. Dates and timestamps are compared with ISO texts:
// '2024-01-31', '2024-01-31 10:00', '2024-01-31T10:00:00.5+01:00'; without an
// offset a time is in UTC, and a date stands for its midnight.
//
// Logic is three-valued, as SQL's: a test of a NULL is neither true nor false,
// nor is its NOT, and only rows for which the whole condition is true pass. As
// nothing equals NULL, the literal NULL stands only in IS [NOT] NULL.
package query
