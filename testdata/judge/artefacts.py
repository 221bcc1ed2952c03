"""dbt's own world reads the artefacts that smelt docs writes.

    artefacts.py TARGET...

A TARGET is a folder of manifest.json, catalog.json, run_results.json and
sources.json. They are held against the JSON schemas of dbt-core's classes, loaded
by them, and parsed by dbt-artifacts-parser, which forbids what it does not know.
OpenLineage's dbt processor makes events of them. Where the folder has a file want,
of lines "fact<TAB>value", dbt ls takes the folder as --state too, and lists the
manifest's own nodes by its selectors; then all these facts must come out.
"""
import collections
import contextlib
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

import jsonschema
from dbt.artifacts.resources import Documentation, Exposure, GenericTest, Macro, Model, SourceDefinition
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest, build_node_edges
from dbt_artifacts_parser import parser
from openlineage.common.provider.dbt.local import DbtLocalArtifactProcessor

PROFILE = "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb, threads: 1}\n"


def main():
    wrong = 0
    for arg in sys.argv[1:]:
        target = pathlib.Path(arg).resolve()
        want = target / "want"
        facts = judge(target, want.exists())
        for k, v in facts.items():
            print(f"{target.name}: {k}\t{v}")
        for line in want.read_text(encoding="utf-8").splitlines() if want.exists() else ():
            fact, value = line.split("\t")
            if str(facts.get(fact)) != value:
                wrong += 1
                print(f"{target.name}: {fact} is {facts.get(fact)}, want {value}", file=sys.stderr)
    if wrong:
        sys.exit(f"{wrong} facts are wrong")


def judge(target, selectors):
    facts = {}
    parsed = {
        "manifest": (WritableManifest, parser.parse_manifest_v12),
        "catalog": (CatalogArtifact, parser.parse_catalog_v1),
        "run_results": (RunResultsArtifact, parser.parse_run_results_v6),
        "sources": (FreshnessExecutionResultArtifact, parser.parse_sources_v3),
    }
    loaded, raw = {}, {}
    for name, (dbt, parse) in parsed.items():
        path = target / f"{name}.json"
        text = path.read_text(encoding="utf-8")
        raw[name] = json.loads(text, object_pairs_hook=unique)
        # JSON schema of dbt's classes: no field too many, none of a wrong type.
        faults = list(jsonschema.Draft202012Validator(dbt.json_schema()).iter_errors(raw[name]))
        for f in faults[:5]:
            print(f"{name}.json: {'/'.join(map(str, f.absolute_path))}: {best(f)}", file=sys.stderr)
        if faults:
            sys.exit(f"{name}.json: {len(faults)} faults against dbt's schema")
        try:
            loaded[name] = dbt.read_and_check_versions(str(path))
            parse(json.loads(text))
        except Exception as e:
            while e.__context__:
                e = e.__context__
            sys.exit(f"{name}.json: {str(e)[:1000]}")
        if name != "manifest":
            same(name, raw[name], loaded[name].to_dict(omit_none=False))
    nodes(raw["manifest"], loaded["manifest"])
    manifest = Manifest.from_writable_manifest(loaded["manifest"])
    edges(raw["manifest"], manifest)
    catalogued(raw)
    facts["models"] = len([n for n in raw["manifest"]["nodes"] if n.startswith("model.")])
    facts["tests"] = len([n for n in raw["manifest"]["nodes"] if n.startswith("test.")])
    facts["results"] = " ".join(f"{k} {n}" for k, n in sorted(collections.Counter(r["status"] for r in raw["run_results"]["results"]).items()))
    with tempfile.TemporaryDirectory() as dir:
        dir = pathlib.Path(dir)
        project(dir, raw["manifest"]["metadata"]["project_name"])
        if selectors:
            facts |= as_state(dir, target)
            facts |= listed(dir, target, manifest)
        facts |= openlineage(dir, target)
    return facts


def unique(pairs):
    """A JSON object in which no key stands twice."""
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        sys.exit(f"a key stands twice among {keys[:10]}")
    return dict(pairs)


def best(fault):
    """What is wrong, of a union the alternative that comes nearest."""
    found = jsonschema.exceptions.best_match(fault.context) if fault.context else fault
    return f"{'/'.join(map(str, found.absolute_path))} {found.message}"[:400]


def same(name, ours, theirs, path=""):
    """What dbt would write of what it has read has every value of ours, and no field more."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for k in sorted(set(ours) | set(theirs)):
            if k in theirs and k not in ours and not theirs[k]:
                continue  # such as compiled: dbt leaves it out where it is false
            if (k in ours) != (k in theirs):
                sys.exit(f"{name}.json: {path}/{k} is there only {'here' if k in ours else 'in what dbt writes'}")
            same(name, ours[k], theirs[k], f"{path}/{k}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            sys.exit(f"{name}.json: {path}: {ours} and {theirs}")
        for i, (a, b) in enumerate(zip(ours, theirs)):
            same(name, a, b, f"{path}/{i}")
    elif ours != theirs and not (isinstance(ours, str) and isinstance(theirs, str) and ours[:19] == theirs[:19] and ours[4:5] == "-"):
        sys.exit(f"{name}.json: {path}: {ours!r}, which dbt writes as {theirs!r}")


def nodes(raw, loaded):
    """Each node is one of its class, and dbt would write it as it stands. dbt takes
    every test that it reads for a singular one, so those are put in its place."""
    for kind, cls in (("macros", Macro), ("docs", Documentation), ("exposures", Exposure), ("sources", SourceDefinition), ("nodes", None)):
        for id, node in raw[kind].items():
            read = (cls or {"model": Model, "test": GenericTest}[node["resource_type"]]).from_dict(node)
            same("manifest", node, read.to_dict(omit_none=False, context={"artifact": True}), "/" + id)
            if kind == "nodes":
                loaded.nodes[id] = read


def edges(raw, manifest):
    """parent_map and child_map are those that dbt makes of depends_on."""
    nodes = [*manifest.nodes.values(), *manifest.sources.values(), *manifest.exposures.values()]
    forward, backward = build_node_edges(nodes)
    for name, ours, theirs in (("child_map", raw["child_map"], forward), ("parent_map", raw["parent_map"], backward)):
        sets = {k: sorted(v) for k, v in ours.items()}
        if sets != {k: sorted(v) for k, v in theirs.items()}:
            sys.exit(f"{name} is not what dbt makes of depends_on")
    for id, node in raw["nodes"].items():
        for m in node["depends_on"]["macros"]:
            if m not in raw["macros"]:
                sys.exit(f"{id} needs {m}, which is not there")
        if node["resource_type"] == "test":
            columns = raw["nodes"][node["attached_node"]]["columns"]
            if node["column_name"] is not None and node["column_name"] not in columns:
                sys.exit(f"{id} is about no column of {node['attached_node']}")


def catalogued(raw):
    """The catalog and the results are about nodes of the manifest, and agree with it."""
    for id, table in raw["catalog"]["nodes"].items():
        node = raw["manifest"]["nodes"][id]
        ours = [(c["name"], c["type"]) for c in sorted(table["columns"].values(), key=lambda c: c["index"])]
        if ours != [(c["name"], c["data_type"]) for c in node["columns"].values()]:
            sys.exit(f"{id}: the catalog's columns are not the manifest's")
    for id in raw["catalog"]["sources"]:
        raw["manifest"]["sources"][id]
    for r in raw["run_results"]["results"]:
        raw["manifest"]["nodes"][r["unique_id"]]


def project(dir, name):
    """A minimal dbt project of the same name, with one model of its own."""
    (dir / "models").mkdir()
    (dir / "models" / "mine.sql").write_text("select 1 as one")
    (dir / "dbt_project.yml").write_text(f"name: {name}\nversion: '1.0'\nprofile: shop\n")
    (dir / "profiles.yml").write_text(PROFILE)


def as_state(dir, target):
    """dbt ls in a project of its own, by the command line, with the folder as --state."""
    facts = {}
    for selector in ("state:modified", "result:fail"):
        out = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "dbt"), "--quiet", "ls", "--project-dir", dir, "--profiles-dir", dir, "--target-path", dir / "out", "--state", target, "--select", selector],
            capture_output=True, text=True, cwd=dir)
        if out.returncode:
            sys.exit(f"dbt ls --state --select {selector}: {out.stdout}{out.stderr}")
        facts[f"its own project, {selector}"] = " ".join(out.stdout.split())
    return facts


def listed(dir, target, manifest):
    """dbt ls over the manifest itself: what its selectors find, beside the same
    state and beside one in which customer_metrics was another."""
    facts = {}
    changed = dir / "changed"
    changed.mkdir()
    state = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    for node in state["nodes"].values():
        if node["name"] == "customer_metrics":
            node["raw_code"] += "-- another"
    (changed / "manifest.json").write_text(json.dumps(state))

    def ls(fact, selector, *options):
        with contextlib.redirect_stdout(io.StringIO()):
            result = dbtRunner(manifest=manifest).invoke(["--quiet", "ls", "--project-dir", str(dir), "--profiles-dir", str(dir), "--target-path", str(dir / "out"), "--output", "name", "--select", selector, *options])
        if not result.success:
            sys.exit(f"dbt ls --select {selector}: {result.exception}")
        facts[fact] = " ".join(sorted(result.result))

    models = ("--resource-type", "model")
    for selector in ("+gold.customer_metrics", "gold", "tag:pii", "config.materialized:incremental"):
        ls(f"models {selector}", selector, *models)
    ls("tests gold.regional_sales", "gold.regional_sales", "--resource-type", "test")
    ls("sources", "source:*")
    ls("exposures", "exposure:*")
    ls("modified since itself", "state:modified", "--state", str(target), *models)
    ls("modified since another", "state:modified", "--state", str(changed), *models)
    ls("failed", "result:fail", "--state", str(target))
    return facts


def openlineage(dir, target):
    """The events that OpenLineage's dbt processor makes."""
    os.environ["DBT_PROFILES_DIR"] = str(dir)
    logging.disable(logging.WARNING)  # it says that it looks for the profile there
    p = DbtLocalArtifactProcessor(project_dir=str(dir), target_path=str(target), producer="https://github.com/smeltdata/smelt", job_namespace="judge")
    parsed = p.parse()
    facts = {"events": f"{len(parsed.starts)} start, {len(parsed.completes)} complete, {len(parsed.fails)} fail"}
    written = [e for e in parsed.completes if e.outputs]
    facts["events, tables with rows"] = sum(1 for e in written if "outputStatistics" in e.outputs[0].outputFacets)
    for e in written:
        if e.outputs[0].name.endswith(".gold.customer_metrics"):
            facts["events, customer_metrics"] = f"{len(e.outputs[0].facets['schema'].fields)} columns from " + " ".join(sorted(i.name.split(".", 1)[1] for i in e.inputs))
    found = [a for e in [*parsed.completes, *parsed.fails] if e.job.name.endswith(".test") for a in e.inputs[0].inputFacets["dataQualityAssertions"].assertions]
    facts["events, assertions"] = len(found)
    facts["events, assertions without success"] = " ".join(sorted(a.name for a in found if not a.success))
    return facts


main()
