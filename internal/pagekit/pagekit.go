// Package pagekit puts a page together: one HTML file with its styles, scripts
// and data in it, which the browser is told to run as they are and nothing else.
// It has the files that all of smelt's pages share: base.css, theme.js and dom.js.
package pagekit

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"strings"
)

//go:embed files
var files embed.FS

// File returns the text of a shared file, such as "base.css". It panics on a name
// that there is none of, which is a bug.
func File(name string) string { return Read(files, "files/"+name) }

// Read returns the text of a page's own embedded file. It panics on a name that
// there is none of, which is a bug: a test keeps lists and folders in step.
func Read(fs embed.FS, name string) string {
	text, err := fs.ReadFile(name)
	if err != nil {
		panic("pagekit: " + err.Error())
	}
	return string(text)
}

// Script returns scripts put together as one, which run one after the other in
// one strict function and leave no names behind.
func Script(scripts ...string) string {
	return "\"use strict\";\n(() => {\n" + strings.Join(scripts, "\n") + "\n})();\n"
}

// Policy returns a Content-Security-Policy by hashes: the styles and scripts
// given may stand in the page, and all else is forbidden but what more says:
// directives such as "img-src data:".
func Policy(styles, scripts []string, more ...string) string {
	policy := append([]string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"}, more...)
	return strings.Join(append(policy, "style-src"+hashes(styles), "script-src"+hashes(scripts)), "; ")
}

func hashes(contents []string) string {
	var b strings.Builder
	for _, c := range contents {
		b.WriteString(" " + Hash(c))
	}
	return b.String()
}

// Hash returns how a policy names an inline script or style.
func Hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Parts are what the placeholders of a template, {{name}}, stand for.
type Parts map[string]string

// Fill replaces each placeholder once, looking at the template only: what is put
// in may have braces of its own.
func (p Parts) Fill(template string) []byte {
	var out bytes.Buffer
	for {
		before, rest, found := strings.Cut(template, "{{")
		out.WriteString(before)
		if !found {
			return out.Bytes()
		}
		name, after, _ := strings.Cut(rest, "}}")
		out.WriteString(p[name])
		template = after
	}
}
