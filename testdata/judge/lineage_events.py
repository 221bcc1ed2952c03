"""Judges OpenLineage events, a file of JSON lines.

    lineage_events.py EVENTS [SPEC]

OpenLineage's own client, whose classes are generated from the published schemas,
takes each event and each facet: every key and every type must be one that its
class has, the schema's address that of the class. Runs must begin and end once,
and what facets name must be there. With SPEC, the folder spec of OpenLineage's
repository, each event and each facet is validated against the schema that it
names, too. The judge then breaks events on purpose, and must refuse them.
"""
import copy
import enum
import inspect
import json
import pathlib
import sys
import types
import typing

import attr
import jsonschema
import referencing
from openlineage.client import facet_v2
from openlineage.client.generated import base

modules = [m for _, m in inspect.getmembers(facet_v2, inspect.ismodule)] + [base]
classes = {c._get_schema(): c for m in modules for _, c in inspect.getmembers(m, inspect.isclass) if attr.has(c) and "_get_schema" in vars(c)}

# What the specification calls the facets.
keys = {
    "processing_engine": "ProcessingEngineRunFacet", "parent": "ParentRunFacet", "errorMessage": "ErrorMessageRunFacet",
    "jobType": "JobTypeJobFacet", "documentation": ("DocumentationJobFacet", "DocumentationDatasetFacet"), "schema": "SchemaDatasetFacet",
    "version": "DatasetVersionDatasetFacet", "datasetType": "DatasetTypeDatasetFacet", "storage": "StorageDatasetFacet",
    "lifecycleStateChange": "LifecycleStateChangeDatasetFacet", "columnLineage": "ColumnLineageDatasetFacet",
    "tags": ("TagsRunFacet", "TagsDatasetFacet"), "inputStatistics": "InputStatisticsInputDatasetFacet", "subset": "InputSubsetInputDatasetFacet",
    "outputStatistics": "OutputStatisticsOutputDatasetFacet", "dataQualityAssertions": "DataQualityAssertionsDatasetFacet",
}


class Wrong(Exception):
    pass


def need(so, what):
    if not so:
        raise Wrong(what)


def make(kind, value, at):
    """Makes a value of a class or type, and takes nothing else for it."""
    origin = typing.get_origin(kind)
    if kind is typing.Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in typing.get_args(kind):
            return None
        kinds, wrongs = [k for k in typing.get_args(kind) if k is not type(None)], []
        for one in kinds:
            try:
                return make(one, value, at)
            except Wrong as w:
                wrongs.append(str(w))
        raise Wrong("; ".join(wrongs))
    if origin is list:
        need(isinstance(value, list), f"{at}: no list")
        return [make(typing.get_args(kind)[0], v, f"{at}[{i}]") for i, v in enumerate(value)]
    if origin is dict:
        need(isinstance(value, dict), f"{at}: no object")
        return {k: facet(k, v, f"{at}.{k}", typing.get_args(kind)[1]) for k, v in value.items()}
    if attr.has(kind):
        need(isinstance(value, dict), f"{at}: no object")
        attr.resolve_types(kind)
        fields = {a.name: a for a in attr.fields(kind)}
        for k in value:
            need(k in fields, f"{at}: {kind.__name__} has no {k}")
        arguments = {}
        for name, a in fields.items():
            if name in value:
                made = make(a.type, value[name], f"{at}.{name}")
                if a.init:
                    arguments[a.alias] = made
            else:
                need(a.default is not attr.NOTHING, f"{at}: {kind.__name__} lacks {name}")
        try:
            return kind(**arguments)
        except (ValueError, TypeError) as e:
            raise Wrong(f"{at}: {e}")
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        need(value in [e.value for e in kind], f"{at}: {value} is no {kind.__name__}")
        return kind(value)
    ok = type(value) is kind or kind is float and type(value) is int
    need(ok, f"{at}: {str(value)[:80]!r} is no {kind.__name__}")
    return value


def facet(key, value, at, kind):
    """Makes a value of an object: of a facet its class is what its schema says."""
    if not (inspect.isclass(kind) and issubclass(kind, base.BaseFacet)):
        return make(kind, value, at)
    need(isinstance(value, dict) and "_schemaURL" in value and "_producer" in value, f"{at}: no facet")
    cls = classes.get(value["_schemaURL"])
    need(cls is not None, f"{at}: the client knows no {value['_schemaURL']}")
    need(issubclass(cls, kind), f"{at}: {cls.__name__} is no {kind.__name__}")
    names = keys.get(key, ())
    need(cls.__name__ in ((names,) if isinstance(names, str) else names), f"{at}: a {cls.__name__} is not called {key}")
    return make(cls, value, at)


def sound(event, at):
    """What the classes do not say: facets name what is there."""
    need(event["schemaURL"] == base.RunEvent._get_schema(), f"{at}: {event['schemaURL']}")
    need("eventType" in event, f"{at}: no state")
    inputs = {(d["namespace"], d["name"]): d for d in event["inputs"]}
    need(len(inputs) == len(event["inputs"]), f"{at}: an input is there twice")
    for d in event["inputs"] + event["outputs"]:
        need(d["namespace"] == "file" and d["name"].startswith("/"), f"{at}: {d['name']}")
    for d in event["outputs"]:
        facets = d.get("facets", {})
        columns = [f["name"] for f in facets.get("schema", {"fields": []})["fields"]]
        made = facets.get("columnLineage", {"fields": {}})
        for column, of in made["fields"].items():
            need(column in columns, f"{at}: {column} is no column of {d['name']}")
            need(of["inputFields"], f"{at}: {column} is made of nothing")
        for f in [f for of in made["fields"].values() for f in of["inputFields"]] + made.get("dataset", []):
            source = inputs.get((f["namespace"], f["name"]))
            need(source is not None, f"{at}: {f['name']} is no input")
            fields = source.get("facets", {}).get("schema", {"fields": None})["fields"]
            need(fields is None or f["field"] in [c["name"] for c in fields], f"{at}: {f['name']} has no {f['field']}")
            kinds = {"DIRECT": ["IDENTITY", "TRANSFORMATION", "AGGREGATION"], "INDIRECT": ["JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"]}
            for t in f["transformations"]:
                need(t["subtype"] in kinds.get(t["type"], []), f"{at}: {t}")


def whole(events):
    """Runs begin and end once, the parent of each begins before it."""
    state = {}
    for i, e in enumerate(events):
        run = e["run"]["runId"]
        begins = e["eventType"] == "START"
        need(begins == (run not in state), f"event {i}: {e['eventType']} of a run that was {state.get(run)}")
        need(begins or state[run] == "START", f"event {i}: a second end")
        state[run] = e["eventType"]
    return [r for r, s in state.items() if s == "START"]


class Schemas:
    """The published schemas of a folder."""

    def __init__(self, folder):
        self.files, resources = {}, []
        for path in [pathlib.Path(folder, "OpenLineage.json"), *sorted(pathlib.Path(folder, "facets").glob("*.json"))]:
            text = json.loads(path.read_text())
            self.files[text["$id"]] = text
            resources.append((text["$id"], referencing.Resource.from_contents(text)))
        self.registry = referencing.Registry().with_resources(resources)
        self.formats = jsonschema.FormatChecker(["uuid", "uri", "date-time"])

    def against(self, schema, value, at):
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema, registry=self.registry, format_checker=self.formats).iter_errors(value))
        need(error is None, f"{at}: {error and error.json_path}: {error and error.message[:200]}")

    def judge(self, event, at):
        self.against({"$ref": "https://openlineage.io/spec/2-0-2/OpenLineage.json"}, event, at)
        self.against({"$ref": event["schemaURL"]}, event, at)
        for where in [event["run"], event["job"], *event["inputs"], *event["outputs"]]:
            for facets in [where.get(k, {}) for k in ("facets", "inputFacets", "outputFacets")]:
                for key, value in facets.items():
                    self.against({"$ref": value["_schemaURL"]}, value, f"{at}.{key}")
                    self.against({"$ref": value["_schemaURL"].split("#")[0]}, {key: value}, f"{at}: {key}")
                    file = self.files[value["_schemaURL"].split("#")[0]]
                    need(key in file["properties"], f"{at}: {key} is not in {file['$id']}")


def judge(event, at, schemas):
    make(base.RunEvent, event, at)
    sound(event, at)
    if schemas:
        schemas.judge(event, at)


def breaks(events):
    """Broken copies of events."""
    def changed(event, *path, to):
        event = copy.deepcopy(event)
        inner = event
        for p in path[:-1]:
            inner = inner[p]
        if to is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = to
        return event

    e = events[0]
    yield changed(e, "eventType", to="DONE")
    yield changed(e, "eventTime", to="yesterday")
    yield changed(e, "run", "runId", to="0123")
    yield changed(e, "job", "namespace", to=None)
    yield changed(e, "job", "facets", "jobType", "processingType", to=None)
    yield changed(e, "job", "facets", "jobType", "_schemaURL", to="https://openlineage.io/spec/facets/9-9-9/JobTypeJobFacet.json#/$defs/JobTypeJobFacet")
    yield changed(e, "run", "facets", "engine", to=e["run"]["facets"]["processing_engine"])
    for e in events:
        for i, d in enumerate(e["outputs"]):
            at = ["outputs", i]
            yield changed(e, *at, "outputFacets", "outputStatistics", "rowCount", to="7")
            yield changed(e, *at, "facets", "schema", "fields", 0, "name", to=None)
            yield changed(e, *at, "facets", "schema", "fields", 0, "length", to=3)
            yield changed(e, *at, "facets", "outputStatistics", to=d["outputFacets"]["outputStatistics"])
            lineage = d["facets"].get("columnLineage")
            if lineage:
                column = min(lineage["fields"])
                yield changed(e, *at, "facets", "columnLineage", "fields", column, "inputFields", 0, "name", to="/elsewhere")
                yield changed(e, *at, "facets", "columnLineage", "fields", column, "inputFields", 0, "transformations", 0, "subtype", to="MAGIC")
                return


def main(path, spec=None):
    schemas = Schemas(spec) if spec else None
    events = [json.loads(line) for line in open(path)]
    need(events, "no events")
    for i, e in enumerate(events):
        judge(e, f"event {i}", schemas)
    open_runs = whole(events)
    broken = 0
    for e in breaks(events):
        broken += 1
        try:
            judge(e, "broken", schemas)
        except Wrong:
            continue
        raise Wrong(f"broken event {broken} is taken")
    facets = sum(len(x.get(k, {})) for e in events for x in [e["run"], e["job"], *e["inputs"], *e["outputs"]] for k in ("facets", "inputFacets", "outputFacets"))
    print(f"{len(events)} events with {facets} facets, {len(open_runs)} runs not ended; {'by the published schemas too' if schemas else 'by the client alone'}; {broken} broken ones refused")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Wrong as w:
        sys.exit(f"wrong: {w}")
