// Package bronze holds the raw tables: a shop's records as they are, typed and
// renamed, one record in and one row out. It also holds the Mapping that says
// how any shop's files become those tables, which smelt.yml is the text of.
package bronze
