package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// What a release says of itself, by -ldflags "-X …/internal/cli.buildVersion=v1.2.3": as
// where it is built without the repository. Else Go knows it from there.
var buildVersion, buildCommit, buildDate string

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if a.json {
				return json.NewEncoder(a.out).Encode(b)
			}
			_, err := fmt.Fprintln(a.out, b)
			return err
		},
	}
}

// build is what is known of this binary.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"` // of the commit
	Modified bool   `json:"modified"`       // files differed from the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build {
	b := build{Version: buildVersion, Commit: buildCommit, Date: buildDate, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			b.Version = cmp.Or(b.Version, info.Main.Version)
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Date = cmp.Or(b.Date, s.Value)
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
	}
	b.Version = cmp.Or(b.Version, "dev")
	return b
}

// String tells all of it, a line each.
func (b build) String() string {
	lines := []string{versionText()}
	if b.Commit != "" {
		line := "commit " + b.Commit
		if b.Date != "" {
			line += " of " + b.Date
		}
		if b.Modified {
			line += ", with changes"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// versionText says which smelt this is: "smelt v1.2.3 (go1.26.0 linux/amd64)".
func versionText() string {
	b := thisBuild()
	return fmt.Sprintf("smelt %s (%s %s)", b.Version, b.Go, b.Platform)
}

// versionName is the version alone: "v1.2.3".
func versionName() string { return thisBuild().Version }
