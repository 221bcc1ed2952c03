// Sales Overview: what was sold and came back, when.

function salesView(ctx) {
  const { figures: f, grain } = ctx, p = periods(ctx, grain), missing = unless(p), d = periods(ctx, "day");
  const starts = p ? p.starts : [], of = (name) => p ? column(p.frame, name) : [];
  const before = p ? p.before("revenue") : [], yearBefore = p ? p.yearBefore("revenue") : [];
  const revenue = of("revenue"), customers = of("customers"), fresh = of("new_customers");
  const yearly = yearBefore.some((v) => v !== null);
  const time = (spec, columns, rows, series, kind) => timeChart(ctx, { missing, ...spec }, columns, rows, series, kind);
  // One month after a weak one may grow by thousands of percent: the axis then ends
  // above what is usual, so that the others can be told apart.
  const rates = starts.map((_, i) => growth(revenue[i], (yearly ? yearBefore : before)[i])), usual = rates.filter((v) => v !== null).sort((a, b) => a - b), ninth = usual[Math.floor(usual.length * 0.9)];
  const cut = ninth > 0 && usual.at(-1) > 5 * ninth ? Math.ceil(ninth * 3) : null;
  const parts = [["channel", "channel"], ["segment", "segment of the customer"]].filter(([name]) => dimensions.has(name) && f.by[name]?.rows > 0);
  const list = (...columns) => starts.map((s, i) => [s, ...columns.map((c) => c[i])]);
  const sum7 = d ? d.trailing("revenue", 7) : [], sum28 = d ? d.trailing("revenue", 28) : [];
  return [
    title("Sales Overview", ctx),
    heads(ctx, ["revenue", "sales", "returns", "return_rate", "orders", "aov", "new_customers", "margin_rate"]),
    section(
      time({ id: "revenue", title: "Net revenue and the year before", unit: unitOf("money"), measures: ["revenue"], wide: true, note: yearly ? null : "There is no earlier year to compare with." },
        [col("revenue"), { title: "Previous " + grain, kind: "money" }, { title: "Growth", kind: "ratio", signed: true }, { title: "A year earlier", kind: "money" }, { title: "Growth on the year", kind: "ratio", signed: true }],
        starts.map((s, i) => [s, revenue[i], before[i], growth(revenue[i], before[i]), yearBefore[i], growth(revenue[i], yearBefore[i])]),
        [{ name: "Net revenue", column: 1, area: true }, ...(yearly ? [{ name: "A year earlier", column: 4, colour: "quiet", dash: true }] : [])], "money"),
      time({ id: "sales_returns", title: "Sales against returns", unit: unitOf("money"), measures: ["sales", "returns"] }, [col("sales"), col("returns"), col("return_rate")], list(of("sales"), of("returns"), of("return_rate")),
        [{ name: "Sales", column: 1, type: "bar", stack: "a" }, { name: "Returns", column: 2, type: "bar", stack: "a", negative: true, colour: "loss" }], "money"),
      time({ id: "growth", title: yearly ? "Growth on the year before" : "Growth on the " + grain + " before", unit: unitOf("ratio"), measures: ["revenue"], without: "There is no earlier period to compare with.", note: "Unknown where there is no earlier period, or its revenue is not above 0." + (cut ? " Bars that end at the top are higher; the table has them." : "") },
        [{ title: "Growth on the year", kind: "ratio", signed: true }, { title: "Growth on the " + grain + " before", kind: "ratio", signed: true }],
        starts.map((s, i) => [s, growth(revenue[i], yearBefore[i]), growth(revenue[i], before[i])]), Object.assign([{ name: "Growth", column: yearly ? 1 : 2, type: "bar", zero: true }], { top: cut }), "ratio"),
      time({ id: "aov", title: "Average order value", unit: unitOf("money"), measures: ["aov"] }, [col("aov"), col("sales"), col("orders")], list(of("aov"), of("sales"), of("orders")), [{ name: "Average order value", column: 1 }], "money"),
      time({ id: "orders", title: "Orders", unit: "orders", measures: ["orders", "return_orders"] }, [col("orders"), col("return_orders")], list(of("orders"), of("return_orders")), [{ name: "Orders", column: 1, type: "bar" }], "count"),
      !lacks.has("customers") && time({ id: "customers", title: "New and returning customers", unit: "customers", measures: ["customers", "new_customers"], missing: missing || (customers.every((v) => v === null) ? cannot : null) },
        [col("new_customers"), { title: "Returning customers", kind: "count" }, col("customers")], starts.map((s, i) => [s, fresh[i], customers[i] === null || fresh[i] === null ? null : customers[i] - fresh[i], customers[i]]),
        [{ name: "Returning", column: 2, type: "bar", stack: "c" }, { name: "New", column: 1, type: "bar", stack: "c", colour: "mid" }], "count"),
      timeChart(ctx, { id: "trailing", wide: lacks.has("customers"), title: "Revenue a day, average of 7 and 28 days", unit: unitOf("money"), measures: ["revenue"], grain: "day", missing: unless(d), note: "The sums of the last 7 and 28 days, divided by as many days." },
        [col("revenue"), { title: "Sum of 7 days", kind: "money" }, { title: "Sum of 28 days", kind: "money" }, { title: "Average of 7 days", kind: "money" }, { title: "Average of 28 days", kind: "money" }],
        d ? d.starts.map((s, i) => [s, value(d.frame, "revenue", i), sum7[i], sum28[i], quotient(sum7[i], 7, 4), quotient(sum28[i], 28, 4)]) : [],
        [{ name: "28 days", column: 5 }, { name: "7 days", column: 4, thin: true, colour: "quiet" }], "money"),
      calendarChart(ctx, d),
      parts.map(([name, label]) => rankChart({ id: "by_" + name, title: "Revenue by " + label, unit: unitOf("money"), measures: ["revenue"], wide: parts.length === 1, note: f.by[name].rows > 10 ? "The first 10 of " + f.by[name].rows + "." : null },
        [text(dimensions.get(name).title), col("revenue"), { title: "Share of revenue", kind: "ratio" }, col("return_rate")], rowsOf(f.by[name], ["revenue", "return_rate"]).map((r, i) => [r[0], r[1], shares(f.by[name], "revenue")[i], r[2]]).slice(0, 10), 1, "money"))),
  ];
}

// calendarChart colours each day of up to the last three years by its revenue.
function calendarChart(ctx, d) {
  const rows = d ? d.starts.map((s, i) => [s, value(d.frame, "revenue", i), value(d.frame, "orders", i)]) : [];
  const years = [...new Set(rows.map((r) => r[0].slice(0, 4)))].slice(-3), sorted = rows.map((r) => r[1]).filter((v) => v !== null).sort((a, b) => a - b);
  const top = sorted[Math.floor(sorted.length * 0.98)] || 1;
  const of = years.map((y) => rows.map((r, row) => ({ value: [r[0], r[1]], row })).filter((item) => item.value[0].startsWith(y)));
  const cellOf = (width) => Math.max(4, Math.min(18, (width - 62) / 53.5));
  return chart({ id: "calendar", title: "Revenue of each day", unit: unitOf("money"), measures: ["revenue"], missing: unless(d), wide: true, high: (width) => years.length * (cellOf(width) * 7 + 14) + 24, columns: [{ title: "Day", kind: "date" }, col("revenue"), col("orders")], rows,
    says: "A calendar of " + years.join(", ") + ". " + extremes(rows.map((r) => show(r[0], "date")), rows.map((r) => r[1]), "money"),
    note: "The stronger the colour, the more; days above " + show(top, "money") + " are alike.",
    draw: (c, wide, width) => {
      const cell = cellOf(width), room = cell * 7 + 14;
      return {
        tooltip: { ...common({ columns: [] }, c, []).tooltip, formatter: (p) => told([{ kind: "date" }, col("revenue"), col("orders")], rows[p.data.row]) },
        visualMap: { show: false, min: Math.min(0, sorted[0] || 0) < 0 ? 0 : sorted[0] || 0, max: top, inRange: { color: [c.low, c.mid, c.high] } },
        calendar: years.map((y, i) => ({ range: y, left: wide ? 56 : 40, top: 20 + i * room, cellSize: [cell, cell], splitLine: { show: false }, itemStyle: { color: c.pale, borderColor: c.ground, borderWidth: cell > 7 ? 2 : 1 }, dayLabel: { show: wide, firstDay: 1, color: c.soft, fontSize: 10, nameMap: [0, 1, 2, 3, 4, 5, 6].map((n) => n % 2 ? weekday.format(new Date(Date.UTC(2023, 0, 1 + n))).slice(0, 2) : "") }, monthLabel: { show: i === 0, color: c.soft, fontSize: 11, nameMap: Array.from({ length: 12 }, (_, m) => monthOnly.format(new Date(Date.UTC(2023, m, 1)))) }, yearLabel: { show: true, color: c.soft, fontSize: 11, fontWeight: "normal", position: "left", margin: wide ? 34 : 14 } })),
        series: years.map((y, i) => ({ type: "heatmap", coordinateSystem: "calendar", calendarIndex: i, data: of[i], emphasis: { disabled: true } })),
      };
    } });
}
