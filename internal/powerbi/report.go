package powerbi

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A report of Power BI is a folder of small JSON files (PBIR), one for each page and
// each visual. This is what its files have in common; what the pages show is in
// report_pages.go, how a chart becomes a visual in report_visual.go.

// schemas is where Microsoft keeps the schemas that the files name. The versions are
// those of August 2025: what opens in that release of Power BI Desktop opens in each
// later one, and not the other way round.
const schemas = "https://developer.microsoft.com/json-schemas/fabric/"

const (
	reportSchema  = schemas + "item/report/definition/report/3.0.0/schema.json"
	versionSchema = schemas + "item/report/definition/versionMetadata/1.0.0/schema.json"
	pagesSchema   = schemas + "item/report/definition/pagesMetadata/1.0.0/schema.json"
	pageSchema    = schemas + "item/report/definition/page/2.0.0/schema.json"
	visualSchema  = schemas + "item/report/definition/visualContainer/2.2.0/schema.json"
	mobileSchema  = schemas + "item/report/definition/visualContainerMobileState/2.2.0/schema.json"
	pbirSchema    = schemas + "item/report/definitionProperties/2.0.0/schema.json"
	itemSchema    = schemas + "gitIntegration/platformProperties/2.0.0/schema.json"
)

// report returns the files of the report on m, below "NAME.Report/", in a fixed order
// and with the same bytes for the same model. A visual of what m lacks is left out,
// and so is a page without a chart. Its paths are relative to the project's folder;
// an error is a bug of the pages or a name that cannot be written.
func report(m *Model) ([]File, error) {
	w := &writer{root: m.Name + ".Report/"}
	w.put(".platform", platformFile{
		Schema:   itemSchema,
		Metadata: platformMetadata{Type: "Report", DisplayName: m.Name},
		Config:   platformConfig{Version: "2.0", LogicalID: tag("report", m.Name)},
	})
	w.put("definition.pbir", pbirFile{
		Schema:  pbirSchema,
		Version: "4.0",
		Dataset: datasetReference{ByPath: byPath{Path: "../" + m.Name + ".SemanticModel"}},
	})
	w.put("StaticResources/RegisteredResources/"+themeName, theme())
	w.put("definition/version.json", versionFile{Schema: versionSchema, Version: "2.0.0"})
	w.put("definition/report.json", reportFile{
		Schema: reportSchema,
		Themes: themeCollection{Custom: themeMetadata{
			Name: themeName, Type: "RegisteredResources",
			Version: themeVersion{Visual: "2.2.0", Report: "3.0.0", Page: "2.0.0"},
		}},
		Resources: []resourcePackage{{
			Name: "RegisteredResources", Type: "RegisteredResources",
			Items: []resourceItem{{Name: themeName, Path: themeName, Type: "CustomTheme"}},
		}},
		// The filters are the slicers; the pane stays there, folded.
		Objects: map[string][]object{"outspacePane": {{Properties: props{"expanded": yes(false)}}}},
		Settings: reportSettings{
			EnhancedTooltips: true, StylableHeaders: true, DrillFilters: true,
			Export: "AllowSummarized", ChangeFilterTypes: true,
		},
	})

	order := pagesFile{Schema: pagesSchema}
	for _, p := range pages() {
		visuals := p.visuals(m)
		if visuals == nil {
			continue
		}
		order.Order = append(order.Order, p.name)
		dir := "definition/pages/" + p.name + "/"
		w.put(dir+"page.json", pageFile{
			Schema: pageSchema, Name: p.name, Title: p.title, Option: "FitToPage", Height: pageHeight, Width: pageWidth,
		})
		for _, v := range visuals {
			w.put(dir+"visuals/"+v.Name+"/visual.json", v.visualFile)
			w.put(dir+"visuals/"+v.Name+"/mobile.json", v.phone)
		}
	}
	if len(order.Order) > 0 {
		order.Active = order.Order[0]
	}
	w.put("definition/pages/pages.json", order)
	return w.files, w.err
}

// writer collects files, and the first error.
type writer struct {
	root  string
	files []File
	err   error
}

func (w *writer) put(path string, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil && w.err == nil {
		w.err = fmt.Errorf("%s%s: %w", w.root, path, err)
	}
	w.files = append(w.files, File{Path: w.root + path, Data: b.Bytes()})
}

// The files, as their schemas have them.

type platformFile struct {
	Schema   string           `json:"$schema"`
	Metadata platformMetadata `json:"metadata"`
	Config   platformConfig   `json:"config"`
}

type platformMetadata struct {
	Type        string `json:"type"`
	DisplayName string `json:"displayName"`
}

type platformConfig struct {
	Version   string `json:"version"`
	LogicalID string `json:"logicalId"`
}

type pbirFile struct {
	Schema  string           `json:"$schema"`
	Version string           `json:"version"`
	Dataset datasetReference `json:"datasetReference"`
}

type datasetReference struct {
	ByPath byPath `json:"byPath"`
}

type byPath struct {
	Path string `json:"path"`
}

type versionFile struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
}

type reportFile struct {
	Schema    string              `json:"$schema"`
	Themes    themeCollection     `json:"themeCollection"`
	Objects   map[string][]object `json:"objects"`
	Resources []resourcePackage   `json:"resourcePackages"`
	Settings  reportSettings      `json:"settings"`
}

type themeCollection struct {
	Custom themeMetadata `json:"customTheme"`
}

type themeMetadata struct {
	Name    string       `json:"name"`
	Version themeVersion `json:"reportVersionAtImport"`
	Type    string       `json:"type"`
}

type themeVersion struct {
	Visual string `json:"visual"`
	Report string `json:"report"`
	Page   string `json:"page"`
}

type resourcePackage struct {
	Name  string         `json:"name"`
	Type  string         `json:"type"`
	Items []resourceItem `json:"items"`
}

type resourceItem struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Type string `json:"type"`
}

type reportSettings struct {
	StylableHeaders   bool   `json:"useStylableVisualContainerHeader"`
	Export            string `json:"exportDataMode"`
	DrillFilters      bool   `json:"defaultDrillFilterOtherVisuals"`
	ChangeFilterTypes bool   `json:"allowChangeFilterTypes"`
	EnhancedTooltips  bool   `json:"useEnhancedTooltips"`
}

type pagesFile struct {
	Schema string   `json:"$schema"`
	Order  []string `json:"pageOrder"`
	Active string   `json:"activePageName,omitempty"`
}

type pageFile struct {
	Schema string `json:"$schema"`
	Name   string `json:"name"`
	Title  string `json:"displayName"`
	Option string `json:"displayOption"`
	Height int    `json:"height"`
	Width  int    `json:"width"`
}

type mobileFile struct {
	Schema   string              `json:"$schema"`
	Position position            `json:"position"`
	Objects  map[string][]object `json:"objects,omitempty"` // what differs from the visual's own
}
