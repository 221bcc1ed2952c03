package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/pipeline"
)

// shop says where a shop's smelt.yml, its files and its tables are.
type shop struct {
	config string // path of smelt.yml
	data   string // "" = the folder of smelt.yml
	output string // "" = as smelt.yml says

	flags *pflag.FlagSet // of the command; nil where its arguments say in another way which shop
}

// named says that smelt.yml was named, so that it must be there.
func (s *shop) named() bool { return s.flags == nil || given(s.flags, "config") }

func (s *shop) configFlag(cmd *cobra.Command) {
	s.flags = cmd.Flags()
	s.flags.StringVarP(&s.config, "config", "c", "smelt.yml", "the shop's smelt.yml")
}

func (s *shop) dataFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", "", "folder that the paths of sources start from (default smelt.yml's own)")
}

func (s *shop) outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&s.output, "output", "o", "", "folder of the tables (default output: in smelt.yml, else lake beside it)")
}

// targetFlag names the folder that an export writes to, by default one of a name
// beside smelt.yml. Of what is exported from the lake, only --output says where that is.
func targetFlag(cmd *cobra.Command, target *string, name string) {
	cmd.Flags().StringVarP(target, "target-path", "o", "", "folder to write to (default "+name+" beside smelt.yml)")
}

// mapping reads smelt.yml.
func (s *shop) mapping() (*bronze.Mapping, error) {
	m, err := bronze.LoadMapping(s.config)
	if err != nil {
		var e *pipeline.Error
		if errors.As(err, &e) && errors.Is(err, fs.ErrNotExist) {
			e.Hint = "name it with -c; \"smelt demo\" makes a shop that has one"
		}
		return nil, err
	}
	if s.data != "" {
		info, err := os.Stat(s.data)
		if err != nil || !info.IsDir() {
			return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: s.data, Msg: "--data: there is no such folder"}
		}
		m.Dir = s.data
	}
	return m, nil
}

// lake returns the folder of the tables.
func (s *shop) lake(m *bronze.Mapping) string {
	switch {
	case s.output != "":
		return s.output
	case filepath.IsAbs(m.Output):
		return m.Output
	}
	return filepath.Join(filepath.Dir(s.config), m.Output)
}

// find returns the mapping, nil where there is no smelt.yml, and the folder of the
// tables, which may be missing where there is one: for commands that work with a lake
// alone.
func (s *shop) find() (*bronze.Mapping, string, error) {
	if _, err := os.Stat(s.config); s.named() || !errors.Is(err, fs.ErrNotExist) {
		m, err := s.mapping()
		if err != nil {
			return nil, "", err
		}
		return m, s.lake(m), nil
	}
	dir := s.lake(&bronze.Mapping{Output: "lake"})
	if _, err := os.Stat(dir); err != nil {
		return nil, "", &pipeline.Error{Kind: pipeline.ErrInput, File: dir, Msg: "there is no lake here, and no " + s.config, Hint: "-o names the folder of the tables, -c the shop's smelt.yml"}
	}
	return nil, dir, nil
}

// target is the folder that pages are written to unless a flag names another:
// beside smelt.yml, or beside the lake where there is none.
func (s *shop) target(m *bronze.Mapping, lake string) string {
	if m == nil {
		return filepath.Join(filepath.Dir(lake), "target")
	}
	return filepath.Join(filepath.Dir(s.config), "target")
}

// open opens an input file in the format that it is in.
func open(ctx context.Context, f pipeline.File) (pipeline.Source, error) {
	switch {
	case f.Format == "delta":
		return deltaio.Open(ctx, f)
	case f.IsParquet():
		return parquetio.Open(ctx, f)
	}
	return csvio.Open(ctx, f)
}

// create makes one part file of a table.
func create(path string, t *pipeline.Table) (pipeline.Writer, error) {
	return parquetio.Create(path, t, parquetio.Options{})
}
