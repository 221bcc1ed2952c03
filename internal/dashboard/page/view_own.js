// A page of a gold table that the shop's owner declared.

const ownAt = (part) => book.pages.find((p) => p.table === part);

function ownView(ctx) {
  const own = ownAt(ctx.state.part);
  if (!own) return nowhere(ctx.state.part);
  const kindOf = (i) => /^(u?int)/.test(own.types[i]) ? "count" : /^ratio|^rate/.test(own.types[i]) ? "ratio" : /^(decimal|sum|price|float|double)/.test(own.types[i]) ? (measures.get(own.columns[i])?.kind === "ratio" ? "ratio" : "money") : own.types[i] === "date" ? "date" : "text";
  const columns = own.columns.map((name, i) => ({ title: measures.has(name) ? titleOf(name) : name, kind: kindOf(i) }));
  const numeric = columns.map((c) => c.kind !== "text" && c.kind !== "date");
  const rows = own.rows.map((r) => r.map((cell, i) => numeric[i] ? (cell === "" ? null : Number(cell)) : cell));
  const x = own.columns.indexOf(own.x), ys = own.y.map((name) => own.columns.indexOf(name)).filter((i) => i >= 0);
  const told1 = own.columns.map((name) => name).filter((name) => measures.has(name));
  const part = own.total > rows.length ? "The first " + many(rows.length, "row") + " of " + show(own.total, "count") + "." : null;
  const all = chart({ id: "own_table", title: own.chart === "table" ? own.title : "All rows", unit: own.table, measures: told1, wide: true, columns, rows, note: part });
  if (own.chart === "table" || x < 0 || !ys.length) return [title(own.title, ctx, own.table), section(all)];
  const bars = own.chart === "bar";
  const label = (r) => columns[x].kind === "date" ? show(r[x], "date") : r[x] === "" || r[x] === null ? "Unknown" : String(r[x]);
  return [title(own.title, ctx, own.table + "; filters do not act on this page"), section(
    ...ys.map((y) => chart({ id: "own_" + own.columns[y], title: columns[y].title + " by " + columns[x].title, unit: unitOf(columns[y].kind, ""), measures: told1.filter((n) => n === own.columns[y]), wide: true, columns, rows, height: "tall", says: extremes(rows.map(label), rows.map((r) => r[y]), columns[y].kind),
      draw: (c) => ({
        tooltip: { ...common({ columns: [] }, c, []).tooltip, trigger: "axis", axisPointer: { type: bars ? "shadow" : "line", lineStyle: { color: c.firm }, shadowStyle: { color: c.tint, opacity: 0.55 } }, formatter: (p) => told(columns, rows[p[0].dataIndex]) },
        xAxis: nameAxis(c, rows.map((r) => cut(label(r), 18)), { boundaryGap: bars }), yAxis: valueAxis(c, columns[y].kind),
        series: [{ type: bars ? "bar" : "line", data: rows.map((r) => r[y]), barMaxWidth: 36, showSymbol: rows.length < 3, color: c.accent, lineStyle: { width: 2 }, itemStyle: { color: c.accent, borderRadius: 2 }, emphasis: { disabled: true } }],
      }) })), all)];
}
