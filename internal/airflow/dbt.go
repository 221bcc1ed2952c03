package airflow

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/smeltdata/smelt/pipeline"
)

// DBT is a dbt project, which smelt export dbt wrote.
type DBT struct {
	Dir             string // as Airflow's workers see it
	Profile, Target string // "shop", "databricks"
	Data            string // folder that the project finds the files in, relative to its own; "" = it says it in full
}

var plain = regexp.MustCompile(`^\w+$`)

// ReadDBT finds out which profile and target a dbt project has: of its dbt_project.yml
// and profiles.yml in dir. Dir is left to the caller. A folder that is no such project
// is an ErrInput.
func ReadDBT(dir string) (*DBT, error) {
	var project struct {
		Profile string `yaml:"profile"`
		Vars    struct {
			Data string `yaml:"data"`
		} `yaml:"vars"`
	}
	var profiles map[string]struct {
		Target string `yaml:"target"`
	}
	for _, f := range []struct {
		name string
		to   any
	}{{"dbt_project.yml", &project}, {"profiles.yml", &profiles}} {
		file := filepath.Join(dir, f.name)
		text, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(text, f.to)
		}
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: file, Msg: "cannot be read: there is no dbt project", Hint: "smelt export dbt writes it", Err: err}
		}
	}
	d := &DBT{Profile: project.Profile, Target: profiles[project.Profile].Target}
	if data := project.Vars.Data; !path.IsAbs(data) && !strings.Contains(data, "://") {
		d.Data = data
	}
	if !plain.MatchString(d.Profile) || !plain.MatchString(d.Target) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: filepath.Join(dir, "profiles.yml"), Value: d.Profile, Msg: "has no target for the project's profile", Hint: "smelt export dbt writes both"}
	}
	return d, nil
}

// Files is the folder of the files as Airflow's workers see it; "" where the project
// says it in full.
func (d *DBT) Files() string {
	if d.Data == "" {
		return ""
	}
	return path.Join(d.Dir, d.Data)
}
