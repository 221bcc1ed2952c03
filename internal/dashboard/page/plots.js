// Drawings that several views have: what ECharts is told, from a chart's rows.

const noLine = { axisLine: { show: false }, axisTick: { show: false } };
const valueAxis = (c, kind, more) => ({ type: "value", ...noLine, splitNumber: 4, splitLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.soft, formatter: (v) => short(v, kind) }, ...more });
const nameAxis = (c, names, more) => ({ type: "category", data: names, axisTick: { show: false }, axisLine: { lineStyle: { color: c.firm } }, axisLabel: { color: c.soft, hideOverlap: true, lineHeight: 15, margin: 8 }, ...more });
const legend = (c, names) => ({ show: names.length > 1, top: 0, left: 0, itemWidth: 14, itemHeight: 8, itemGap: 18, icon: "roundRect", textStyle: { color: c.soft }, data: names, selectedMode: false });

// overTime draws rows whose first cell is the beginning of a period, as series
// {name, column, type, colour, stack, dash, thin, area, negative, zero}. On the list
// itself, top is where the axis ends and tip what pointing tells.
function overTime(rows, grain, series, kind) {
  return (c, wide) => ({
    grid: { left: 4, right: 10, top: series.length > 1 ? 34 : 14, bottom: 4, containLabel: true },
    legend: legend(c, series.map((s) => s.name)),
    tooltip: { ...common({ columns: [] }, c, []).tooltip, trigger: "axis", formatter: series.tip, axisPointer: { type: series.some((s) => s.type === "bar") && rows.length < 70 ? "shadow" : "line", lineStyle: { color: c.firm }, shadowStyle: { color: c.tint, opacity: 0.55 } } },
    xAxis: nameAxis(c, rows.map((r) => axisPeriod(grain, r[0])), { ...(grain === "month" && rows.length > 14 ? { axisLabel: { color: c.soft, hideOverlap: true, lineHeight: 15, margin: 8, interval: (i) => (wide ? ["01", "04", "07", "10"] : ["01", "07"]).includes(rows[i][0].slice(5, 7)) } } : {}), boundaryGap: series.some((s) => s.type === "bar") }),
    yAxis: valueAxis(c, kind, series.top ? { max: series.top } : {}),
    series: series.map((s) => ({
      name: s.name, type: s.type || "line", stack: s.stack, data: rows.map((r) => (s.negative && r[s.column] !== null ? -r[s.column] : r[s.column])), barMaxWidth: 26, barCategoryGap: series.filter((o) => o.type === "bar" && !o.stack).length > 1 ? "18%" : "28%", barGap: "0%", symbol: "circle", symbolSize: 5, showSymbol: rows.length <= 2, connectNulls: false, cursor: "default",
      color: c[s.colour || "accent"], lineStyle: { width: s.thin ? 1 : 2, type: s.dash ? [5, 4] : "solid", opacity: s.thin ? 0.6 : 1, join: "round" }, itemStyle: { color: c[s.colour || "accent"], borderRadius: s.stack ? 0 : [2, 2, 0, 0] },
      areaStyle: s.area ? { color: c.tint, opacity: 0.8, origin: "start" } : undefined, emphasis: { disabled: true }, z: s.dash ? 3 : 2,
      markLine: s.zero ? { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: c.firm, type: "solid" }, data: [{ yAxis: 0 }] } : undefined,
    })),
  });
}
const axisPeriod = (grain, start) => grain === "month" ? (start.slice(5, 7) === "01" ? monthOnly.format(at(start)) + "\n" + start.slice(0, 4) : monthOnly.format(at(start))) : grain === "week" || grain === "day" ? dayText.format(at(start)) : periodText(grain, start);

// timeChart is a chart over the periods of the page's grain.
function timeChart(ctx, spec, columns, rows, series, kind) {
  const grain = spec.grain || ctx.grain;
  const all = [{ title: grain[0].toUpperCase() + grain.slice(1), kind: "date", period: grain }, ...columns];
  series.tip = (p) => { const row = rows[p[0].dataIndex]; return row ? told([{ ...all[0], kind: "text" }, ...columns], [periodText(grain, row[0]), ...row.slice(1)]) : ""; };
  const first = rows.map((r) => r[series[0].column]);
  const known = series.some((s) => rows.some((r) => r[s.column] !== null));
  if (!spec.missing && rows.length && !known) spec = { ...spec, missing: spec.without || (filtered(ctx.filter) && !served ? cannot : "These figures are not known.") };
  return chart({ ...spec, columns: all, rows, draw: overTime(rows, grain, series, kind), says: "By " + grain + ", " + many(rows.length, grain) + ". " + extremes(rows.map((r) => periodText(grain, r[0])), first, kind) + (spec.says || "") });
}

// ranked draws bars from the top down; the first cell of a row is its name.
function ranked(rows, column, kind, { colour, width, second } = {}) {
  return (c, wide, width) => ({
    grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
    xAxis: valueAxis(c, kind, { axisLabel: { show: false }, splitLine: { show: false } }),
    yAxis: nameAxis(c, rows.map((r) => cut(r[0] === "" ? "Unknown" : r[0], Math.max(12, Math.floor(width / 18)))), { inverse: true, axisLine: { show: false }, axisLabel: { color: c.ink, interval: 0, fontSize: 12.5 } }),
    tooltip: { ...common({ columns: [] }, c, []).tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: c.tint, opacity: 0.55 } }, formatter: ranked.tip },
    series: [{ type: "bar", barMaxWidth: 20, barCategoryGap: "35%", data: rows.map((r) => ({ value: r[column], itemStyle: { color: r[column] < 0 ? c.loss : c[colour || "accent"] } })), itemStyle: { borderRadius: 2 }, emphasis: { disabled: true },
      label: { show: true, position: "right", color: c.ink, fontSize: 12, formatter: (p) => kind === "ratio" ? show(rows[p.dataIndex][column], kind) : short(rows[p.dataIndex][column], kind) } }],
  });
}

// rankChart is a chart of bars; a click on one does what pick says.
function rankChart(spec, columns, rows, column, kind, more) {
  const draw = ranked(rows, column, kind, more || {});
  return chart({ ...spec, columns, rows, high: () => rows.length * 26 + 16, says: extremes(rows.map((r) => r[0] || "Unknown"), rows.map((r) => r[column]), kind),
    draw: (c, wide, width) => { const o = draw(c, wide, width); o.tooltip.formatter = (p) => told(columns, rows[p[0].dataIndex]); return o; } });
}

// histogram draws bins.
function histogram(spec, bins, kind, what) {
  const rows = bins.map((b) => [b.from, b.to, b.n]), columns = [{ title: "From", kind: kind === "money" ? "money" : "number" }, { title: "To", kind: kind === "money" ? "money" : "number" }, { title: what, kind: "count" }];
  return chart({ ...spec, columns, rows, says: many(bins.length, "bar") + ". " + extremes(rows.map((r) => short(r[0], kind) + " to " + short(r[1], kind)), rows.map((r) => r[2]), "count"),
    draw: (c) => ({
      xAxis: nameAxis(c, rows.map((r) => short(r[0], kind)), { axisLabel: { color: c.soft, hideOverlap: true, align: "center" } }), yAxis: valueAxis(c, "count"),
      tooltip: { ...common({ columns: [] }, c, []).tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: c.tint, opacity: 0.55 } }, formatter: (p) => { const r = rows[p[0].dataIndex]; return told([text(""), columns[2]], [show(r[0], columns[0].kind) + " – " + show(r[1], columns[1].kind), r[2]]); } },
      series: [{ type: "bar", barCategoryGap: "6%", data: rows.map((r) => r[2]), itemStyle: { color: c.accent }, emphasis: { disabled: true } }],
    }) });
}
