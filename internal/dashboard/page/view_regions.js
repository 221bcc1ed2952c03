// Regional Revenue: where customers are, from the world to a country's states.

const regional = ["revenue", "orders", "customers", "aov", "return_rate"];

function regionsView(ctx) {
  if (lacks.has("geography")) return [title("Regional Revenue", ctx), empty(lacks.get("geography"), "Map a country of sales or customers in smelt.yml and run again: this page then has a map.")];
  const f = ctx.figures.by.country, names = regional.filter((m) => measures.has(m) && !(m === "customers" && lacks.has("customers")));
  const shown = names.includes(ctx.state.show) || ctx.state.show === "growth" ? ctx.state.show : "revenue", kind = shown === "growth" ? "ratio" : measures.get(shown)?.kind || "money";
  const shareOf = f ? shares(f, "revenue") : [];
  const revenueOf = (answer) => new Map((answer?.by.country?.keys[0] || []).map((k, i) => [k, value(answer.by.country, "revenue", i)]));
  const nowOf = revenueOf(ctx.now), beforeOf = revenueOf(ctx.before);
  const rows = f ? f.keys[0].map((name, i) => [name, ...names.map((m) => value(f, m, i)), shareOf[i], growth(nowOf.get(name) ?? null, beforeOf.get(name))]) : [];
  const columns = [text("Country"), ...names.map((m) => col(m)), { title: "Share of revenue", kind: "ratio" }, { title: "Growth" + (ctx.ranges ? ", " + (ctx.ranges.given ? "" : ctx.ranges.name + " ") + "on " + ctx.ranges.than : ""), kind: "ratio", signed: true }];
  const column = shown === "growth" ? columns.length - 1 : 1 + names.indexOf(shown), title2 = shown === "growth" ? "Growth of revenue" : titleOf(shown), unit = unitOf(kind, measures.get(shown)?.unit);
  const sorted = [...rows].sort((a, b) => (b[column] ?? -Infinity) - (a[column] ?? -Infinity));
  const at = rows.some((r) => r[0] === ctx.state.at) ? ctx.state.at : rows[0]?.[0];
  const pick = (row) => set({ at: row[0] });
  const states = ctx.figures.by.state, stateColumns = [text("State"), ...names.map((m) => col(m)), { title: "Share of the country", kind: "ratio" }];
  const stateRows = statesOf(states, at, names), stateColumn = shown === "growth" ? 1 : column;
  const more = [...names.map((m) => [m, titleOf(m)]), ...(ctx.ranges ? [["growth", "Growth of revenue"]] : [])];
  return [
    title("Regional Revenue", ctx),
    heads(ctx, ["revenue", "orders", "customers", "aov", "return_rate"]),
    section(
      mapChart({ id: "map", title: title2 + " by country", unit, measures: [shown === "growth" ? "revenue" : shown], wide: true, height: "map", missing: unless(f), columns, rows, pick,
        controls: choice("by", more, shown, (v) => set({ show: v === "revenue" ? "" : v })), says: many(rows.length, "country", "countries") + ". " + extremes(rows.map((r) => r[0] || "Unknown"), rows.map((r) => r[column]), kind) }, column, kind),
      rankChart({ id: "countries", title: "Countries by " + title2.toLowerCase(), unit, measures: [shown === "growth" ? "revenue" : shown], missing: unless(f), pick, note: rows.length > 15 ? "The first 15 of " + rows.length + "; the map's table has all." : null }, columns, sorted.slice(0, 15), column, kind),
      rankChart({ id: "states", title: "States of " + (at || "the unknown country"), unit: unitOf(shown === "growth" ? "money" : kind, measures.get(shown)?.unit), measures: [shown === "growth" ? "revenue" : shown], missing: unless(states) || (stateRows.length ? null : "No line of " + (at || "the unknown country") + " has a state."),
        controls: rows.length > 1 && choice("of", rows.map((r) => [r[0], r[0] || "Unknown"]), at, (v) => set({ at: v })), note: stateRows.length > 15 ? "The first 15 of " + stateRows.length + "." : null }, stateColumns, stateRows.slice(0, 15), stateColumn, shown === "growth" ? "money" : kind),
      rankChart({ id: "shares", title: "Share of revenue", unit: "percent", measures: ["revenue"], missing: unless(f) }, columns, rows.slice(0, 10), columns.length - 2, "ratio"),
      rankChart({ id: "region_growth", title: "Growth of revenue", unit: ctx.ranges ? "percent, " + (ctx.ranges.given ? "" : ctx.ranges.name + " ") + "on " + ctx.ranges.than : "percent", measures: ["revenue"], missing: unless(f) || (ctx.ranges ? (rows.every((r) => r.at(-1) === null) && ctx.before ? "No country has revenue in both." : null) : "There is no earlier period to compare with.") }, columns, rows.slice(0, 10), columns.length - 1, "ratio"),
      rankChart({ id: "region_returns", title: "Return rate by country", unit: "percent", measures: ["return_rate"], missing: unless(f) }, columns, rows.slice(0, 10), 1 + names.indexOf("return_rate"), "ratio", { colour: "loss" }),
      rankChart({ id: "region_aov", title: "Average order value by country", unit: unitOf("money"), measures: ["aov"], missing: unless(f) || (rows.every((r) => r[1 + names.indexOf("aov")] === null) && rows.length ? cannot : null) }, columns, rows.slice(0, 10), 1 + names.indexOf("aov"), "money")),
  ];
}

function statesOf(f, country, names) {
  if (!f) return [];
  const within = picked(f, 0, [country]), share = shares(within, "revenue");
  return [...Array(within.rows).keys()].map((i) => [within.keys[1][i], ...names.map((m) => value(within, m, i)), share[i]]);
}

// mapChart colours countries; those that the map does not know are in the table.
function mapChart(spec, column, kind) {
  const { rows } = spec, off = rows.filter((r) => !codes[r[0]]).map((r) => r[0] || "Unknown");
  return chart({ ...spec, note: off.length ? "Not on the map: " + off.slice(0, 6).join(", ") + (off.length > 6 ? " and " + (off.length - 6) + " more" : "") + "." : null,
    draw: (c, wide) => {
      world();
      const list = rows.map((r) => r[column]).filter((v) => v !== null), most = Math.max(...list, 0), least = Math.min(...list, 0);
      const signs = least < 0, bound = Math.max(most, -least) || 1;
      // A shop sells most in one country: the square root leaves differences among the others.
      const scaled = (v) => kind === "ratio" ? v : Math.sign(v) * Math.sqrt(Math.abs(v) / bound);
      return {
        visualMap: { type: "continuous", min: signs ? (kind === "ratio" ? -bound : -1) : 0, max: kind === "ratio" ? bound : 1, calculable: false, orient: "horizontal", left: 0, bottom: 0, itemWidth: 10, itemHeight: 120, text: [short(bound, kind), short(signs ? -bound : 0, kind)], textStyle: { color: c.soft, fontSize: 11 }, inRange: { color: signs ? [c.loss, c.pale, c.high] : [c.low, c.mid, c.high] } },
        series: [{ type: "map", map: "world", aspectScale: 1, roam: false, selectedMode: false, layoutCenter: ["50%", "50%"], layoutSize: "198%", cursor: "pointer", ...mapView(rows.filter((r) => r[column] !== null && codes[r[0]]).map((r) => codes[r[0]])),
          itemStyle: { areaColor: c.pale, borderColor: c.ground, borderWidth: 0.6 }, emphasis: { label: { show: false }, itemStyle: { areaColor: null, borderColor: c.ink, borderWidth: 1.2 } }, label: { show: false },
          data: rows.map((r, row) => codes[r[0]] && r[column] !== null ? { name: codes[r[0]], value: scaled(r[column]), row } : null).filter(Boolean) }],
        tooltip: { ...common({ columns: [] }, c, []).tooltip, formatter: (p) => p.data?.row !== undefined ? told(spec.columns, rows[p.data.row]) : "" },
      };
    } });
}
