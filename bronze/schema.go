package bronze

import (
	"encoding/json"
	"maps"
)

// ConfigSchema returns the JSON Schema (draft 2020-12) of smelt.yml, for
// editors: a first line "# yaml-language-server: $schema=FILE" names it. It
// says less than LoadMapping checks: which keys and columns there are, what
// they mean and what form their values have.
func ConfigSchema() []byte {
	s := &schemas{defs: object{}}
	root := mappingBlock.schema(s)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "smelt.yml"
	root["description"] = "How a shop's files become the bronze tables, and by which rules silver and gold work on them."
	root["$defs"] = s.defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("bronze: " + err.Error()) // a declaration holds what JSON cannot: a bug
	}
	return append(out, '\n')
}

// object is a JSON object.
type object = map[string]any

// schemas collects the definitions that a schema refers to.
type schemas struct{ defs object }

// define returns a reference to a definition, built the first time.
func (s *schemas) define(name string, build func() object) object {
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = nil // for a definition that refers to itself
		s.defs[name] = build()
	}
	return object{"$ref": "#/$defs/" + name}
}

// schema describes the block's keys in place.
func (b *block[T]) schema(s *schemas) object {
	properties := object{}
	var needed []any
	for _, k := range b.keys {
		o := maps.Clone(k.describe(s))
		o["description"] = k.doc
		switch k.value {
		case required:
			needed = append(needed, k.name)
		default:
			o["description"] = k.doc + " Default: " + k.value + "."
		}
		properties[k.name] = o
	}
	o := object{"type": "object", "description": b.doc, "properties": properties, "additionalProperties": false}
	if needed != nil {
		o["required"] = needed
	}
	if b.more != nil {
		b.more(s, o)
	}
	return o
}

// schemaOf refers to a block's description.
func schemaOf[T any](s *schemas, b *block[T]) object {
	return s.define(b.name, func() object { return b.schema(s) })
}
