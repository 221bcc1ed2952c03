"""What the three programs of the comparison share: the shop's files, the JSON line that they print, `--check`."""

import argparse
import csv
import glob
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "# A sample shop, made by smelt"  # how the smelt.yml of `smelt generate` begins

SALES = ["order_id", "line_number", "line_type", "status", "ordered_at", "customer_id", "product_id", "quantity",
         "unit_price", "discount_rate", "tax_amount", "channel", "payment_method", "country", "state",
         "original_order_id", "updated_at"]
GOLD = ["customer_metrics", "customer_segmentation", "product_performance", "sales_summary", "regional_sales"]


def sales_files(shop):
    """Return the paths of the sales files in natural order, and the run's batch id."""
    files = sorted(glob.glob(os.path.join(glob.escape(shop), "sales_*.csv")),
                   key=lambda n: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", n)])
    text = "".join(f"{os.path.basename(f)} {os.path.getsize(f)}\n" for f in files)
    return files, hashlib.sha256(text.encode()).hexdigest()[:16]


def part(out, table):
    """Return the path of a table's file; its folder is made."""
    folder = os.path.join(out, *table.split("."))
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, "part-00000.parquet")


def countries(cleaned):
    """Return {text: country} and {country: code} of {text: cleaned text}: the names of countries.csv, others as they are."""
    with open(os.path.join(HERE, "countries.csv"), encoding="utf-8", newline="") as f:
        known = {r["key"]: (r["name"], r["code"]) for r in csv.DictReader(f)}
    names, codes = {}, {}
    for text, name in cleaned.items():
        if name is None:
            continue
        plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
        key = re.sub(" +", " ", plain.lower().replace("’", "'").replace(".", "")).strip()
        names[text], code = known.get(key, (name, None))
        codes[names[text]] = code or None
    return names, codes


def text(v):
    """A value as it stands in the JSON of silver.quarantine."""
    if hasattr(v, "hour"):
        return re.sub(r"\.?0+$", "", v.strftime("%Y-%m-%dT%H:%M:%S.%f")) + "Z"
    return str(v)


def cpu():
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Lines:
    """Finds lines in a file, forward only."""

    def __init__(self, f):
        self.f, self.start, self.buf = f, 0, b""
        self.more()

    def more(self, keep=0):
        self.start += len(self.buf) - keep
        self.buf = self.buf[len(self.buf) - keep:] + self.f.read(4 << 20)
        return len(self.buf) > keep

    def find(self, line, at):
        """Return where the first line from `at` on that is `line` begins."""
        while True:
            i = self.buf.find(b"\n" + line, max(0, at - self.start))
            end = self.buf.find(b"\n", i + 1) if i >= 0 else -1
            if end < 0 and self.more(len(self.buf) - i if i >= 0 else min(len(self.buf), len(line))):
                at = max(at, self.start)
                continue
            if i < 0:
                raise ValueError(f"a rejected line is not in the file: {line!r}")
            if self.buf[i + 1 + len(line):i + 2 + len(line)] in (b"\n", b"\r", b""):
                return self.start + i + 1
            at = self.start + i + 1


class Steps:
    """Prints what each step took, if asked to."""

    def __init__(self, on):
        self.on, self.clock = on, (time.monotonic(), cpu())

    def tick(self, label):
        before, self.clock = self.clock, (time.monotonic(), cpu())
        if self.on:
            print(f"{self.clock[0] - before[0]:7.2f} s wall {self.clock[1] - before[1]:7.2f} s CPU "
                  f"{rss():6.0f} MB  {' '.join(label.split())[:90]}", file=sys.stderr)


def check(shop, out):
    """Compare silver and gold with what testdata/judge makes of the bronze tables just written."""
    sys.path.insert(0, os.path.join(HERE, "..", "judge"))
    import contract
    import judge
    import recompute
    import rules
    faults = contract.schema_faults
    # Which columns are REQUIRED follows from these tools' statistics or defaults, not from the contract.
    contract.schema_faults = lambda *a: [f for f in faults(*a) if not re.search("is (OPTIONAL, want REQUIRED|REQUIRED, want OPTIONAL)", f)]
    j = judge.Judge(out, rules.load(os.path.join(shop, "smelt.yml")))
    if j.read():
        recompute.run(j.con, j.rules)
        j.bronze()
        for table in contract.KEYS:
            j.compare(table)
    print("every cell agrees" if not j.faults else f"{j.faults} faults")
    return 1 if j.faults else 0


def main(doc, tool, run):
    """Parse the command line, run(args), print the JSON line, and check if asked to; return the exit code."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("shop")
    p.add_argument("out")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--memory", default="8GB", help="the tool's limit, where it has one")
    p.add_argument("--steps", action="store_true", help="print what each step took")
    p.add_argument("--check", action="store_true", help="compare the result with testdata/judge's")
    args = p.parse_args()
    args.shop = os.path.abspath(args.shop)
    with open(os.path.join(args.shop, "smelt.yml"), encoding="utf-8") as f:
        if f.read(len(MARK)) != MARK:
            p.error("not a shop of smelt generate")
    start = time.monotonic()
    for layer in ("bronze", "silver", "gold"):
        shutil.rmtree(os.path.join(args.out, layer), ignore_errors=True)
    run(args)
    size = sum(os.path.getsize(f) for f in glob.glob(os.path.join(glob.escape(args.out), "*", "*", "*.parquet")))
    print(json.dumps({"tool": tool, "wall_s": round(time.monotonic() - start, 3),
                      "cpu_s": round(cpu(), 3), "peak_mb": round(rss()), "bytes": size}), flush=True)
    if not args.check:
        return 0
    python = os.path.join(os.environ.get("SMELT_JUDGES_DIR") or os.path.expanduser("~/.cache/smelt/judges"), "bin", "python")
    return subprocess.run([python, os.path.abspath(__file__), args.shop, args.out], check=False).returncode


if __name__ == "__main__":
    sys.exit(check(*sys.argv[1:]))
