package powerbi

// themeName names the theme, its file and the reference to it, which must all agree.
const themeName = "smelt.json"

// The colours of smelt's own pages (internal/pagekit/files/base.css).
const (
	colourGround = "#f4f6f6"
	colourPaper  = "#ffffff"
	colourInk    = "#16211f"
	colourSoft   = "#52605e"
	colourLine   = "#dde3e2"
	colourAccent = "#0b5563"
	colourTint   = "#e3eff1"
	colourPass   = "#1d6b46"
	colourWarn   = "#855300"
	colourError  = "#ad1f24"
	colourBronze = "#a8703a"
	colourSilver = "#8b979c"
	colourGold   = "#c39a1c"
	colourSky    = "#78c6d3" // the accent of the dark page
	colourIdle   = "#5b6866"
)

// themeFile is a report theme: what each visual looks like that says nothing else.
type themeFile struct {
	Name         string                                            `json:"name"`
	DataColors   []string                                          `json:"dataColors"`
	Foreground   string                                            `json:"foreground"`
	Soft         string                                            `json:"foregroundNeutralSecondary"`
	Background   string                                            `json:"background"`
	Light        string                                            `json:"backgroundLight"`
	Neutral      string                                            `json:"backgroundNeutral"`
	TableAccent  string                                            `json:"tableAccent"`
	Hyperlink    string                                            `json:"hyperlink"`
	Good         string                                            `json:"good"`
	Middle       string                                            `json:"neutral"`
	Bad          string                                            `json:"bad"`
	Maximum      string                                            `json:"maximum"`
	Center       string                                            `json:"center"`
	Minimum      string                                            `json:"minimum"`
	TextClasses  map[string]textClass                              `json:"textClasses"`
	VisualStyles map[string]map[string]map[string][]map[string]any `json:"visualStyles"`
}

type textClass struct {
	FontFace string `json:"fontFace"`
	FontSize int    `json:"fontSize"`
	Color    string `json:"color"`
}

// theme returns the report's theme: white cards on a pale ground, one accent, and the
// three metals of the layers for series beside it.
func theme() themeFile {
	solid := func(c string) map[string]any { return map[string]any{"solid": map[string]any{"color": c}} }
	style := func(objects map[string][]map[string]any) map[string]map[string][]map[string]any {
		return map[string]map[string][]map[string]any{"*": objects}
	}
	bare := style(map[string][]map[string]any{
		"background": {{"show": false}},
		"border":     {{"show": false}},
		"title":      {{"show": false}},
	})
	dense := style(map[string][]map[string]any{"grid": {{"textSize": 9, "rowPadding": 2, "gridHorizontalColor": solid(colourLine)}}})
	return themeFile{
		Name: themeName,
		DataColors: []string{
			colourAccent, colourBronze, colourSky, colourGold, colourPass, colourSilver, colourError, colourIdle,
		},
		Foreground: colourInk, Soft: colourSoft,
		Background: colourPaper, Light: colourGround, Neutral: colourLine,
		TableAccent: colourAccent, Hyperlink: colourAccent,
		Good: colourPass, Middle: colourWarn, Bad: colourError,
		Maximum: colourAccent, Center: colourSky, Minimum: colourTint,
		TextClasses: map[string]textClass{
			"label":   {FontFace: "Segoe UI", FontSize: 9, Color: colourInk},
			"title":   {FontFace: "Segoe UI Semibold", FontSize: 11, Color: colourInk},
			"header":  {FontFace: "Segoe UI Semibold", FontSize: 10, Color: colourInk},
			"callout": {FontFace: "Segoe UI Semibold", FontSize: 20, Color: colourInk},
		},
		VisualStyles: map[string]map[string]map[string][]map[string]any{
			"*": style(map[string][]map[string]any{
				"background": {{"show": true, "color": solid(colourPaper), "transparency": 0}},
				"border":     {{"show": true, "color": solid(colourLine), "radius": 6}},
				// What the axes are of stands in the title.
				"categoryAxis": {{"showAxisTitle": false}},
				"valueAxis":    {{"showAxisTitle": false, "gridlineColor": solid(colourLine)}},
				"title":        {{"show": true, "fontColor": solid(colourInk), "fontFamily": "Segoe UI Semibold", "fontSize": 11, "titleWrap": true}},
			}),
			"page": style(map[string][]map[string]any{
				"background": {{"color": solid(colourGround), "transparency": 0}},
				"outspace":   {{"color": solid(colourGround), "transparency": 0}},
			}),
			"scatterChart": style(map[string][]map[string]any{
				"categoryAxis": {{"showAxisTitle": true}},
				"valueAxis":    {{"showAxisTitle": true}},
			}),
			"pivotTable":    dense,
			"tableEx":       dense,
			"textbox":       bare,
			"pageNavigator": bare,
		},
	}
}
