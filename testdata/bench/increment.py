"""The shop of `smelt generate` as it was some lines ago, and what may come then.

    shops = split(SHOP, OUT)        # SHOP has LINES more sales lines than the history is to have

Makes OUT/history without the last LINES lines of the last sales file, and beside it folders of the same files with
something new: `new`, the lines whose orders the history does not have; `corrected`, all of them, of which some repeat and
correct earlier ones; `cost`, those of `new` and another cost of a product that sold well. fill() brings what is new, which
is to be done after the run that makes the history's tables: a file's links are a part of its identity.
"""

import collections
import csv
import io
import os
import shutil

from common import sales_files

LINES = 10_000
COMING = "sales_9999.csv"


class Increment:
    """What comes to a shop."""

    def __init__(self, name, folder, lines, cost=None):
        self.name, self.folder, self.lines, self.cost = name, folder, lines, cost

    def fill(self):
        """Bring what is new, and return how many sales lines that are."""
        with open(os.path.join(self.folder, COMING), "wb") as f:
            f.writelines(self.lines)
        if self.cost:
            path = os.path.join(self.folder, "products.csv")
            with open(path, encoding="utf-8", newline="") as f:
                text = f.read()
            os.remove(path)  # a link to the history's
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(changed(text, self.cost))
        return len(self.lines) - 1


def changed(text, product):
    """products.csv with another cost of a product, in a record of its own, which is the latest."""
    rows = list(csv.reader(io.StringIO(text)))
    row = next(r for r in rows[1:] if r[0] == product)
    row[rows[0].index("unit_cost")] = "1.23"
    row[rows[0].index("updated_at")] = "2029-01-01 00:00"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    return text + ("" if text.endswith("\n") else "\n") + out.getvalue()


def split(shop, out):
    """Make the folders; return the history's and the Increments."""
    files, _ = sales_files(shop)
    with open(files[-1], "rb") as f:
        header = f.readline()
        # No more than the end of it: what this process holds counts as its children's, too.
        f.seek(-min(LINES * 1024, os.path.getsize(files[-1])), os.SEEK_END)
        tail = f.readlines()[-LINES:]
    shutil.rmtree(out, ignore_errors=True)
    history = os.path.join(out, "history")
    os.makedirs(history)
    for name in os.listdir(shop):
        if not os.path.isdir(os.path.join(shop, name)):
            shutil.copy(os.path.join(shop, name), history)
    last = os.path.join(history, os.path.basename(files[-1]))
    os.truncate(last, os.path.getsize(last) - sum(map(len, tail)))

    coming = {order(line) for line in tail}
    known = set()
    for path in sales_files(history)[0]:
        with open(path, "rb") as f:
            known.update(coming.intersection(map(order, f)))
    fresh = [header] + [line for line in tail if order(line) not in known]
    sold = collections.Counter(line.split(b",")[6] for line in fresh[1:])
    with open(os.path.join(history, "products.csv"), encoding="utf-8", newline="") as f:
        products = {row[0] for row in csv.reader(f)}
    cost = next(p.decode() for p, _ in sold.most_common() if p.decode("utf-8", "replace") in products)
    found = [Increment("new", os.path.join(out, "new"), fresh), Increment("corrected", os.path.join(out, "corrected"), [header] + tail),
             Increment("cost", os.path.join(out, "cost"), fresh, cost)]
    for i in found:
        os.makedirs(i.folder)
        for name in os.listdir(history):
            os.link(os.path.join(history, name), os.path.join(i.folder, name))
    return history, found


def order(line):
    """The order of a line."""
    return line[:line.find(b",")]
