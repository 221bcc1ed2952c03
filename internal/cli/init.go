package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/infer"
	"github.com/smeltdata/smelt/pipeline"
)

func (a *app) initCommand() *cobra.Command {
	var from []string
	var to string
	var force bool
	cmd := &cobra.Command{
		Use:   "init [DIR] [--from FILES]",
		Short: "Look at a shop's files and write the smelt.yml that maps them",
		Long: `Look at the CSV and Parquet files of DIR (default the folder that you are in),
decide which are customers, products, sales and returns and how they are
written, and write a smelt.yml that says so, with how sure each line is and why.
It looks at a sample of each file. What the files do not tell is asked on a
terminal, and is otherwise left as an error to resolve: nothing is guessed.`,
		Example: `  smelt init
  smelt init downloads/shop
  smelt init --from 'export/*.csv' -o smelt.yml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, given := ".", false
			for _, arg := range args {
				info, err := os.Stat(arg)
				switch {
				case err == nil && info.IsDir() && !given:
					dir, given = arg, true
				case len(from) > 0: // the shell has expanded a glob after --from
					from = append(from, arg)
				case err == nil && !info.IsDir():
					return usage(fmt.Sprintf("%s is a file, not a folder", arg), "name files with --from")
				case err != nil:
					return usage(fmt.Sprintf("there is no folder %s", arg), "")
				default:
					return usage("one folder at a time", "")
				}
			}
			if to == "" {
				to = filepath.Join(dir, "smelt.yml")
			}
			return a.init(cmd.Context(), infer.Options{Dir: dir, From: from, Target: to, Open: open}, force)
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil, "look at these files or globs instead of all of DIR")
	cmd.Flags().StringVarP(&to, "to", "o", "", "the file to write (default smelt.yml in DIR)")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	return cmd
}

// init writes the smelt.yml of a shop's files.
func (a *app) init(ctx context.Context, o infer.Options, force bool) error {
	if _, err := os.Stat(o.Target); err == nil && !force {
		return usage(o.Target+" is there already", "--force overwrites it; -o writes to another file")
	}
	if a.err.terminal && interactive(os.Stdin) {
		o.Ask = asker(os.Stdin, a.err)
	}
	r, err := infer.Infer(ctx, o)
	if err != nil {
		return err
	}
	if err := writeNew(o.Target, r.Text, force); err != nil {
		return err
	}
	if a.json {
		if err := json.NewEncoder(a.out).Encode(map[string]any{"config": o.Target, "files": r.Files, "open": r.Open}); err != nil {
			return err
		}
	} else {
		g := &grid{header: []string{"file", "is"}, right: []bool{false, false}}
		for _, f := range r.Files {
			g.rows = append(g.rows, []string{f.Name, f.Role})
		}
		if err := g.print(a.out); err != nil {
			return err
		}
	}
	for _, w := range r.Warnings {
		a.log("warning", w)
	}
	next := "smelt run"
	if filepath.Base(o.Target) != "smelt.yml" || filepath.Dir(o.Target) != "." {
		next += " -c " + o.Target
	}
	if r.Open > 0 {
		a.log("note", fmt.Sprintf("%s is written, but %s: search it for \"unsure:\"\nthen: %s", o.Target, openLines(r.Open), next))
		return nil
	}
	a.log("note", fmt.Sprintf("%s is written: read it, each line says why\nnext: %s", o.Target, next))
	return nil
}

func openLines(n int) string {
	if n == 1 {
		return "one line of it must be settled before a run"
	}
	return fmt.Sprintf("%d lines of it must be settled before a run", n)
}

// writeNew writes a file whole or not at all. Unless it is forced, one that
// came to be there in the meantime is kept.
func writeNew(name string, text []byte, force bool) error {
	fail := func(err error) error {
		var e *fs.PathError
		if errors.As(err, &e) {
			err = e.Err
		}
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: name, Msg: "cannot be written", Err: err}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return fail(err)
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

func interactive(f *os.File) bool {
	return newStream(f).terminal
}

// asker asks a person, one question a line; Enter takes the default, or leaves
// the question open where there is none.
func asker(in io.Reader, out *stream) func(infer.Question) int {
	lines := bufio.NewScanner(in)
	return func(q infer.Question) int {
		fmt.Fprintf(out, "\n%s: %s\n", out.style(bold, q.File), q.Text)
		for i, c := range q.Choices {
			fmt.Fprintf(out, "  %d  %s\n", i+1, c)
		}
		enter := "leaves it open"
		if q.Default >= 0 {
			enter = fmt.Sprintf("takes %d", q.Default+1)
		}
		for {
			fmt.Fprintf(out, "1 to %d, Enter %s: ", len(q.Choices), enter)
			if !lines.Scan() {
				fmt.Fprintln(out)
				return -1
			}
			text := strings.TrimSpace(lines.Text())
			if text == "" {
				return q.Default
			}
			if n, err := strconv.Atoi(text); err == nil && 1 <= n && n <= len(q.Choices) {
				return n - 1
			}
		}
	}
}
