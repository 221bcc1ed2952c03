package register

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:/`)

// FileLocation returns a local folder as a file:/// URI.
func FileLocation(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "cannot make the path absolute", Err: err}
	}
	return fileURI(abs), nil
}

func fileURI(abs string) string {
	path := filepath.ToSlash(abs)
	if !strings.HasPrefix(path, "/") { // C:/lake
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// CheckLocation returns the URI of a lake as the catalog is to see it, or an
// error where it is none: a path of this machine means nothing elsewhere.
func CheckLocation(location string) (string, error) {
	location = strings.TrimRight(location, "/")
	bad := func(msg string) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: location, Msg: "--location: " + msg,
			Hint: "say where the catalog finds the lake: s3://bucket/lake, abfss://container@account.dfs.core.windows.net/lake, gs://bucket/lake"}
	}
	switch {
	case location == "":
		return "", bad("it is empty")
	case strings.HasPrefix(location, "/Volumes/"):
		return "", bad("Databricks makes no table over files in a volume; name the cloud storage below the volume")
	case !scheme.MatchString(location):
		return "", bad("it is no URI")
	case strings.ContainsAny(location, " \t\r\n"):
		return "", bad("a space in a URI is written %20")
	}
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return "", bad("it is no URI")
	case u.RawQuery != "" || u.Fragment != "":
		return "", bad("it has a ? or #")
	case u.User != nil && (u.Scheme != "abfss" && u.Scheme != "abfs" && u.Scheme != "wasbs"):
		return "", bad("it has a user, which does not belong there")
	case u.User != nil && strings.Contains(u.User.String(), ":"):
		return "", &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "--location: it has a password", Hint: "catalogs have credentials of their own for a location"}
	}
	if u.Scheme == "file" {
		return fileURI(u.Path), nil
	}
	return location, nil
}

// sameLocation reports whether two URIs name the same folder.
func sameLocation(a, b string) bool { return plainLocation(a) == plainLocation(b) }

func plainLocation(s string) string {
	s = strings.TrimRight(s, "/")
	if rest, ok := strings.CutPrefix(s, "file:"); ok { // file:/x and file:///x are the same
		s = "file:///" + strings.TrimLeft(rest, "/")
	}
	return s
}
