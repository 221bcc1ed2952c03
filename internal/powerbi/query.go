package powerbi

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Kinds of Source.
const (
	Local      = "local"      // a folder that Power BI Desktop, or a gateway, sees
	ADLS       = "adls"       // Azure Data Lake Storage Gen2
	Databricks = "databricks" // a SQL warehouse, and the tables that smelt register made
)

// Source is where Power BI reads the tables. Queries take it from parameters, so
// that another place needs no other model.
type Source struct {
	Kind     string
	Location string // Local: a folder; ADLS: https://account.dfs.core.windows.net/container/folder; Databricks: the workspace's host
	Parquet  bool   // the tables are folders of Parquet files, not Delta tables
	HTTPPath string // Databricks: of the warehouse
	Catalog  string // Databricks
	Prefix   string // Databricks: put before the schemas silver and gold
}

// check returns an error where Power BI could not read from s.
func (s Source) check() error {
	fail := func(value, msg, hint string) error {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Value: value, Msg: msg, Hint: hint}
	}
	switch s.Kind {
	case Local:
		if s.Location == "" {
			return fail("", "which folder does Power BI find the lake in?", "--location names it")
		}
	case ADLS:
		u, err := url.Parse(s.Location)
		if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") == "" || u.User != nil || u.RawQuery != "" {
			return fail(s.Location, "not a folder of Azure Data Lake Storage", "--location is as in https://account.dfs.core.windows.net/container/lake")
		}
	case Databricks:
		if s.Location == "" || strings.ContainsAny(s.Location, "/ ") {
			return fail(s.Location, "not a host of a Databricks workspace", "--host is as in adb-123.4.azuredatabricks.net")
		}
		if !strings.HasPrefix(s.HTTPPath, "/") {
			return fail(s.HTTPPath, "not the HTTP path of a SQL warehouse", "--warehouse is its id")
		}
		if s.Catalog == "" {
			return fail("", "which catalog are the tables in?", "--catalog names it")
		}
	default:
		return fail(s.Kind, "no source of a Power BI project", "sources are local, adls and databricks")
	}
	return nil
}

// parameters are what the queries read from.
func (s Source) parameters() []Expression {
	parameter := func(name, doc, value string) Expression {
		return Expression{Name: name, Doc: doc, Parameter: true, M: text(value) + ` meta [IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = true]`}
	}
	switch s.Kind {
	case ADLS:
		return []Expression{parameter("Location", "Folder of the lake in Azure Data Lake Storage.", strings.TrimRight(s.Location, "/"))}
	case Databricks:
		return []Expression{
			parameter("Location", "Host of the Databricks workspace.", s.Location),
			parameter("HttpPath", "HTTP path of the SQL warehouse.", s.HTTPPath),
			parameter("Catalog", "Catalog of the tables.", s.Catalog),
		}
	}
	return []Expression{parameter("Location", `Folder of the lake, as in C:\shop\lake.`, strings.TrimRight(s.Location, `/\`))}
}

// query is the M that reads a table. Each query stands alone: the service
// refreshes what it reads from parameters, but not what a function is told.
func (s Source) query(layer string, t Table) string {
	var names, types []string
	for _, c := range t.Columns {
		names = append(names, text(c.Name))
		types = append(types, fmt.Sprintf("{%s, %s}", text(c.Name), mTypes[c.Type]))
	}
	list := func(items []string) string { return "{\n        " + strings.Join(items, ",\n        ") + "\n    }" }
	steps := slices.Concat(s.steps(layer, t.Name), []string{
		"Columns = Table.SelectColumns(Rows, " + list(names) + ")",
		"Types = Table.TransformColumnTypes(Columns, " + list(types) + `, "en-US")`,
	})
	return "let\n    " + strings.Join(steps, ",\n    ") + "\nin\n    Types"
}

// steps are the steps of a query up to the table as it is, Rows.
func (s Source) steps(layer, table string) []string {
	switch {
	case s.Kind == Databricks:
		return []string{
			`Workspace = Databricks.Catalogs(Location, HttpPath, [Catalog = null, Database = null, EnableAutomaticProxyDiscovery = null])`,
			`Database = Workspace{[Name = Catalog, Kind = "Database"]}[Data]`,
			fmt.Sprintf(`Schema = Database{[Name = %s, Kind = "Schema"]}[Data]`, text(s.Prefix+layer)),
			fmt.Sprintf(`Rows = Schema{[Name = %s, Kind = "Table"]}[Data]`, text(table)),
		}
	case s.Kind == ADLS && s.Parquet:
		return parquet(fmt.Sprintf(`AzureStorage.DataLake(Location & "/%s/%s")`, layer, table))
	case s.Kind == ADLS:
		return []string{
			fmt.Sprintf(`Folder = AzureStorage.DataLake(Location & "/%s/%s", [HierarchicalNavigation = true])`, layer, table),
			`Rows = DeltaLake.Table(Folder)`,
		}
	case s.Parquet:
		return parquet(fmt.Sprintf(`Folder.Files(Location & "\%s\%s")`, layer, table))
	}
	return []string{
		fmt.Sprintf(`Folder = Folder.Contents(Location & "\%s\%s")`, layer, table),
		`Rows = DeltaLake.Table(Folder)`,
	}
}

// parquet are the steps that put the part files of a listing together.
func parquet(listing string) []string {
	return []string{
		"Files = " + listing,
		`Parts = Table.SelectRows(Files, each [Extension] = ".parquet" and not Text.StartsWith([Name], "_") and not Text.StartsWith([Name], "."))`,
		"Rows = Table.Combine(List.Transform(Parts[Content], each Parquet.Document(_)))",
	}
}

// mTypes are the types of M that columns are brought to. Currency.Type is exact.
var mTypes = map[Type]string{Text: "type text", Whole: "Int64.Type", Money: "Currency.Type", Fraction: "type number", DateTime: "type date", Bool: "type logical"}

// text writes a text of M.
func text(s string) string {
	return `"` + strings.NewReplacer(`"`, `""`, "#(", "#(#)(", "\n", "#(lf)", "\r", "#(cr)", "\t", "#(tab)").Replace(s) + `"`
}
