package dbtproject

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// plain are texts that YAML reads as texts without quotes, in a flow too.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_ .()/+*=<>−–×÷…%'’–-]*$`)

// words that YAML reads as something else.
var words = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

// scalar writes a text as a YAML value.
func scalar(s string) string {
	switch {
	case plain.MatchString(s) && !strings.HasSuffix(s, " ") && !slices.Contains(words, strings.ToLower(s)):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		text, _ := json.Marshal(s) // a text always can be, and JSON is YAML
		return string(text)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// described writes a description, which dbt reads as Jinja, in a block of its own
// where it is not plain.
func described(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "{#") {
		s = "{% raw %}" + s + "{% endraw %}"
	}
	if !strings.Contains(s, ": ") && !strings.Contains(s, " #") && s != "" && sentence.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	return scalar(s)
}

// sentence are texts that YAML reads as they are outside of a flow.
var sentence = regexp.MustCompile(`^\pL[^\pC]*[^\pC: ]$`)

// flow writes texts as a YAML list in one line.
func flow(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = scalar(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
