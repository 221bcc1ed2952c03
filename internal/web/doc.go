// Package web is what pages have in common, whatever they show: a file that is
// written whole, the same file from a server, and a server that only this machine
// reaches unless it is told otherwise, that only reads, and that answers nobody else's
// pages.
package web
