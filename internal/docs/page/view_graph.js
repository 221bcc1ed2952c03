// The table graph: sources → bronze → silver → gold.

const bandOf = (name) => { const i = ["source", ...layers].indexOf(layerOf(name)); return i < 0 ? 9 : i; };

const shortName = (name) => bandOf(name) === 9 ? name : name.slice(name.indexOf(".") + 1); // its band says the rest
const letter = 7.9; // how wide one is in a box, in the widest of the typefaces

// tableGraph draws the given tables and sources, and what is made from what.
function tableGraph(list, options) {
  const inside = new Set(list);
  const nodes = list.map((id) => ({ id, w: Math.max(132, 48 + letter * Math.min(26, shortName(id).length)), h: 46, band: bandOf(id) }));
  const edges = list.flatMap((id) => [...(madeFrom.get(id) || [])].filter((from) => inside.has(from)).map((from) => ({ from, to: id })));
  const size = arrange(nodes, catalog.edges.map((e) => ({ from: e.from.table, to: e.to.table })), 62, 14, 34);
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const kin = (id) => new Set([...reach(id, (n) => madeFrom.get(n)), ...reach(id, (n) => madeInto.get(n))]);
  const heads = [...grouped(nodes, (n) => n.band).values()].map((of) => svg("text", { class: "band", x: Math.min(...of.map((n) => n.x)), y: 14 }, { __proto__: null, source: "Sources", bronze: "Bronze", silver: "Silver", gold: "Gold" }[layerOf(of[0].id)] || "Others"));
  const drawing = svg("g", null, heads,
    edges.map((e) => {
      const a = byId.get(e.from), b = byId.get(e.to);
      return svg("path", { class: "edge", "data-from": e.from, "data-to": e.to, d: curve(a.x + a.w, a.y + a.h / 2, b.x, b.y + b.h / 2, size.via(e.from, e.to)) });
    }),
    nodes.map((n) => box(n, n.id === options?.at)));
  return related(chart("Table graph: " + count(nodes.length, "box", "boxes") + " from files to gold. Arrow keys go from box to box.", size, drawing, options), kin);
}

// box is a table or a source in the graph.
function box(n, chosen) {
  const t = tables.get(n.id), s = sources.get(n.id), status = t ? statusOfTable(n.id) : null;
  const under = t ? rowsOf(t) : s ? count(s.files.length, "file") : "";
  return svg("a", { href: t ? to("table", n.id) : to("source", n.id), "data-id": n.id, class: "box" + (chosen ? " chosen" : "") },
    svg("title", null, n.id + ", " + under + (status && status !== "never" ? ", checks " + words[status] : "")),
    svg("rect", { class: "card", x: n.x, y: n.y, width: n.w, height: n.h, rx: 4 }),
    svg("rect", { class: "m-" + layerOf(n.id), x: n.x, y: n.y, width: 4, height: n.h, rx: 2 }),
    svg("text", { class: "name", x: n.x + 14, y: n.y + 20 }, cut(shortName(n.id), 26)),
    svg("text", { class: "under", x: n.x + 14, y: n.y + 36 }, under),
    status && status !== "never" && svg("g", { transform: `translate(${n.x + n.w - 24} ${n.y + 24}) scale(.85)`, class: "mark " + status }, svg("path", { d: shapes[status] })));
}

function graphView(name) {
  const all = [...sources.keys(), ...tables.keys()];
  if (name && !all.includes(name)) return missing("table", name);
  const list = name ? all.filter((n) => n === name || reach(name, (x) => madeFrom.get(x)).has(n) || reach(name, (x) => madeInto.get(x)).has(n)) : all;
  if (!all.length) return [title("Table graph"), empty("There is no table yet.")];
  return [
    title("Table graph", name ? ["What ", code(name), " is made from, and what is made of it."] : "What each table is made from. Pointing at a box keeps what belongs to it."),
    el("p", { class: "pick" }, picker("Show", all, name || "", (v) => go(v ? to("graph", v) : to("graph")), "all tables")),
    tableGraph(list, { at: name }),
  ];
}

// picker is a labelled list to choose a name from, in groups by layer.
function picker(label, list, value, chosen, none) {
  const select = el("select", { change: (e) => chosen(e.target.value) }, none && el("option", { value: "" }, none),
    [...grouped(list, layerOf)].map(([layer, of]) => el("optgroup", { label: layer === "source" ? "sources" : layer }, of.map((n) => el("option", { value: n, selected: n === value }, n)))));
  return el("label", null, label + " ", select);
}
