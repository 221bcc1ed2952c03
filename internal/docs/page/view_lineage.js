// Column lineage: what a column's values are made of, down to the files, and
// what is made of them.

const kinds = { __proto__: null, identity: "as it is", transformation: "computed", aggregation: "aggregated", join: "rows are matched by it", group_by: "rows are grouped by it", filter: "decides which rows count", sort: "decides which row comes first" };
const mostDrawn = 300; // columns in one chart

function lineageView(name, column, mode) {
  const all = [...tables.keys(), ...sources.keys()];
  const columnsOf = (n) => tables.has(n) ? tables.get(n).columns.map((c) => c.name) : sources.get(n).columns;
  if (!all.length) return [title("Column lineage"), empty("There is no table yet.")];
  if (name && !all.includes(name)) return missing("table", name);
  if (column && !columnsOf(name).includes(column)) return missing("column", name + "." + column);
  const onlyDirect = mode === "direct";
  const pick = el("form", { class: "pick", submit: (e) => e.preventDefault() },
    picker("Table", all, name, (v) => go(v ? to("lineage", v) : to("lineage")), "choose …"),
    name && el("label", null, "Column ", el("select", { change: (e) => e.target.value && go(to("lineage", name, e.target.value)) }, el("option", { value: "" }, "choose …"), columnsOf(name).map((c) => el("option", { value: c, selected: c === column }, c)))));
  if (!column) {
    return [title("Column lineage", "Pick a column: its values are followed back to the columns of the files, and on to whatever is made of them."), pick,
      name ? section("columns", code(name), lazily(el("ul", { class: "names columns" }), columnsOf(name), (c) => el("li", null, link(to("lineage", name, c), code(c))))) : shownLayers.map((layer) => section(layer, [swatch(layer), layer], lazily(el("ul", { class: "names columns" }), catalog.tables.filter((t) => layerOf(t.name) === layer), (t) => el("li", null, link(to("lineage", t.name), code(t.name)))))),
      el("p", { class: "muted after" }, "Or press ", el("kbd", null, "/"), " and search for a column by its name or by what it holds.")];
  }
  const about = tables.get(name)?.columns.find((c) => c.name === column);
  const { upstream, downstream, edges, left } = follow(place(name, column), onlyDirect);
  const roots = [...upstream].filter((p) => p.startsWith("source."));
  return [
    title(code(name + "." + column), about ? about.doc : "A column of the files.", "Column lineage"),
    pick,
    facts(
      about && ["Type", el("span", { class: "type" }, about.type), about.nullable && el("small", null, " may be NULL")],
      about && about.unit && ["Unit", about.unit],
      ["Made of", count(upstream.size, "column"), roots.length > 0 && el("small", null, ", " + num(roots.length) + " of files")],
      ["Goes into", count(downstream.size, "column")]),
    about && about.formula && el("p", { class: "rule" }, el("small", null, "Formula"), " ", el("code", null, about.formula)),
    el("div", { class: "legend" },
      el("span", null, line("direct"), "its value comes from it"), el("span", null, line("indirect"), "it decides which rows count, match or group"),
      link(onlyDirect ? to("lineage", name, column) : to("lineage", name, column, "direct"), onlyDirect ? "Show both" : "Only values")),
    edges.length ? lineageChart(name, column, edges) : empty("Nothing is recorded of where it comes from or goes to.", onlyDirect ? "" : "It is set by smelt itself, or no mapping names it."),
    left > 0 && el("p", { class: "muted after" }, count(left, "column") + " further away are not drawn."),
    el("div", { class: "two" },
      section("from", "Made from", stepList(edgesTo.get(place(name, column)), "from", onlyDirect, "It begins here.")),
      section("into", "Goes into", stepList(edgesFrom.get(place(name, column)), "to", onlyDirect, "Nothing is made of it."))),
    !onlyDirect && (rowsTo.has(name) || rowsFrom.has(place(name, column))) && el("div", { class: "two" },
      rowsTo.has(name) && section("rows", ["Which rows ", code(name), " has"], stepList(rowsTo.get(name), "from", false)),
      rowsFrom.has(place(name, column)) && section("decides", "Decides which rows there are in", lazily(el("ul", { class: "names" }), [...new Set(rowsFrom.get(place(name, column)).map((e) => e.to.table))], (n) => el("li", null, swatch(layerOf(n)), tableLink(n))))),
    roots.length > 0 && section("files", "Columns of files that it is made of", lazily(el("ul", { class: "names" }), roots, (p) => el("li", null, columnLink(...p.split("\u0000"))))),
    tables.has(name) && el("p", { class: "after" }, link(to("table", name, "column", column), "Open the table ", code(name))),
  ];
}

const line = (kind) => svg("svg", { width: 34, height: 10, "aria-hidden": "true" }, svg("path", { class: "edge " + kind, d: "M1 5h32" }));

// follow goes from a column both ways to the end, nearest first, and returns
// the columns reached, the edges between those that are drawn, and how many are not.
function follow(start, onlyDirect) {
  const kept = new Set([start]), edges = [];
  let left = 0;
  const walk = (edgesAt, end) => {
    const seen = new Set();
    let front = [start];
    while (front.length) {
      const next = [];
      for (const p of front) {
        for (const e of edgesAt.get(p) || []) {
          if (onlyDirect && !direct(e.kind)) continue;
          const other = placeOf(e[end]);
          if (other !== start && !seen.has(other)) {
            seen.add(other);
            next.push(other);
            if (kept.size < mostDrawn) kept.add(other); else left++;
          }
          if (kept.has(other) && kept.has(p)) edges.push(e);
        }
      }
      front = next;
    }
    return seen;
  };
  return { upstream: walk(edgesTo, "from"), downstream: walk(edgesFrom, "to"), edges, left };
}

// stepList are the columns one step away, with how they take part.
function stepList(edges, end, onlyDirect, none) {
  const list = (edges || []).filter((e) => !onlyDirect || direct(e.kind));
  if (!list.length) return el("p", { class: "muted" }, none);
  const steps = [...grouped(list, (e) => placeOf(e[end])).values()].sort((a, b) => b.some((e) => direct(e.kind)) - a.some((e) => direct(e.kind)));
  return lazily(el("ul", { class: "steps" }), steps, (es) => el("li", { class: es.some((e) => direct(e.kind)) ? "direct" : "indirect" }, columnLink(es[0][end].table, es[0][end].column), el("small", null, [...new Set(es.map((e) => kinds[e.kind] || e.kind))].join(", "))));
}

function lineageChart(name, column, edges) {
  const inside = new Map(); // table → columns drawn
  const add = (end) => { if (!inside.has(end.table)) inside.set(end.table, new Set()); inside.get(end.table).add(end.column); };
  for (const e of edges) { add(e.from); add(e.to); }
  const nodes = [...inside].map(([id, columns]) => ({ id, columns: [...columns], w: Math.max(150, 24 + letter * Math.min(30, Math.max(id.length, ...[...columns].map((c) => c.length)))), h: headHigh + columns.size * rowHigh + 8, band: bandOf(id) }));
  const size = arrange(nodes, edges.map((e) => ({ from: e.from.table, to: e.to.table })), 96, 22, 0);
  if (edges.some((e) => e.from.table === e.to.table)) size.w += 34; // room for what turns back at the right
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const rowAt = (n, c) => n.y + headHigh + rowHigh * n.columns.indexOf(c) + rowHigh / 2 + 2;
  // A pair is drawn once, as direct where it is in any way.
  const pairs = [...grouped(edges, (e) => placeOf(e.from) + "\u0000" + placeOf(e.to)).values()].sort((a, b) => a.some((e) => direct(e.kind)) - b.some((e) => direct(e.kind)));
  const drawing = svg("g", null,
    pairs.map((es) => {
      const { from, to: into } = es[0], a = byId.get(from.table), b = byId.get(into.table), y1 = rowAt(a, from.column), y2 = rowAt(b, into.column);
      const d = a === b ? `M${a.x + a.w} ${y1}C${a.x + a.w + 40} ${y1} ${a.x + a.w + 40} ${y2} ${a.x + a.w} ${y2}` : curve(a.x + a.w, y1, b.x, y2, size.via(from.table, into.table));
      return svg("path", { class: "edge " + (es.some((e) => direct(e.kind)) ? "direct" : "indirect"), "data-from": placeOf(from), "data-to": placeOf(into), d });
    }),
    nodes.map((n) => svg("g", null,
      svg("rect", { class: "card", x: n.x, y: n.y, width: n.w, height: n.h, rx: 4 }),
      svg("rect", { class: "m-" + layerOf(n.id), x: n.x, y: n.y, width: n.w, height: 3 }),
      svg("text", { class: "name", x: n.x + 12, y: n.y + 22 }, cut(n.id, 30), svg("title", null, n.id)),
      n.columns.map((c, i) => svg("a", { href: to("lineage", n.id, c), "data-id": place(n.id, c), class: "box row" + (n.id === name && c === column ? " chosen" : ""), "aria-label": n.id + "." + c, "aria-current": n.id === name && c === column ? "true" : null },
        svg("rect", { class: "field", x: n.x + 4, y: n.y + headHigh + rowHigh * i + 2, width: n.w - 8, height: rowHigh - 1, rx: 3 }),
        svg("text", { class: "column", x: n.x + 12, y: n.y + headHigh + rowHigh * i + 17 }, cut(c, 30), svg("title", null, c)))))));
  const next = (list, end) => (list || []).map((e) => placeOf(e[end]));
  const kin = (id) => new Set([...reach(id, (p) => next(edgesTo.get(p), "from")), ...reach(id, (p) => next(edgesFrom.get(p), "to"))]);
  return related(chart("Lineage of " + name + "." + column + ": " + count(nodes.length, "table") + ", " + count(pairs.length, "connection") + ". Arrow keys go from column to column.", size, drawing, { at: place(name, column) }), kin);
}
