"""Reads semantic models with Microsoft's own library (TOM) and prints what it found
in each as a line of JSON. Arguments: the models' definition folders."""

import json
import os
import sys
import tempfile

import dotnetcore2
import pbi_cli
from clr_loader import get_coreclr
from pythonnet import set_runtime

runtime = os.path.join(os.path.dirname(dotnetcore2.__file__), "bin")
with tempfile.TemporaryDirectory() as folder:
    config = os.path.join(folder, "runtimeconfig.json")
    with open(config, "w") as f:
        json.dump({"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
                                      "configProperties": {"System.Globalization.Invariant": True}}}, f)
    set_runtime(get_coreclr(runtime_config=config, dotnet_root=runtime))
    import clr

sys.path.append(os.path.join(os.path.dirname(pbi_cli.__file__), "dlls"))
for library in ("Core", "Tabular", "Tabular.Json"):
    clr.AddReference("Microsoft.AnalysisServices." + library)
from Microsoft.AnalysisServices.Tabular import TmdlSerializer


def field(column):
    return f"'{column.Table.Name}'[{column.Name}]"


for folder in sys.argv[1:]:
    try:
        model = TmdlSerializer.DeserializeDatabaseFromFolder(folder).Model
    except Exception as refused:
        print(json.dumps({"Errors": [str(refused)]}))
        continue
    result = model.Validate()
    print(json.dumps({
        "Errors": [e.Message for e in result.Errors],
        "Expressions": {e.Name: e.Expression for e in model.Expressions},
        "Tables": [{
            "Name": t.Name, "Doc": t.Description, "Category": t.DataCategory,
            "Query": [p.Source.Expression for p in t.Partitions][0],
            "Columns": [{"Name": c.Name, "Doc": c.Description, "Type": str(c.DataType).lower(), "Format": c.FormatString, "Hidden": c.IsHidden,
                         "Key": c.IsKey, "Sum": str(c.SummarizeBy), "SortBy": c.SortByColumn.Name if c.SortByColumn else "",
                         "Category": c.DataCategory or "", "Source": c.SourceColumn} for c in t.Columns if str(c.Type) == "Data"],
            "Measures": [{"Name": m.Name, "Doc": m.Description, "DAX": m.Expression, "Format": m.FormatString, "Folder": m.DisplayFolder} for m in t.Measures],
            "Hierarchies": [{"Name": h.Name, "Levels": [l.Column.Name for l in h.Levels]} for h in t.Hierarchies],
        } for t in model.Tables],
        "Relationships": [f"{field(r.FromColumn)} {r.FromCardinality} {field(r.ToColumn)} {r.ToCardinality} {r.CrossFilteringBehavior} {r.IsActive}"
                          for r in model.Relationships],
    }))
