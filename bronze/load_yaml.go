package bronze

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/smeltdata/smelt/pipeline"
)

// node is a value of a YAML text with its place: what the decoder sees of it.
// Aliases and merge keys are resolved; scalars keep the text as it was written,
// so that 1.50 and 007 stay themselves.
type node struct {
	kind      nodeKind
	line, col int
	text      string // of a scalar
	items     []*node
	pairs     []pair // in order, keys may repeat
}

type pair struct {
	key    *node // a scalar
	value  *node
	merged bool // came in by <<, so that a key of the mapping's own overrides it
}

type nodeKind uint8

const (
	nothing nodeKind = iota // no value at all
	textNode
	wordNode // a bare word of YAML: true, false, null, ~
	listNode
	mapNode
)

// String names the kind in errors.
func (k nodeKind) String() string {
	return [...]string{"nothing", "a text", "a word", "a list", "keys and values"}[k]
}

// The limits keep a text that is no configuration (a data file, a bomb of
// aliases) from being worked on for long.
const (
	maxText  = 1 << 20
	maxNodes = 100_000
	maxDepth = 100
)

// parseYAML returns the tree of a YAML text of one document. A text without
// one gives a node of kind nothing.
func parseYAML(name string, text []byte) (*node, error) {
	fail := func(line, col int, msg, hint string) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: name, Line: line, Col: col, Msg: msg, Hint: hint}
	}
	if len(text) > maxText {
		return nil, fail(0, 0, "is over 1 MiB: not a smelt.yml", "")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		for col := 1; len(line) > 0; col++ {
			r, size := utf8.DecodeRune(line)
			if r == utf8.RuneError && size == 1 {
				return nil, fail(i+1, col, "is not UTF-8", "save the file as UTF-8")
			}
			if r == 0 {
				return nil, fail(i+1, col, "holds a NUL byte: not a text file", "")
			}
			line = line[size:]
		}
	}
	if line, col := tooDeep(text); line > 0 {
		return nil, fail(line, col, fmt.Sprintf("is nested deeper than %d levels", maxDepth), "")
	}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			p := syntax.GetToken().Position
			return nil, fail(p.Line, p.Column, "YAML: "+syntax.GetMessage(), syntaxHint(syntax.GetMessage()))
		}
		return nil, fail(1, 1, "YAML: "+strings.SplitN(err.Error(), "\n", 2)[0], "")
	}
	c := converter{name: name, anchors: map[string]*node{}, fail: fail}
	var root *node
	for _, doc := range file.Docs {
		n, err := c.node(doc.Body, 0)
		if err != nil {
			return nil, err
		}
		if n.kind == nothing {
			continue
		}
		if root != nil {
			return nil, fail(n.line, n.col, "a second YAML document: want one", "")
		}
		root = n
	}
	if root == nil {
		root = &node{line: 1, col: 1}
	}
	return root, nil
}

// tooDeep finds where flow brackets nest deeper than maxDepth, roughly (quotes
// and comments are not looked at): the parser's time grows with the square.
func tooDeep(text []byte) (line, col int) {
	depth := 0
	for i, b := range text {
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > maxDepth {
			before := text[:i]
			return bytes.Count(before, []byte("\n")) + 1, i - bytes.LastIndexByte(before, '\n')
		}
	}
	return 0, 0
}

func syntaxHint(msg string) string {
	if strings.Contains(msg, "must be specified") || strings.Contains(msg, "not found") {
		return `inside { } and [ ], quote a text that holds brackets, braces or commas: "lookup[Key].Column"`
	}
	if strings.Contains(msg, "mapping value is not allowed") {
		return `check the indentation, and quote a text that holds ": "`
	}
	if strings.Contains(msg, "cannot start any token") {
		return "indent with blanks, and quote a text that begins with a sign"
	}
	return ""
}

// converter turns the parser's tree into nodes.
type converter struct {
	name    string
	anchors map[string]*node
	nodes   int
	fail    func(line, col int, msg, hint string) error
}

func (c *converter) node(from ast.Node, depth int) (*node, error) {
	if from == nil {
		return &node{line: 1, col: 1}, nil
	}
	tk := from.GetToken()
	n := &node{line: tk.Position.Line, col: tk.Position.Column}
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		return nil, c.fail(n.line, n.col, "is too large or nested too deeply for a smelt.yml", "")
	}
	switch from := from.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = textNode, tk.Value
	case *ast.LiteralNode:
		n.kind, n.text = textNode, from.Value.GetToken().Value
	case *ast.BoolNode:
		n.kind, n.text = wordNode, tk.Value
	case *ast.NullNode:
		if tk.Type != token.ImplicitNullType {
			n.kind, n.text = wordNode, tk.Value
		}
	case *ast.SequenceNode:
		n.kind = listNode
		for _, v := range from.Values {
			item, err := c.node(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case *ast.MappingNode:
		n.kind = mapNode
		for i, v := range from.Values {
			if err := c.pair(n, v, depth); err != nil {
				return nil, err
			}
			// A block mapping's own token is its first colon.
			if i == 0 && !from.IsFlowStyle {
				p := v.Key.GetToken().Position
				n.line, n.col = p.Line, p.Column
			}
		}
	case *ast.MappingValueNode:
		n.kind = mapNode
		p := from.Key.GetToken().Position
		n.line, n.col = p.Line, p.Column
		if err := c.pair(n, from, depth); err != nil {
			return nil, err
		}
	case *ast.AnchorNode:
		v, err := c.node(from.Value, depth+1)
		if err != nil {
			return nil, err
		}
		c.anchors[from.Name.GetToken().Value] = v
		return v, nil
	case *ast.AliasNode:
		v, ok := c.anchors[from.Value.GetToken().Value]
		if !ok {
			return nil, c.fail(n.line, n.col, fmt.Sprintf("no anchor &%s comes before *%[1]s", from.Value.GetToken().Value), "")
		}
		// The copy counts against the limits, whatever it holds.
		if c.nodes += v.size(); c.nodes > maxNodes {
			return nil, c.fail(n.line, n.col, "is too large for a smelt.yml", "")
		}
		return v, nil
	case *ast.CommentGroupNode:
	default:
		return nil, c.fail(n.line, n.col, "YAML tags and directives have no use here", "")
	}
	return n, nil
}

func (c *converter) pair(n *node, from *ast.MappingValueNode, depth int) error {
	value, err := c.node(from.Value, depth+1)
	if err != nil {
		return err
	}
	if _, ok := from.Key.(*ast.MergeKeyNode); ok {
		from := []*node{value}
		if value.kind == listNode {
			from = value.items
		}
		for _, v := range from {
			if v.kind != mapNode {
				return c.fail(value.line, value.col, "<< wants an alias of keys and values", "")
			}
			for _, p := range v.pairs {
				n.pairs = append(n.pairs, pair{p.key, p.value, true})
			}
		}
		return nil
	}
	inner := ast.Node(from.Key)
	if k, ok := inner.(*ast.MappingKeyNode); ok {
		inner = k.Value
	}
	key, err := c.node(inner, depth+1)
	if err != nil {
		return err
	}
	if key.kind != textNode && key.kind != wordNode {
		return c.fail(key.line, key.col, "a key must be a text", "")
	}
	n.pairs = append(n.pairs, pair{key: key, value: value})
	return nil
}

// size counts the nodes of a tree.
func (n *node) size() int {
	s := 1
	for _, i := range n.items {
		s += i.size()
	}
	for _, p := range n.pairs {
		s += 1 + p.value.size()
	}
	return s
}
