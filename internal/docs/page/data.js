// data → index: the catalog as Go wrote it, and what is looked up in it.
// Nothing below this file changes any of it.

const catalog = JSON.parse(document.getElementById("catalog").textContent);
for (const list of ["sources", "tables", "checks", "runs", "edges"]) catalog[list] ||= [];
for (const s of catalog.sources) { s.columns ||= []; s.files ||= []; }
for (const t of catalog.tables) { t.columns ||= []; t.key ||= []; t.sample ||= []; }
for (const c of catalog.checks) { c.columns ||= []; c.results ||= []; }

const layers = ["bronze", "silver", "gold"];
const layerOf = (name) => name.split(".")[0]; // "silver" of "silver.fact_sales", "source" of a source

const tables = new Map(catalog.tables.map((t) => [t.name, t]));
const sources = new Map(catalog.sources.map((s) => [s.name, s]));
const checks = new Map(catalog.checks.map((c) => [c.name, c]));
const runs = new Map(catalog.runs.map((r) => [r.id, r]));

// grouped puts a list's items together by a key.
function grouped(list, keyOf) {
  const out = new Map();
  for (const item of list) {
    const key = keyOf(item);
    if (!out.has(key)) out.set(key, []);
    out.get(key).push(item);
  }
  return out;
}
const checksOf = grouped(catalog.checks, (c) => c.table);

// Layers that have tables: bronze, silver, gold, then others in their order.
const shownLayers = [...new Set([...layers, ...catalog.tables.map((t) => layerOf(t.name))])].filter((l) => catalog.tables.some((t) => layerOf(t.name) === l));

// A column's place in lineage: its table and itself, in one text.
const place = (table, column) => table + "\u0000" + column;
const placeOf = (end) => place(end.table, end.column);
const edgesTo = grouped(catalog.edges.filter((e) => e.to.column), (e) => placeOf(e.to));
const edgesFrom = grouped(catalog.edges.filter((e) => e.to.column), (e) => placeOf(e.from));
// An edge to no column decides which rows a table has.
const rowsTo = grouped(catalog.edges.filter((e) => !e.to.column), (e) => e.to.table);
const rowsFrom = grouped(catalog.edges.filter((e) => !e.to.column), (e) => placeOf(e.from));
const direct = (kind) => kind === "identity" || kind === "transformation" || kind === "aggregation";

// The same between tables: which tables a table is made from, and which are made of it.
const madeFrom = new Map(), madeInto = new Map();
for (const e of catalog.edges) {
  if (e.from.table === e.to.table) continue;
  if (!madeFrom.has(e.to.table)) madeFrom.set(e.to.table, new Set());
  if (!madeInto.has(e.from.table)) madeInto.set(e.from.table, new Set());
  madeFrom.get(e.to.table).add(e.from.table);
  madeInto.get(e.from.table).add(e.to.table);
}

// reach returns all that is reached from a start along next(x), without it.
function reach(start, next) {
  const seen = new Set(), todo = [start];
  while (todo.length) {
    for (const n of next(todo.pop()) || []) {
      if (n !== start && !seen.has(n)) { seen.add(n); todo.push(n); }
    }
  }
  return seen;
}

const newest = catalog.runs[0]; // a run or a test
const lastRun = catalog.runs.find((r) => r.command === "run");
const lastPublished = catalog.runs.find((r) => r.command === "run" && r.published);

// standing is the result that holds of a check now: the newest one, but a run
// skips what it does not write, and the rows of one that published nothing were
// never in the tables, which only matters while it is the last.
function standing(check) {
  const holds = (r) => r.status !== "skipped" && (!runs.has(r.run) || runs.get(r.run).published || runs.get(r.run).command !== "run" || r.run === lastRun.id);
  return check.results.find(holds) || check.results[0];
}

// What a check stands at: pass, warn, error, skipped, or never.
const statusOf = (check) => standing(check)?.status || "never";
const badness = { __proto__: null, error: 4, warn: 3, skipped: 1, never: 1, pass: 0 };

// worst is the status that a table shows of its checks: never without any.
function worst(list) {
  let out = "never";
  for (const c of list) {
    const s = statusOf(c);
    if (out === "never" || badness[s] > badness[out]) out = s;
  }
  return out;
}
const statusOfTable = (name) => worst(checksOf.get(name) || []);

const broken = catalog.checks.filter((c) => badness[statusOf(c)] >= 3).sort((a, b) => badness[statusOf(b)] - badness[statusOf(a)]);
const published = catalog.tables.filter((t) => t.published);
const rowsOf = (t) => !t.published ? "not published" : t.rows < 0 ? "rows not known" : count(t.rows, "row");
const sum = (list, of) => list.reduce((n, x) => n + of(x), 0);
