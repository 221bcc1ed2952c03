// The entity diagram: silver's tables, their keys, and which column refers to
// which table.

function entitiesView() {
  const silver = catalog.tables.filter((t) => layerOf(t.name) === "silver");
  const links = silver.flatMap((t) => t.columns.filter((c) => c.references && tables.has(c.references.table)).map((c) => ({ table: t.name, column: c.name, to: c.references })));
  const joined = new Set(links.flatMap((l) => [l.table, l.to.table]));
  const many = silver.length > 60; // then only those that belong together
  const shown = catalog.tables.filter((t) => joined.has(t.name) || (!many && layerOf(t.name) === "silver"));
  if (!shown.length) return [title("Entities"), empty("No table of silver is declared.")];
  const alone = silver.length - silver.filter((t) => joined.has(t.name)).length;
  return [
    title("Entities", "The model of silver: each table with its key, and the tables that its columns refer to."),
    entityChart(shown, links),
    many && alone > 0 && el("p", { class: "muted after" }, count(alone, "table") + " without references are not drawn."),
    section("references", "References", links.length ? table("References", ["Column", "Refers to"], links, (l) => [columnLink(l.table, l.column), columnLink(l.to.table, l.to.column)]) : empty("No column refers to another table.")),
  ];
}

const rowHigh = 22, headHigh = 34;

function entityChart(list, links) {
  const refers = grouped(links, (l) => l.table), referred = grouped(links, (l) => l.to.table);
  const nodes = list.map((t) => {
    const wanted = new Set([...t.key, ...(refers.get(t.name) || []).map((l) => l.column), ...(referred.get(t.name) || []).map((l) => l.to.column)]);
    const rows = t.columns.filter((c) => wanted.has(c.name));
    return { id: t.name, t, rows, w: 270, h: headHigh + (rows.length + 1) * rowHigh + 6, band: 0 };
  });
  const size = arrange(nodes, links.map((l) => ({ from: l.to.table, to: l.table })), 130, 26, 0);
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const rowAt = (n, column) => n.y + headHigh + rowHigh * n.rows.findIndex((c) => c.name === column) + rowHigh / 2 + 2;
  const drawing = svg("g", null,
    links.map((l) => {
      const one = byId.get(l.to.table), several = byId.get(l.table);
      const x1 = one.x + one.w, y1 = rowAt(one, l.to.column), x2 = several.x, y2 = rowAt(several, l.column);
      return svg("g", { class: "edge reference", "data-from": l.to.table, "data-to": l.table }, svg("path", { d: curve(x1, y1, x2, y2, size.via(l.to.table, l.table)) }), svg("path", { d: `M${x1 + 9} ${y1 - 6}V${y1 + 6}` }), svg("path", { d: `M${x2} ${y2 - 6}L${x2 - 12} ${y2}L${x2} ${y2 + 6}` }));
    }),
    nodes.map((n) => entity(n, new Set((refers.get(n.id) || []).map((l) => l.column)))));
  const kin = (id) => new Set(links.flatMap((l) => l.table === id ? [l.to.table] : l.to.table === id ? [l.table] : []));
  return related(chart("Entity diagram: " + links.map((l) => l.table + "." + l.column + " refers to " + l.to.table + "." + l.to.column).join("; "), size, drawing), kin);
}

function entity(n, refers) {
  const rest = n.t.columns.length - n.rows.length;
  return svg("a", { href: to("table", n.id), "data-id": n.id, class: "box" },
    svg("title", null, n.id + ", key " + (n.t.key.join(", ") || "none")),
    svg("rect", { class: "card", x: n.x, y: n.y, width: n.w, height: n.h, rx: 4 }),
    svg("rect", { class: "m-" + layerOf(n.id), x: n.x, y: n.y, width: n.w, height: 3 }),
    svg("text", { class: "name", x: n.x + 12, y: n.y + 22 }, cut(n.id, 30)),
    svg("path", { class: "rule", d: `M${n.x} ${n.y + headHigh}h${n.w}` }),
    n.rows.map((c, i) => {
      const y = n.y + headHigh + rowHigh * i + 17;
      return [svg("text", { class: "column", x: n.x + 12, y }, cut(c.name, 22)), svg("text", { class: "under", x: n.x + n.w - 10, y, "text-anchor": "end" }, n.t.key.includes(c.name) ? "key" : refers.has(c.name) ? "refers" : "")];
    }),
    rest > 0 && svg("text", { class: "under", x: n.x + 12, y: n.y + headHigh + rowHigh * n.rows.length + 17 }, "and " + count(rest, "more column")));
}
