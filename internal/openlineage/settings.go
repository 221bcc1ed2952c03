package openlineage

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/smeltdata/smelt/pipeline"
)

// Settings say where events go and whom they name.
type Settings struct {
	To           Transport // nil = there are no events
	Namespace    string    // of jobs
	Parent, Root *RunID
	Warnings     []string // settings that were made for others, and cannot be followed here
}

// Configure finds out the settings. target is what smelt was told: console,
// file:PATH or a server's address, "" where it was told nothing. The environment's
// variables (os.Environ) come next, those that OpenLineage's own clients read; then
// own, the shop's own target. A target that cannot be is an error of kind
// pipeline.ErrConfig; variables that cannot be followed are warnings, for they may
// be meant for another program. Events for the console go to w.
func Configure(target, own string, environ []string, w io.Writer) (*Settings, error) {
	env := map[string]string{}
	for _, e := range environ {
		k, v, _ := strings.Cut(e, "=")
		if strings.HasPrefix(k, "OPENLINEAGE_") && v != "" {
			env[k] = v
		}
	}
	s := &Settings{Namespace: cmp.Or(env["OPENLINEAGE_NAMESPACE"], "smelt")}
	if strings.EqualFold(env["OPENLINEAGE_DISABLED"], "true") {
		return s, nil
	}
	t, err := transportOf(env)
	said := "--openlineage: "
	if target == "" && err == nil && t.Type == "" {
		target, said = own, "openlineage in smelt.yml: "
	}
	if target != "" {
		t, err = fromTarget(target, t)
		if err == nil {
			s.To, err = t.open(w)
		}
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: said + err.Error(), Hint: "write console, file:PATH or the address of a server, as http://localhost:5000"}
		}
	} else {
		if err == nil && t.Type != "" {
			s.To, err = t.open(w)
		}
		if err != nil {
			s.Warnings = append(s.Warnings, "no lineage events are sent: "+err.Error())
		}
	}
	if s.To == nil {
		return s, nil
	}
	for _, v := range []struct {
		name string
		to   **RunID
	}{{"OPENLINEAGE_PARENT_ID", &s.Parent}, {"OPENLINEAGE_ROOT_PARENT_ID", &s.Root}} {
		if text := env[v.name]; text != "" {
			if *v.to = parseRun(text); *v.to == nil {
				s.Warnings = append(s.Warnings, fmt.Sprintf("%s=%s is not namespace/job/run, whose run is a UUID: lineage events do without", v.name, text))
			}
		}
	}
	return s, nil
}

// transport is how OpenLineage's clients are told where events go.
type transport struct {
	Type        string  `json:"type"`
	URL         string  `json:"url"`
	Endpoint    string  `json:"endpoint"`
	Timeout     float64 `json:"timeout"` // seconds
	Compression string  `json:"compression"`
	Path        string  `json:"log_file_path"`
	Auth        struct {
		Type string `json:"type"`
		Key  string `json:"apiKey"`
	} `json:"auth"`
}

// transportOf reads the environment: the file that OPENLINEAGE_CONFIG names, else
// OPENLINEAGE__TRANSPORT and what is below it, else the older OPENLINEAGE_URL.
func transportOf(env map[string]string) (t transport, err error) {
	tree := map[string]any{}
	if path := env["OPENLINEAGE_CONFIG"]; path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return t, fmt.Errorf("OPENLINEAGE_CONFIG: %w", err)
		}
		var file struct {
			Transport map[string]any `yaml:"transport"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return t, fmt.Errorf("OPENLINEAGE_CONFIG: %s is not YAML with a transport", path)
		}
		tree = file.Transport
	}
	if len(tree) == 0 {
		tree = fromVariables(env)
	}
	if len(tree) == 0 && env["OPENLINEAGE_URL"] != "" {
		tree = map[string]any{"type": "http", "url": env["OPENLINEAGE_URL"]}
	}
	// They are given apart where a flag gives the address.
	t.Endpoint, t.Auth.Key = env["OPENLINEAGE_ENDPOINT"], env["OPENLINEAGE_API_KEY"]
	text, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		return t, fmt.Errorf("OPENLINEAGE__TRANSPORT: the settings are not what they should be: %w", err)
	}
	if t.Auth.Type != "" && t.Auth.Type != "api_key" {
		return t, fmt.Errorf("OPENLINEAGE__TRANSPORT: auth of type %q is not known to smelt, only api_key", t.Auth.Type)
	}
	return t, nil
}

// fromVariables makes a tree of the variables below OPENLINEAGE__TRANSPORT: each is
// JSON, or a text. What is set above is not changed by what is set below.
func fromVariables(env map[string]string) map[string]any {
	const root = "OPENLINEAGE__TRANSPORT"
	var names []string
	for name := range env {
		if name == root || strings.HasPrefix(name, root+"__") {
			names = append(names, name)
		}
	}
	slices.Sort(names) // those above first
	tree := map[string]any{}
	for _, name := range names {
		var value any = env[name]
		if json.Unmarshal([]byte(env[name]), &value) != nil {
			value = env[name]
		}
		if name == root {
			if m, ok := value.(map[string]any); ok {
				return m
			}
			continue
		}
		at := tree
		path := strings.Split(strings.ToLower(strings.TrimPrefix(name, root+"__")), "__")
		for _, key := range path[:len(path)-1] {
			below, ok := at[key].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[key] = below
			}
			at = below
		}
		key := path[len(path)-1]
		if key == "apikey" {
			key = "apiKey"
		}
		if _, number := value.(float64); number && key != "timeout" {
			value = env[name] // a key of digits is a text
		}
		if _, above := at[key]; !above {
			at[key] = value
		}
	}
	return tree
}

// fromTarget makes a transport of what smelt was told; what it does not say is
// as the environment says.
func fromTarget(target string, env transport) (transport, error) {
	switch path, isFile := strings.CutPrefix(target, "file:"); {
	case target == "console":
		env.Type = "console"
	case isFile:
		env.Type, env.Path = "file", strings.TrimPrefix(path, "//")
	case strings.HasPrefix(target, "http://"), strings.HasPrefix(target, "https://"):
		if env.URL != "" && env.URL != target {
			env.Auth.Key, env.Endpoint = "", "" // of another server
		}
		env.Type, env.URL = "http", target
	default:
		return env, fmt.Errorf("%q is no place for events", target)
	}
	return env, nil
}

// open returns the transport.
func (t *transport) open(w io.Writer) (Transport, error) {
	switch t.Type {
	case "console":
		return console{w}, nil
	case "file":
		if t.Path == "" {
			return nil, fmt.Errorf("file: no path is given")
		}
		if info, err := os.Stat(filepath.Dir(t.Path)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("file: there is no folder %s", filepath.Dir(t.Path))
		}
		if info, err := os.Stat(t.Path); err == nil && info.IsDir() {
			return nil, fmt.Errorf("file: %s is a folder", t.Path)
		}
		return appended{t.Path}, nil
	case "http":
		u, err := url.Parse(t.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("http: the url is no address of a server") // it may hold a password
		}
		endpoint := strings.Trim(cmp.Or(t.Endpoint, "api/v1/lineage"), "/")
		if !strings.HasSuffix(u.Path, "/"+endpoint) {
			u = u.JoinPath(endpoint)
		}
		timeout := 5 * time.Second
		if t.Timeout > 0 && t.Timeout < 60 {
			timeout = time.Duration(t.Timeout * float64(time.Second))
		}
		if t.Compression != "" && t.Compression != "gzip" {
			return nil, fmt.Errorf("http: compression %q is not known to smelt, only gzip", t.Compression)
		}
		return &server{url: u, key: t.Auth.Key, gzip: t.Compression == "gzip", timeout: timeout, pause: 200 * time.Millisecond}, nil
	}
	return nil, fmt.Errorf("OPENLINEAGE__TRANSPORT: type %s is not known to smelt, only http, file and console", strconv.Quote(t.Type))
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// parseRun reads namespace/job/run as Airflow writes it; nil where it is something
// else. A namespace may have slashes, as an address has.
func parseRun(text string) *RunID {
	parts := strings.Split(text, "/")
	n := len(parts)
	if n < 3 || !uuid.MatchString(parts[n-1]) || parts[n-2] == "" || parts[0] == "" {
		return nil
	}
	return &RunID{Job: JobID{strings.Join(parts[:n-2], "/"), parts[n-2]}, ID: strings.ToLower(parts[n-1])}
}
