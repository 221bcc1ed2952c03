// One table: what it is, its columns, checks, rows, and how it grew.

function tableView(name, part, target) {
  const t = tables.get(name);
  if (!t) return missing("table", name);
  const list = checksOf.get(name) || [];
  const byColumn = grouped(list.flatMap((c) => c.columns.map((column) => ({ column, c }))), (x) => x.column);
  const ups = [...(madeFrom.get(name) || [])], downs = [...(madeInto.get(name) || [])];
  const bad = list.filter((c) => badness[statusOf(c)] >= 3);
  const sections = [["columns", "Columns", t.columns.length], ["checks", "Checks", list.length], ["sample", "Sample rows", null], ["growth", "Rows over time", null], ["relatives", "Made from, used by", null]];

  const head = title(code(name), t.doc, [swatch(layerOf(name)), layerOf(name) + " table"]);
  const about = facts(
    ["Rows", t.published && t.rows >= 0 ? num(t.rows) : rowsOf(t)],
    t.published && ["Size", bytes(t.bytes), el("small", null, " in " + count(t.files, "file"))],
    t.published && t.version >= 0 && ["Version", num(t.version)],
    t.published && ["Written", stamp(t.modified), t.behind && el("small", null, ", by an earlier run than others")],
    ["One row per", t.key.length ? t.key.map((k, i) => [i > 0 && ", ", code(k)]) : el("span", { class: "muted" }, "no key")],
    ["Checks", checksCell(list)]);
  const inPage = el("nav", { class: "within", "aria-label": "Parts of this page" }, sections.map(([id, label, n]) => link(to("table", name, "at", id), label, n !== null && el("small", null, " " + num(n)))));

  return [
    head, about,
    bad.length > 0 && el("ul", { class: "rows broken" }, bad.map(brokenRow)),
    inPage,
    section("columns", "Columns", t.columns.length ? columnTable(t, byColumn, part === "column" ? target : null) : empty("No column is declared.")),
    section("checks", "Checks", list.length ? checkTable(list, false) : empty("No check looks at this table.", "Rules of your own stand in smelt.yml under checks.")),
    section("sample", "Sample rows",
      t.sample.length ? grid("Sample rows of " + name, t.columns.map((c) => c.name), t.sample, t.columns.map((c) => c.type), t.columns.filter((c) => c.pii).map((c) => c.name)) : empty(t.published ? t.rows === 0 ? "The table has no rows." : "No row could be read." : "The table is not published yet."),
      t.sample.length > 0 && t.columns.some((c) => c.pii) && el("p", { class: "muted after" }, "Personal columns are masked: ", t.columns.filter((c) => c.pii).map((c, i) => [i > 0 && ", ", code(c.name)]), ".")),
    section("growth", "Rows over time", trend("Rows of " + name, growth(name), "rows")),
    section("relatives", "Made from, used by",
      el("div", { class: "two" },
        el("div", null, el("h3", null, "Made from"), names(ups, "Nothing: it is where this begins.")),
        el("div", null, el("h3", null, "Used by"), names(downs, "No other table."))),
      rowsTo.has(name) && [el("h3", null, "Which rows there are"), stepList(rowsTo.get(name), "from", false)],
      (ups.length > 0 || downs.length > 0) && el("p", { class: "after" }, link(to("graph", name), "Show in the table graph"))),
  ];
}

const names = (list, none) => list.length ? el("ul", { class: "names" }, list.map((n) => el("li", null, swatch(layerOf(n)), tableLink(n)))) : el("p", { class: "muted" }, none);

// growth are the rows of a table after each run that published it.
const growth = (name) => catalog.runs.filter((r) => r.published && r.rows && Object.hasOwn(r.rows, name)).map((r) => ({ at: r.at, value: r.rows[name] })).reverse();

function columnTable(t, byColumn, target) {
  return table("Columns of " + t.name, ["Column", "Type", "What it holds", "Checks"], t.columns, (c) => [
    el("span", { class: c.name === target ? "target" : null, id: "column-" + c.name }, link(to("lineage", t.name, c.name), code(c.name)), t.key.includes(c.name) && el("span", { class: "tag" }, "key")),
    el("span", { class: "type" }, c.type, !c.nullable && el("small", null, " not null")),
    [el("span", null, c.doc || el("span", { class: "muted" }, "No description.")),
      c.formula && el("span", { class: "formula" }, el("small", null, "Formula "), el("code", null, c.formula)),
      c.unit && el("span", { class: "formula" }, el("small", null, "Unit "), c.unit),
      c.references && el("span", { class: "formula" }, el("small", null, "Refers to "), link(to("table", c.references.table, "column", c.references.column), code(c.references.table + "." + c.references.column))),
      c.pii && el("span", { class: "formula" }, el("span", { class: "tag" }, "personal: " + c.pii))],
    checksCell((byColumn.get(c.name) || []).map((x) => x.c)),
  ]);
}
