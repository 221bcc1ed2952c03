"""A shop's rules, read from its smelt.yml without smelt: what the judge's SQL needs besides the bronze tables.

What it does not read it refuses, so that a judge never passes by ignoring a rule.
"""

import csv
import datetime
import glob
import gzip
import os
import re
import zoneinfo

import yaml

RETURN_VALUES = ["return", "returned", "refund", "refunded"]
RETURNED_STATUSES = ["returned", "refunded", "cancelled", "canceled"]
LOYAL, POTENTIAL = "Loyal Customers", "Potential Loyalists"
GRID = [
    ["Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"],
    ["Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"],
    ["About To Sleep", "About To Sleep", "Need Attention", LOYAL, LOYAL],
    ["Promising", POTENTIAL, POTENTIAL, LOYAL, LOYAL],
    ["New Customers", POTENTIAL, POTENTIAL, "Champions", "Champions"],
]
CUSTOMER_ATTRIBUTES = ["first_name", "last_name", "full_name", "email", "phone", "gender", "address", "city", "state",
                       "postal_code", "country", "segment"]
PRODUCT_ATTRIBUTES = ["product_name", "category", "subcategory", "brand", "unit_cost", "unit_price"]


class Unsupported(Exception):
    """smelt.yml uses something that the judge cannot recompute."""


def load(config, data=None):
    """Return the rules of a smelt.yml as a plain dict, which is also what a rules JSON holds."""
    with open(config, encoding="utf-8-sig") as f:
        y = yaml.load(f, yaml.BaseLoader)  # every scalar as text
    data = data or os.path.dirname(os.path.abspath(config))
    returns, rfm, dates = y.get("returns") or {}, y.get("rfm") or {}, y.get("dates") or {}
    rules = {
        "timezone": y.get("timezone") or "UTC",
        "return_values": listed(returns.get("values", RETURN_VALUES)),
        "returned_statuses": listed(returns.get("statuses", RETURNED_STATUSES)),
        "return_prefix": returns.get("order_prefix") or "",
        "returned_orders": [],
        "currency": y.get("currency") or None,
        "date_from": dates.get("from") or "1970-01-01",
        "date_to": dates.get("to") or "2100-12-31",
        "reference_date": y.get("reference_date") or None,
        "rfm": {
            "recency": rfm.get("recency") or "ntile",
            "frequency": rfm.get("frequency") or "ntile",
            "monetary": rfm.get("monetary") or "ntile",
            "measure": rfm.get("measure") or "revenue",
            "grid": grid(rfm.get("segments")),
        },
        "files": [],
        "customer_attributes": [],
        "product_attributes": [],
    }
    for number, source in enumerate(y.get("sources") or []):
        if source.get("overlap", "max") != "max":
            raise Unsupported(f"overlap: {source['overlap']}")
        for file in expand(source["files"], data):
            rules["files"].append({"table": source["table"], "file": file, "returns": source.get("kind") == "returns",
                                   "overlap": number if "overlap" in source else None})
            for kind in ("customers", "products"):
                if source.get(kind):
                    rules[kind[:-1] + "_attributes"] += attributes(source, kind, file, data)
    have = {f["table"] for f in rules["files"]}
    if "products" in have and any({"category", "subcategory", "brand"} & set(a) for a in rules["product_attributes"]):
        raise Unsupported("categories on the sales lines beside a products file")
    for orders in returns.get("orders") or []:
        for file in expand(orders["files"], data):
            rules["returned_orders"] += returned_orders(orders, file, data, rules["timezone"])
    return rules


def listed(value):
    return [value] if isinstance(value, str) else value or []


def expand(files, data):
    """Return the files of a source in order, relative to the data folder: as listed, a glob's in natural order."""
    out = []
    for pattern in listed(files):
        found = glob.glob(os.path.join(glob.escape(data), pattern))
        if not found:
            raise Unsupported(f"no file matches {pattern} in the data folder")
        names = [os.path.relpath(f, data).replace(os.sep, "/") for f in found]
        out += sorted(names, key=lambda n: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", n)])
    return out


def grid(segments):
    """Return the segment grid, [r-1][f-1], of {name: ["R1-2 F1-2", …]}."""
    if not segments:
        return GRID
    out = [[None] * 5 for _ in range(5)]
    for name, cells in segments.items():
        for cell in listed(cells):
            m = re.fullmatch(r"R(\d)(?:-(\d))? F(\d)(?:-(\d))?", cell)
            if not m:
                raise Unsupported(f"segment cells {cell!r}")
            r1, r2, f1, f2 = (int(g) if g else None for g in m.groups())
            for r in range(r1, (r2 or r1) + 1):
                for f in range(f1, (f2 or f1) + 1):
                    out[r - 1][f - 1] = name
    return out


def records(spec, file, data):
    """Yield (record number, {column: text or None}) of a plain CSV file; records that are ragged are numbered only."""
    known = {"table", "kind", "files", "columns", "customers", "products", "overlap", "timezone", "delimiter", "encoding",
             "nulls", "number", "format"}
    if set(spec) - known or spec.get("format", "csv") != "csv":
        raise Unsupported(f"reading {file} with {sorted(set(spec) - known) or spec['format']}")
    delimiter = {"tab": "\t", "pipe": "|", "space": " ", "comma": ",", "semicolon": ";"}.get(spec.get("delimiter"), spec.get("delimiter", ","))
    path = os.path.join(data, file)
    opener = gzip.open if file.endswith(".gz") else open
    nulls = [""] + listed(spec.get("nulls"))
    with opener(path, "rt", encoding=spec.get("encoding", "utf-8-sig"), newline="") as f:
        rows = (r for r in csv.reader(f, delimiter=delimiter) if r)
        header = next(rows)
        number = 0
        for row in rows:
            if row == header:
                continue
            number += 1
            if len(row) == len(header):
                yield number, {h.strip(): None if v in nulls else v for h, v in zip(header, row)}


def value(spec, record, file):
    """Return one mapped column's text."""
    if isinstance(spec, str):
        spec = {"from": spec}
    if "value" in spec:
        return spec["value"]
    if set(spec) - {"from", "dates", "timezone"}:
        raise Unsupported(f"{file}: {sorted(spec)} of a column outside bronze")
    for name in listed(spec["from"]):
        if name not in record:
            raise Unsupported(f"{file}: no column {name!r}")
        if record[name] is not None:
            return record[name]
    return None


def attributes(source, kind, file, data):
    """Return what a sales file's lines say of their customers or products."""
    allowed = CUSTOMER_ATTRIBUTES if kind == "customers" else PRODUCT_ATTRIBUTES
    for name in source[kind]:
        if name not in allowed:
            raise Unsupported(f"{kind}.{name} on the sales lines")
    if "number" in source and {"unit_cost", "unit_price"} & set(source[kind]):
        raise Unsupported(f"{file}: amounts outside bronze with a number format")
    out = []
    for number, record in records(source, file, data):
        row = {"_source_file": file, "_source_row": number}
        for name, spec in source[kind].items():
            row[name] = value(spec, record, file)
        out.append(row)
    return out


def returned_orders(spec, file, data, timezone):
    """Return the entries of a list of returned orders, returned_at as an instant."""
    zone = zoneinfo.ZoneInfo(spec.get("timezone") or timezone)
    out = []
    for _, record in records(spec, file, data):
        row = {}
        for name in ("order_id", "product_id", "returned_at"):
            row[name] = value(spec["columns"][name], record, file) if name in spec["columns"] else None
        if row["returned_at"] is not None:
            column = spec["columns"]["returned_at"]
            patterns = listed(column.get("dates")) if isinstance(column, dict) else []
            at = None
            for pattern in patterns:
                try:
                    at = datetime.datetime.strptime(row["returned_at"], pattern)
                    break
                except ValueError:
                    continue
            if not patterns:
                at = datetime.datetime.fromisoformat(row["returned_at"].strip())
            if at is not None and at.tzinfo is None:
                at = at.replace(tzinfo=zone)  # fold 0: the earlier offset in an overlap, forward in a gap
            row["returned_at"] = at and at.astimezone(datetime.timezone.utc).isoformat()
        if row["order_id"] is not None:
            out.append(row)
    return out
