package openlineage

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

func TestConfigure(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("openlineage.yml", "transport: {type: http, url: 'http://conf:1', auth: {type: api_key, apiKey: c0nf}, compression: gzip, timeout: 2.5}")
	broken := write("broken.yml", "transport: [")
	events := filepath.Join(dir, "events.jsonl")
	type want struct {
		to      string // "" = nowhere
		url     string
		key     string
		gzip    bool
		timeout time.Duration
		warning string
		err     string
	}
	for _, c := range []struct {
		name, target, own string
		env               []string
		want
	}{
		{"nothing", "", "", nil, want{}},
		{"the console", "console", "", nil, want{to: "the console"}},
		{"a file", "file:" + events, "", nil, want{to: events}},
		{"a file as an address", "file://" + events, "", nil, want{to: events}},
		{"a server", "http://host:5000", "", nil, want{to: "http://host:5000", url: "http://host:5000/api/v1/lineage", timeout: 5 * time.Second}},
		{"a server below a path", "https://host/lin/?x=1", "", []string{"OPENLINEAGE_API_KEY=k", "OPENLINEAGE_ENDPOINT=/api/v2/events"}, want{to: "https://host", url: "https://host/lin/api/v2/events?x=1", key: "k", timeout: 5 * time.Second}},
		{"the whole address", "http://host/api/v1/lineage", "", nil, want{to: "http://host", url: "http://host/api/v1/lineage", timeout: 5 * time.Second}},
		{"the variables of old", "", "", []string{"OPENLINEAGE_URL=http://old:1", "OPENLINEAGE_API_KEY=k"}, want{to: "http://old:1", url: "http://old:1/api/v1/lineage", key: "k", timeout: 5 * time.Second}},
		{"another server's key", "http://new:1", "", []string{"OPENLINEAGE_URL=http://old:1", "OPENLINEAGE_API_KEY=k", "OPENLINEAGE_ENDPOINT=x"}, want{to: "http://new:1", url: "http://new:1/api/v1/lineage", timeout: 5 * time.Second}},
		{"variables", "", "", []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://v:1", `OPENLINEAGE__TRANSPORT__AUTH={"type":"api_key","apiKey":"a"}`, "OPENLINEAGE__TRANSPORT__AUTH__APIKEY=b", "OPENLINEAGE__TRANSPORT__COMPRESSION=gzip", "OPENLINEAGE__TRANSPORT__TIMEOUT=3", "OPENLINEAGE_URL=http://old:1"},
			want{to: "http://v:1", url: "http://v:1/api/v1/lineage", key: "a", gzip: true, timeout: 3 * time.Second}},
		{"a key of digits", "", "", []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://v:1", "OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key", "OPENLINEAGE__TRANSPORT__AUTH__APIKEY=12"}, want{to: "http://v:1", url: "http://v:1/api/v1/lineage", key: "12", timeout: 5 * time.Second}},
		{"one variable", "", "", []string{`OPENLINEAGE__TRANSPORT={"type":"console"}`, "OPENLINEAGE__TRANSPORT__TYPE=http"}, want{to: "the console"}},
		{"a file by variables", "", "", []string{"OPENLINEAGE__TRANSPORT__TYPE=file", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=" + events, "OPENLINEAGE__TRANSPORT__APPEND=true"}, want{to: events}},
		{"a settings file", "", "", []string{"OPENLINEAGE_CONFIG=" + config, "OPENLINEAGE_URL=http://old:1"}, want{to: "http://conf:1", url: "http://conf:1/api/v1/lineage", key: "c0nf", gzip: true, timeout: 2500 * time.Millisecond}},
		{"the shop's own", "", "console", nil, want{to: "the console"}},
		{"the shop's own is last", "", "console", []string{"OPENLINEAGE_URL=http://old:1"}, want{to: "http://old:1", url: "http://old:1/api/v1/lineage", timeout: 5 * time.Second}},
		{"the shop's own is wrong", "", "consul", nil, want{err: `openlineage in smelt.yml: "consul" is no place for events`}},
		{"switched off", "console", "console", []string{"OPENLINEAGE_DISABLED=TRUE"}, want{}},

		{"another program's transport", "", "", []string{"OPENLINEAGE__TRANSPORT__TYPE=kafka"}, want{warning: `type "kafka" is not known to smelt`}},
		{"another program's keys", "", "", []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://v:1", "OPENLINEAGE__TRANSPORT__AUTH__TYPE=jwt"}, want{warning: `auth of type "jwt" is not known to smelt`}},
		{"no address", "", "", []string{"OPENLINEAGE_URL=jo:passw0rd"}, want{warning: "the url is no address of a server"}},
		{"no settings file", "", "", []string{"OPENLINEAGE_CONFIG=" + dir + "/none.yml"}, want{warning: "no such file"}},
		{"a broken settings file", "", "", []string{"OPENLINEAGE_CONFIG=" + broken}, want{warning: "is not YAML with a transport"}},
		{"settings of another kind", "", "", []string{`OPENLINEAGE__TRANSPORT={"type":["http"]}`}, want{warning: "are not what they should be"}},
		{"no place", "ftp://host", "", nil, want{err: `--openlineage: "ftp://host" is no place for events`}},
		{"no host", "http://", "", nil, want{err: "the url is no address of a server"}},
		{"no path", "file:", "", nil, want{err: "no path is given"}},
		{"no folder", "file:" + dir + "/none/events", "", nil, want{err: "there is no folder " + dir + "/none"}},
		{"a folder", "file:" + dir, "", nil, want{err: "is a folder"}},
	} {
		s, err := Configure(c.target, c.own, append(c.env, "OTHER=x"), nil)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), "write console, file:PATH") {
				t.Errorf("%s: %v, want %q", c.name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got want
		if s.To != nil {
			got.to = s.To.String()
		}
		if to, ok := s.To.(*server); ok {
			got.url, got.key, got.gzip, got.timeout = to.url.String(), to.key, to.gzip, to.timeout
		}
		warnings := strings.Join(s.Warnings, "\n")
		if c.warning != "" == (warnings == "") || !strings.Contains(warnings, c.warning) || strings.Contains(warnings, "passw0rd") {
			t.Errorf("%s: warnings %q, want %q", c.name, warnings, c.warning)
		}
		got.warning = c.warning
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestConfigureNames(t *testing.T) {
	const run = "01a224c5-6acc-7be0-95d2-eceea0b59b21"
	var out bytes.Buffer
	s, err := Configure("console", "", []string{"OPENLINEAGE_NAMESPACE=prod", "OPENLINEAGE_PARENT_ID=http://airflow/x/dag.task/" + strings.ToUpper(run), "OPENLINEAGE_ROOT_PARENT_ID=a/dag/" + run}, &out)
	if err != nil || len(s.Warnings) > 0 {
		t.Fatal(err, s.Warnings)
	}
	if s.Namespace != "prod" || *s.Parent != (RunID{JobID{"http://airflow/x", "dag.task"}, run}) || *s.Root != (RunID{JobID{"a", "dag"}, run}) {
		t.Errorf("%q, %+v, %+v", s.Namespace, s.Parent, s.Root)
	}
	if err := s.To.Send(context.Background(), []byte("{}")); err != nil || out.String() != "{}\n" {
		t.Errorf("%v %q", err, out.String())
	}
	for _, id := range []string{"a/b/c", "b/" + run, "/b/" + run, "a//" + run, "a/b/" + run + "0"} {
		s, err := Configure("console", "", []string{"OPENLINEAGE_PARENT_ID=" + id}, &out)
		if err != nil || s.Parent != nil || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "OPENLINEAGE_PARENT_ID="+id+" is not namespace/job/run") {
			t.Errorf("%s: %+v, %v", id, s, err)
		}
	}
	if s, err := Configure("console", "", nil, &out); err != nil || s.Namespace != "smelt" {
		t.Errorf("%+v, %v", s, err)
	}
}
