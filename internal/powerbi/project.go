package powerbi

import (
	"bytes"
	"encoding/json"
)

// Files returns the files of the project: NAME.pbip,
// which Power BI Desktop opens, the semantic model and the report on it.
func Files(m *Model) ([]File, error) {
	model := m.Name + ".SemanticModel/"
	const schemas = "https://developer.microsoft.com/json-schemas/fabric/"
	type object = map[string]any
	var out []File
	var failed error
	add := func(path string, content any) {
		text, ok := content.(string)
		if !ok {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(content); err != nil && failed == nil {
				failed = err
			}
			text = b.String()
		}
		out = append(out, File{Path: path, Data: []byte(text)})
	}
	// What Power BI Desktop puts there beside the text is somebody's settings, and the data.
	add(".gitignore", "**/.pbi/localSettings.json\n**/.pbi/cache.abf\n")
	add(m.Name+".pbip", object{
		"$schema": schemas + "pbip/pbipProperties/1.0.0/schema.json", "version": "1.0",
		"artifacts": []object{{"report": object{"path": m.Name + ".Report"}}},
		"settings":  object{"enableAutoRecovery": true},
	})
	add(model+".platform", object{
		"$schema":  schemas + "gitIntegration/platformProperties/2.0.0/schema.json",
		"metadata": object{"type": "SemanticModel", "displayName": m.Name},
		"config":   object{"version": "2.0", "logicalId": tag("model", m.Name)},
	})
	add(model+"definition.pbism", object{
		"$schema": schemas + "item/semanticModel/definitionProperties/1.0.0/schema.json", "version": "4.2", "settings": object{},
	})
	add(model+"definition/database.tmdl", databaseTMDL())
	add(model+"definition/model.tmdl", modelTMDL(m))
	add(model+"definition/expressions.tmdl", expressionsTMDL(m))
	add(model+"definition/relationships.tmdl", relationshipsTMDL(m))
	for _, t := range m.Tables {
		add(model+"definition/tables/"+t.Name+".tmdl", tableTMDL(t))
	}
	pages, err := report(m)
	if failed == nil {
		failed = err
	}
	return append(out, pages...), failed
}
