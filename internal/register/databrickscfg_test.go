package register

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const cfg = `; written by hand
[DEFAULT]
host = https://dev.example.com/
token = dapi-dev
warehouse_id = w-dev

[PROD]
# a service principal
host  = prod.example.com
client_id=id-prod
client_secret = dose=prod#1
warehouse_id = w-prod

[laptop]
host = https://dev.example.com
auth_type = databricks-cli
`

func TestWorkspace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "databrickscfg")
	tokenFile := filepath.Join(t.TempDir(), "token")
	home := t.TempDir()
	t.Setenv("HOME", home)
	for path, text := range map[string]string{file: cfg, tokenFile: "dapi-file\n", filepath.Join(home, ".databrickscfg"): "[DEFAULT]\nhost = home.example.com\ntoken = dapi-home\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(pairs ...string) map[string]string {
		env := map[string]string{"CONFIG_FILE": file}
		for i := 0; i < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	for _, c := range []struct {
		name string
		w    Workspace
		env  map[string]string
		want string // host warehouse token client-id client-secret
		err  string
	}{
		{"default profile", Workspace{}, in(), "https://dev.example.com w-dev dapi-dev", ""},
		{"home", Workspace{Warehouse: "w"}, map[string]string{}, "https://home.example.com w dapi-home", ""},
		{"home by ~", Workspace{Warehouse: "w"}, map[string]string{"CONFIG_FILE": "~/.databrickscfg"}, "https://home.example.com w dapi-home", ""},
		{"profile", Workspace{Profile: "PROD"}, in(), "https://prod.example.com w-prod  id-prod dose=prod#1", ""},
		{"profile from the environment", Workspace{}, in("CONFIG_PROFILE", "PROD"), "https://prod.example.com w-prod  id-prod dose=prod#1", ""},
		{"a profile that is named goes before the environment", Workspace{Profile: "PROD"}, in("HOST", "https://dev.example.com", "TOKEN", "dapi-env", "WAREHOUSE_ID", "w-env"), "https://prod.example.com w-prod  id-prod dose=prod#1", ""},
		{"environment before the default profile", Workspace{}, in("HOST", "https://env.example.com", "TOKEN", "dapi-env", "WAREHOUSE_ID", "w-env"), "https://env.example.com w-env dapi-env", ""},
		{"environment, warehouse of the default profile", Workspace{}, in("HOST", "https://env.example.com", "TOKEN", "dapi-env"), "https://env.example.com w-dev dapi-env", ""},
		{"flags first", Workspace{Host: "https://DEV.example.com", Warehouse: "w-flag"}, in(), "https://dev.example.com w-flag dapi-dev", ""},
		{"token file", Workspace{Host: "https://other.example.com", TokenFile: tokenFile}, in("TOKEN", "dapi-env"), "https://other.example.com w-dev dapi-file", ""},
		{"a token before a service principal", Workspace{Host: "h", Warehouse: "w"}, in("TOKEN", "t", "CLIENT_ID", "i", "CLIENT_SECRET", "s"), "https://h w t i s", ""},
		{"this machine", Workspace{Host: "http://127.0.0.1:99", Warehouse: "w"}, in("TOKEN", "t"), "http://127.0.0.1:99 w t", ""},

		{"a token goes to no other host", Workspace{Host: "https://other.example.com"}, in(), "", "the credentials of the profile DEFAULT are for another host, https://dev.example.com"},
		{"no profile", Workspace{Profile: "PROT"}, in(), "", "did you mean PROD?"},
		{"no file", Workspace{Profile: "x"}, in("CONFIG_FILE", file+"x"), "", "cannot read the Databricks configuration"},
		{"no host", Workspace{}, in("CONFIG_FILE", file+"x"), "", "which Databricks workspace?"},
		{"no warehouse", Workspace{}, in("CONFIG_FILE", file+"x", "HOST", "h", "TOKEN", "t"), "", "which SQL warehouse?"},
		{"no token", Workspace{Host: "h", Warehouse: "w"}, in("CONFIG_FILE", file+"x"), "", "which token?"},
		{"half a service principal", Workspace{Host: "h", Warehouse: "w"}, in("CONFIG_FILE", file+"x", "CLIENT_ID", "id"), "", "a service principal needs both"},
		{"another way to sign in", Workspace{Profile: "laptop"}, in(), "", "signs in in a way that smelt does not know"},
		{"no encryption", Workspace{Host: "http://example.com", Warehouse: "w"}, in("TOKEN", "t"), "", "not an https address"},
		{"a user in the host", Workspace{Host: "https://me:hunter2@example.com", Warehouse: "w"}, in("TOKEN", "t"), "", "not an https address"},
		{"no token in the file", Workspace{TokenFile: home}, in(), "", "--token-file"},
	} {
		w, err := c.w.Resolve(func(key string) string { return c.env[strings.TrimPrefix(key, "DATABRICKS_")] })
		if err != nil || c.err != "" {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "dapi-") {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		got := strings.TrimRight(strings.Join([]string{w.Host, w.Warehouse, w.token, w.clientID, w.clientSecret}, " "), " ")
		if got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestProfilesErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cfg")
	if err := os.WriteFile(file, []byte("[a]\nhost = x\ndapi-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readProfiles(file); err == nil || err.Error() != "line 3 is neither [a section] nor key = value" {
		t.Error(err)
	}
}

// FuzzProfiles: no file makes the reader panic.
func FuzzProfiles(f *testing.F) {
	f.Add(cfg)
	f.Add("[\n=\n]")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "cfg")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = readProfiles(file)
	})
}
