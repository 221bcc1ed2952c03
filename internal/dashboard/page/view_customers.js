// Customer Segmentation: who buys, how lately, how often and for how much.

function customersView(ctx) {
  if (lacks.has("customers")) return [title("Customer Segmentation", ctx), empty(lacks.get("customers"), "Map a customer id in smelt.yml and run again: this page then shows who buys how often.")];
  const c = ctx.figures.customers;
  const g = c?.grid || nothing, s = c?.segments || nothing, by = ctx.state.show === "revenue" ? "revenue" : "customers";
  const missing = unless(c), missingPart = (part) => unless(c && c[part]);
  const list = s.keys[0] || [];
  const moved = list.map((_, i) => { const was = s.values.customers_before?.[i] ?? null; return was === null ? null : s.values.customers[i] - was; });
  const segments = list.map((name, i) => [name, s.values.customers?.[i] ?? null, shares(s, "customers")[i], s.values.customers_before?.[i] ?? null, moved[i], s.values.revenue?.[i] ?? null, shares(s, "revenue")[i], quotient(s.values.revenue?.[i] ?? null, s.values.customers?.[i] ?? null, 4)]);
  const columns = [text("Segment"), { title: "Customers", kind: "count" }, { title: "Share of customers", kind: "ratio" }, { title: "Customers 30 days before", kind: "count" }, { title: "Movement", kind: "count" }, col("revenue"), { title: "Share of revenue", kind: "ratio" }, { title: "Revenue per customer", kind: "money" }];
  const all = list.reduce((n, _, i) => n + (s.values.customers?.[i] || 0), 0), worth = list.reduce((n, _, i) => n + inUnits(s.values.revenue?.[i] || 0), 0) / 10000, ordered = list.reduce((n, _, i) => n + (s.values.orders?.[i] || 0), 0);
  const top = c?.top || nothing, named = top.keys[top.by.indexOf("full_name")]?.some(Boolean);
  const who = [text("Customer"), ...(named ? [text("Name")] : []), text("Segment"), col("revenue"), col("orders")];
  return [
    title("Customer Segmentation", ctx, c?.reference ? "As of " + show(c.reference, "date") + "; dates, categories and channels do not filter this page" : undefined),
    s.rows > 0 && heads({ ...ctx, figures: { by: {}, total: nothing }, ranges: null }, [
      { name: "segmented_customers", title: "Customers", value: all, kind: "count", says: "with at least one order" },
      { name: "clv", title: "Lifetime value", value: quotient(worth, all, 4), kind: "money", says: "revenue to date, on average" },
      { name: "orders_per_customer", title: "Orders per customer", value: quotient(ordered, all, 6), kind: "number", says: "on average" },
      ...["Champions", "At Risk"].filter((n) => list.includes(n)).map((n) => ({ name: "share_" + n, title: n, value: shares(s, "revenue")[list.indexOf(n)], kind: "ratio", says: "of revenue, by " + many(s.values.customers[list.indexOf(n)], "customer") }))]),
    section(
      chart({ id: "segments", title: "Segments and how they moved in 30 days", unit: "customers", measures: ["customers", "revenue"], wide: true, missing: missingPart("segments"), columns, rows: segments, height: "tall", says: extremes(list, segments.map((r) => r[1]), "count"), draw: segmentPlot(segments, columns) }),
      chart({ id: "rfm", title: "Recency and frequency", unit: by === "revenue" ? unitOf("money") : "customers", measures: [by], missing: missingPart("grid"), height: "tall",
        controls: choice("by", [["customers", "customers"], ["revenue", "revenue"]], by, (v) => set({ show: v === "customers" ? "" : v })),
        columns: [text("Recency score"), text("Frequency score"), { title: "Customers", kind: "count" }, col("revenue")], rows: rowsOf(g, ["customers", "revenue"]), note: "Scores go from 1 to 5; at the top right are those who bought lately and often.",
        says: "A grid of 5 by 5 scores. " + extremes((g.keys[0] || []).map((r, i) => "recency " + r + ", frequency " + g.keys[1][i]), column(g, by), measures.get(by)?.kind || "count"), draw: gridPlot(g, by) }),
      histogram({ id: "clv", title: "Lifetime value of customers", unit: "customers by " + unitOf("money"), measures: ["revenue"], missing: missingPart("clv"), height: "tall" }, c?.clv || [], "money", "Customers"),
      histogram({ id: "recency", title: "Days since the last order", unit: "customers by days", measures: ["customers"], missing: missingPart("recency"), height: "tall" }, c?.recency || [], "count", "Customers"),
      chart({ id: "top_customers", title: "Customers of most revenue", unit: unitOf("money"), measures: ["revenue"], missing: missingPart("top"), columns: who,
        rows: [...Array(top.rows).keys()].slice(0, 100).map((i) => [top.keys[0][i], ...(named ? [top.keys[top.by.indexOf("full_name")][i]] : []), top.keys[top.by.indexOf("segment")]?.[i] ?? "", value(top, "revenue", i), value(top, "orders", i)]) })),
  ];
}

// segmentPlot draws customers as bars, with a mark where they were 30 days before.
function segmentPlot(rows, columns) {
  return (c, wide) => ({
    grid: { left: 4, right: wide ? 150 : 84, top: 34, bottom: 4, containLabel: true },
    legend: legend(c, ["Customers", "30 days before"]),
    tooltip: { ...common({ columns: [] }, c, []).tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: c.tint, opacity: 0.55 } }, formatter: (p) => told(columns, rows[p[0].dataIndex]) },
    xAxis: valueAxis(c, "count", { splitLine: { lineStyle: { color: c.line } } }),
    yAxis: nameAxis(c, rows.map((r) => r[0] || "Unknown"), { inverse: true, axisLine: { show: false }, axisLabel: { color: c.ink, interval: 0, fontSize: 12.5 } }),
    series: [
      { name: "Customers", type: "bar", barMaxWidth: 18, data: rows.map((r) => r[1]), itemStyle: { color: c.accent, borderRadius: 2 }, emphasis: { disabled: true },
        label: { show: true, position: "right", color: c.ink, distance: 12, fontSize: 12, formatter: (p) => { const r = rows[p.dataIndex]; return short(r[1], "count") + (r[4] === null ? "" : "  " + (r[4] > 0 ? "▲ " : r[4] < 0 ? "▼ " : "± ") + short(Math.abs(r[4]), "count")) + (wide ? "  ·  " + short(r[5], "money") : ""); } } },
      { name: "30 days before", type: "scatter", symbol: "rect", symbolSize: [3, 22], data: rows.map((r) => r[3]), itemStyle: { color: c.ink }, color: c.ink, emphasis: { disabled: true }, z: 5 },
    ],
  });
}

function gridPlot(g, by) {
  return (c) => {
    const list = column(g, by), most = Math.max(1, ...list.map((v) => v ?? 0)), kind = measures.get(by)?.kind || "count";
    const scores = ["1", "2", "3", "4", "5"];
    return {
      grid: { left: 30, right: 6, top: 6, bottom: 40, containLabel: true },
      visualMap: { show: false, min: 0, max: most, inRange: { color: [c.low, c.mid, c.high] } },
      xAxis: nameAxis(c, scores, { name: "Frequency score", nameLocation: "middle", nameGap: 28, nameTextStyle: { color: c.soft }, axisLine: { show: false }, splitArea: { show: false } }),
      yAxis: nameAxis(c, scores, { name: "Recency score", nameLocation: "middle", nameGap: 28, nameTextStyle: { color: c.soft }, axisLine: { show: false } }),
      series: [{ type: "heatmap", data: list.map((v, i) => ({ value: [Number(g.keys[1][i]) - 1, Number(g.keys[0][i]) - 1, v ?? 0], row: i, label: { color: inkOn(c, ramp(c, (v ?? 0) / most)) } })), itemStyle: { borderColor: c.ground, borderWidth: 3, borderRadius: 4 }, emphasis: { disabled: true },
        label: { show: true, fontSize: 12, formatter: (p) => short(list[p.data.row], kind) } }],
    };
  };
}
