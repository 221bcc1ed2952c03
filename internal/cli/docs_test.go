package cli

import (
	"io"
	"net/http"
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// getPage is the command get OUT PATH FILE: it gets a path from the server whose
// address is the first in the file OUT, and writes what comes to FILE.
func getPage(ts *testscript.TestScript, _ bool, args []string) {
	url := regexp.MustCompile(`http://[^/]+`).FindString(ts.ReadFile(args[0]))
	r, err := http.Get(url + args[1])
	ts.Check(err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), text, 0o666))
}
