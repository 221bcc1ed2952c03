// All tables, layer by layer.

function tablesView() {
  if (!catalog.tables.length) return [title("Tables"), empty("No table is declared.", "smelt.yml says which files become which tables.")];
  return [
    title("Tables", count(catalog.tables.length, "table") + ", " + count(sum(catalog.tables, (t) => t.columns.length), "column") + ". Bronze is the files as they are, silver is cleansed and modelled, gold is counted for the business."),
    shownLayers.map((layer) => {
      const list = catalog.tables.filter((t) => layerOf(t.name) === layer);
      const drawn = table("Tables of " + layer, ["Table", "What it holds", ["Rows", "n"], ["Size", "n"], "Written", "Checks"], list, (t) => [
          tableLink(t.name), t.doc || el("span", { class: "muted" }, "No description."), t.published && t.rows >= 0 ? num(t.rows) : el("span", { class: "muted" }, rowsOf(t)), t.published ? bytes(t.bytes) : "–", t.published ? [stamp(t.modified), t.behind && el("small", null, " earlier run")] : "–", checksCell(checksOf.get(t.name) || [])]);
      drawn.classList.add("layered");
      return section(layer, [swatch(layer), layer], drawn);
    }),
  ];
}

// checksCell tells how the checks of something stand.
function checksCell(list) {
  if (!list.length) return el("span", { class: "muted" }, "none");
  const bad = list.filter((c) => badness[statusOf(c)] >= 3);
  const status = worst(list);
  return el("span", { class: "badge " + status }, mark(status), bad.length ? num(bad.length) + " of " + num(list.length) + " " + words[status] : num(list.length) + " " + words[status]);
}
