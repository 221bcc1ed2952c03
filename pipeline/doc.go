// Package pipeline defines what every part of smelt is made of: a Table with
// its columns declared once, a Stream of Arrow record batches, a Stage that
// turns one stream into another, a Source that is read, a Sink that is
// written, and the errors and exact decimal arithmetic that all of them share.
//
// The package knows no shop and no table of one: the layers bronze, silver and
// gold declare their tables with it, and the formats under io implement its
// Source and Sink.
//
// # Ownership
//
// A record batch is lent: it is valid until the next step of the iteration.
// Who keeps it longer, or hands it to another goroutine, retains it and
// releases it. Breaking out of a loop over a Stream stops everything behind it.
package pipeline
