package judgetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// Chromium returns the options that start a headless browser which asks nobody
// for anything: $SMELT_CHROMIUM, else the first of chromium, chromium-browser
// and google-chrome on the PATH. Its profile is a new folder of the test. It
// skips the test without a browser, or fails it where SMELT_JUDGES=require.
func Chromium(t testing.TB) []chromedp.ExecAllocatorOption {
	t.Helper()
	if testing.Short() {
		t.Skip("browsing takes a while")
	}
	for _, name := range []string{os.Getenv("SMELT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		return append(chromedp.DefaultExecAllocatorOptions[:], // headless among them
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
			chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"))
	}
	missing(t, "no Chromium on the PATH, and SMELT_CHROMIUM names none: run make judges")
	return nil
}

// Axe returns axe-core, the judge of accessibility, as a script to run in a page.
// `make judges` installs it. It skips or fails the test without it as Chromium does.
func Axe(t testing.TB) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(dir(t), "node", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		missing(t, "no axe-core ("+err.Error()+"): run make judges, which needs npm for it")
	}
	return string(script)
}

// dir is where make judges installs.
func dir(t testing.TB) string {
	if dir := os.Getenv("SMELT_JUDGES_DIR"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, ".cache", "smelt", "judges")
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SMELT_JUDGES") == "require" {
		t.Fatal(what)
	}
	t.Skip(what)
}
