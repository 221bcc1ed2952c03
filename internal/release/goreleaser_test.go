package release

import (
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestGoreleaser: goreleaser's own loader takes the configuration.
func TestGoreleaser(t *testing.T) {
	load := judgetest.Program(t, "goreleaser-config")
	judged(t, "", load, "../../.goreleaser.yaml")
	judged(t, "goarchs", load, changed(t, "../../.goreleaser.yaml", "goarch:", "goarchs:"))
}
