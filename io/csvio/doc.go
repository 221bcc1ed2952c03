// Package csvio reads delimited text files as a pipeline.Source, straight into
// typed Arrow columns.
//
// # Records
//
// A line ends with LF, CRLF or CR, in any mixture. A field whose first byte is
// the quote goes to the closing quote, and may hold delimiters, line ends and
// doubled quotes; mend.go has the rules for quotes anywhere else. Blank lines,
// comments, the lines before the header and after the table, and records that
// repeat the header byte for byte are skipped and counted. Every other record has
// a number, from 1.
//
// # Rejects
//
// A record that has too many or too few fields, a NUL byte, bytes that are not
// of the file's encoding, quotes that leave no way to read it or more than one, or
// that is longer than 16 MiB, is rejected. A record that holds the header's names
// but is written in another way begins another table: it and all that follow are
// rejected. Where its fields cannot be told apart it
// damages the line that it begins on, and nothing else: that line is the reject,
// and reading goes on at the next line. So an opening quote that nothing closes
// costs one line, not the rest of the file.
//
// # Segments
//
// Split cuts a plain file at record boundaries. It reads the file in pieces, in
// parallel, each from a guessed boundary on; a piece counts only where the piece
// before it, read by the exact rules, ends at that very boundary, and is read
// again from the true one otherwise. So the segments together are always what
// reading from the first byte to the last gives. Compressed and UTF-16 files are
// one segment.
//
// Offsets of rejects are in the decompressed file; in a UTF-16 file they, and the
// bytes of a reject, are those of its text in UTF-8.
package csvio
