// The files that tables are made from.

function sourcesView() {
  if (!catalog.sources.length) return [title("Sources"), empty("No source is mapped.", "smelt.yml says which files become which tables; smelt init writes one.")];
  const files = catalog.sources.flatMap((s) => s.files);
  return [
    title("Sources", count(catalog.sources.length, "source") + " with " + count(files.length, "file") + ", " + bytes(sum(files, (f) => f.bytes)) + "."),
    table("Sources", ["Source", "Becomes", ["Columns", "n"], ["Files", "n"], ["Records", "n"], ["Rejected", "n"], ["Size", "n"]], catalog.sources, (s) => [
      tableLink(s.name), becomes(s), num(s.columns.length), num(s.files.length), num(sum(s.files, (f) => f.records)), num(sum(s.files, (f) => f.rejected)), bytes(sum(s.files, (f) => f.bytes))]),
  ];
}

// becomes is the table of bronze that a source fills; one to look up in fills none.
const becomes = (s) => s.table ? tableLink("bronze." + s.table) : el("span", { class: "muted" }, "looked up");

function sourceView(name) {
  const s = sources.get(name);
  if (!s) return missing("source", name);
  const records = sum(s.files, (f) => f.records), rejected = sum(s.files, (f) => f.rejected);
  return [
    title(code(name), "Files that share a layout, as smelt.yml maps them.", [swatch("source"), "source"]),
    facts(["Becomes", becomes(s)], ["Records", num(records)], ["Rejected", num(rejected)], ["Size", bytes(sum(s.files, (f) => f.bytes)), el("small", null, " in " + count(s.files.length, "file"))]),
    section("files", "Files", s.files.length ? table("Files", ["File", ["Records", "n"], ["Rejected", "n"], ["Size", "n"], "Changed"], s.files, (f) => [code(f.name), num(f.records), num(f.rejected), bytes(f.bytes), stamp(f.modified)]) : empty("No file has been read yet.")),
    section("columns", "Columns of the files", s.columns.length ? table("Columns", ["Column", "Becomes"], s.columns, (c) => {
      const into = (edgesFrom.get(place(name, c)) || []).filter((e) => direct(e.kind));
      return [link(to("lineage", name, c), code(c)), into.length ? into.map((e, i) => [i > 0 && ", ", columnLink(e.to.table, e.to.column)]) : el("span", { class: "muted" }, "nothing: no mapping names it")];
    }) : empty("The files have no header that is known yet.")),
    el("p", { class: "after" }, link(to("graph", name), "Show in the table graph")),
  ];
}
