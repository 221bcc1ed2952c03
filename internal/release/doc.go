// Package release holds no code: its tests look at what smelt is shipped and run with,
// the binary, the Dockerfile, goreleaser's configuration and the examples of docs/deploy,
// by the programs that read them.
package release
