package register

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Workspace says which Databricks workspace to use, and as whom. What is empty
// comes from the environment's DATABRICKS_ variables, and what they lack from
// a profile of the Databricks configuration file; a profile that is named here
// comes before the variables.
type Workspace struct {
	Host      string
	Warehouse string // id of the SQL warehouse
	Profile   string
	TokenFile string // a file that holds a personal access token

	token, clientID, clientSecret string
}

// Resolve fills in what is empty. getenv is os.Getenv. It returns an error that
// says what is missing or contradicts itself.
func (w Workspace) Resolve(getenv func(string) string) (*Workspace, error) {
	if w.TokenFile != "" {
		text, err := os.ReadFile(w.TokenFile)
		if w.token = strings.TrimSpace(string(text)); err != nil || w.token == "" {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, File: w.TokenFile, Msg: "--token-file: cannot read a token there", Err: err}
		}
	}
	fromEnvironment := map[string]string{}
	for _, key := range []string{"host", "token", "client_id", "client_secret", "warehouse_id"} {
		fromEnvironment[key] = strings.TrimSpace(getenv("DATABRICKS_" + strings.ToUpper(key)))
	}
	if w.Profile != "" {
		if err := w.fromProfile(w.Profile, true, getenv); err != nil {
			return nil, err
		}
	}
	if err := w.fill(fromEnvironment, "the environment"); err != nil {
		return nil, err
	}
	if name := getenv("DATABRICKS_CONFIG_PROFILE"); w.Profile == "" && (name != "" || !w.complete()) {
		if err := w.fromProfile(name, name != "", getenv); err != nil {
			return nil, err
		}
	}
	return &w, w.check()
}

func (w *Workspace) complete() bool {
	return w.Host != "" && w.Warehouse != "" && (w.token != "" || w.clientSecret != "")
}

// fill takes what is still missing from values. A credential is taken only for
// the host that it was kept for, so that no token goes to another one.
func (w *Workspace) fill(values map[string]string, from string) error {
	if w.Warehouse == "" {
		w.Warehouse = values["warehouse_id"]
	}
	needed := w.token == "" && w.clientSecret == ""
	if w.Host == "" {
		w.Host = values["host"]
	} else if host := values["host"]; needed && host != "" && trimHost(host) != trimHost(w.Host) && (values["token"] != "" || values["client_secret"] != "") {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: w.Host, Msg: fmt.Sprintf("the credentials of %s are for another host, %s", from, trimHost(host)),
			Hint: "name a --profile of this host, or set DATABRICKS_HOST and DATABRICKS_TOKEN together"}
	}
	if needed && values["token"]+values["client_id"]+values["client_secret"] != "" {
		w.token, w.clientID, w.clientSecret = values["token"], values["client_id"], values["client_secret"]
	}
	return nil
}

// fromProfile fills in from the configuration file; "" is its DEFAULT, which
// need not exist.
func (w *Workspace) fromProfile(name string, must bool, getenv func(string) string) error {
	path := getenv("DATABRICKS_CONFIG_FILE")
	if rest, ok := strings.CutPrefix(path, "~/"); ok || path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			if !must {
				return nil
			}
			return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "no home folder, and DATABRICKS_CONFIG_FILE is not set", Err: err}
		}
		if path = filepath.Join(home, rest); rest == "" {
			path = filepath.Join(home, ".databrickscfg")
		}
	}
	profiles, err := readProfiles(path)
	if err != nil && (must || !errors.Is(err, fs.ErrNotExist)) {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: path, Msg: "cannot read the Databricks configuration", Err: err}
	}
	section := name
	if name == "" {
		section = "DEFAULT"
	}
	values, ok := profiles[section]
	if !ok && must {
		var names []string
		for p := range profiles {
			names = append(names, p)
		}
		hint := "databricks configure makes one"
		if near := pipeline.Nearest(name, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: path, Value: name, Msg: "there is no such profile", Hint: hint}
	}
	if kind := values["auth_type"]; kind != "" && kind != "pat" && kind != "oauth-m2m" && w.token == "" && w.clientSecret == "" {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: path, Value: kind, Msg: fmt.Sprintf("the profile %s signs in in a way that smelt does not know", section),
			Hint: "give smelt a personal access token (DATABRICKS_TOKEN) or a service principal (DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET)"}
	}
	return w.fill(values, "the profile "+section)
}

// readProfiles reads a file of [sections] of key = value lines. Its errors
// name a line, never what stands there.
func readProfiles(path string) (map[string]map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]map[string]string{}
	section := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' && line[len(line)-1] == ']' {
			name := strings.TrimSpace(line[1 : len(line)-1])
			if section = out[name]; section == nil {
				section = map[string]string{}
				out[name] = section
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d is neither [a section] nor key = value", n)
		}
		section[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
	}
	return out, lines.Err()
}

// check makes Host a URL and says what is missing.
func (w *Workspace) check() error {
	missing := func(what, hint string) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "which " + what + "?", Hint: hint}
	}
	profile := ", or in a profile of ~/.databrickscfg (--profile)"
	switch {
	case w.Host == "":
		return missing("Databricks workspace", "say --host https://….cloud.databricks.com, or set DATABRICKS_HOST"+profile)
	case w.Warehouse == "":
		return missing("SQL warehouse", "say --warehouse with its id, or set DATABRICKS_WAREHOUSE_ID, or warehouse_id in a profile of ~/.databrickscfg; the id stands on the warehouse's page")
	case w.token == "" && w.clientID == "" && w.clientSecret == "":
		return missing("token", "set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET"+profile+", or say --token-file")
	case w.token == "" && (w.clientID == "" || w.clientSecret == ""):
		return missing("service principal", "a service principal needs both DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET")
	}
	host, err := url.Parse(trimHost(w.Host))
	if err != nil || host.Host == "" || host.User != nil || host.Scheme != "https" && (host.Scheme != "http" || !loopback(host.Hostname())) {
		e := &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "the host is not an https address of a workspace", Hint: "as in https://adb-1234567890123456.7.azuredatabricks.net"}
		if host != nil && host.User == nil {
			e.Value = w.Host
		}
		return e
	}
	w.Host = host.Scheme + "://" + host.Host
	return nil
}

// loopback reports whether a host is this machine, where a token may go
// without encryption.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// trimHost makes one form of the ways in which people write a host.
func trimHost(host string) string {
	host = strings.TrimSpace(host)
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return strings.ToLower(strings.TrimRight(host, "/"))
}

// tokens returns what signs the requests: the token where there is one, else
// the service principal, as Databricks' own tools choose.
func (w *Workspace) tokens() tokens {
	if w.token != "" {
		return fixedToken(w.token)
	}
	return newServicePrincipal(w.Host, w.clientID, w.clientSecret)
}
