package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// completes tells shells what may stand where, for all commands below one: tables and
// columns, words of which there are few, folders. It is by the names of flags, which
// mean the same wherever they are. "smelt completion" prints what a shell needs for it.
func (a *app) completes(cmd *cobra.Command) {
	switch cmd.CommandPath() {
	case "smelt show", "smelt history", "smelt maintain":
		cmd.ValidArgsFunction = a.completeTables
	case "smelt explain":
		cmd.ValidArgsFunction = completeColumns
	case "smelt demo", "smelt init":
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"config": filesEnding("yml", "yaml"), "from": filesEnding(), "to": filesEnding("yml", "yaml"),
		"data": folders, "output": folders, "dir": folders, "tmp": folders, "target-path": folders,
		"select": completeSelection, "exclude": completeSelection,
		"columns": completeList(completeColumn), "measure": completeColumn,
		"format": words(formats...), "source": words("local", "adls", "databricks"), "openlineage": words("console", "file:", "http://localhost:5000"),
		"cron": words("@hourly", "@daily", "@weekly"),
	} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails only where one is there
		}
	}
	for _, c := range cmd.Commands() {
		a.completes(c)
	}
}

const noFiles = cobra.ShellCompDirectiveNoFileComp

// filesEnding are those of files with some endings; of any where there are none.
func filesEnding(endings ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		if len(endings) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func words(of ...string) cobra.CompletionFunc { return cobra.FixedCompletions(of, noFiles) }

// completeTables offers the tables of the lake that the command would look at, or all
// that there can be where it has none.
func (a *app) completeTables(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 && cmd.Name() != "maintain" {
		return nil, noFiles
	}
	declared, err := gold.Declarations()
	if err != nil || a.start(cmd, nil) != nil {
		return nil, noFiles
	}
	s := &shop{config: cmd.Flag("config").Value.String(), output: cmd.Flag("output").Value.String(), flags: cmd.Flags()}
	var names []string
	if dir, err := s.lakeToRead(); err == nil {
		names, _ = store.Tables(dir)
	}
	if len(names) == 0 {
		for _, t := range declared {
			names = append(names, t.Name)
		}
	}
	var out []string
	for _, name := range names {
		doc := ""
		if i := slices.IndexFunc(declared, func(t *pipeline.Table) bool { return t.Name == name }); i >= 0 {
			doc = declared[i].Doc
		}
		_, base, _ := strings.Cut(name, ".")
		out = append(out, cobra.CompletionWithDesc(name, doc), cobra.CompletionWithDesc(base, doc))
	}
	return out, noFiles
}

// completeColumns offers tables, and the columns of one when its name is there.
func completeColumns(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	declared, err := gold.Declarations()
	if err != nil || len(args) > 0 {
		return nil, noFiles
	}
	var out []string
	for _, t := range declared {
		if !strings.HasPrefix(word, t.Name+".") {
			out = append(out, cobra.CompletionWithDesc(t.Name, t.Doc))
			continue
		}
		for _, c := range t.Columns {
			out = append(out, cobra.CompletionWithDesc(t.Name+"."+c.Name, c.Doc))
		}
	}
	return out, noFiles
}

// completeColumn offers the columns of the table that the arguments name.
func completeColumn(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	declared, err := gold.Declarations()
	if err != nil || len(args) == 0 {
		return nil, noFiles
	}
	name, _, _ := strings.Cut(args[0], "@")
	var out []string
	for _, t := range declared {
		if name != t.Name && name != t.Base() {
			continue
		}
		for _, c := range t.Columns {
			out = append(out, cobra.CompletionWithDesc(c.Name, c.Doc))
		}
	}
	return out, noFiles
}

// completeList offers words for the last place of a list with commas.
func completeList(of cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		out, directive := of(cmd, args, word)
		before := word[:strings.LastIndexByte(word, ',')+1]
		for i := range out {
			out[i] = before + out[i]
		}
		return out, directive | cobra.ShellCompDirectiveNoSpace
	}
}

// completeSelection offers what a selection may be made of: layers, tables, and the
// methods with their values. What stands before the last comma, and operators, stay.
func completeSelection(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	declared, checks, err := rules(nil)
	if err != nil {
		return nil, noFiles
	}
	start := strings.LastIndexAny(word, ",@+") + 1
	out := []string{"tag:pii", "severity:warn", "severity:error"}
	add := func(word string) {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	for _, t := range declared {
		add(t.Layer())
		add(cobra.CompletionWithDesc(t.Name, t.Doc))
	}
	for _, c := range checks {
		add("kind:" + string(c.Kind))
	}
	for i := range out {
		out[i] = word[:start] + out[i]
	}
	return out, noFiles
}
