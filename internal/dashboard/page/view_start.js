// The start page: how the shop stands, and what is on the other pages.

function startView(ctx) {
  const monthly = ctx.figures.by.month;
  const p = monthly && periods({ ...ctx, grain: "month" }, "month");
  const rows = p ? p.starts.map((s, i) => [s, value(p.frame, "revenue", i), p.yearBefore("revenue")[i]]) : [];
  const yearly = rows.some((r) => r[2] !== null);
  const series = [{ name: "Revenue", column: 1, type: "bar" }];
  if (yearly) series.unshift({ name: "A year earlier", column: 2, colour: "firm", type: "bar" });
  return [
    title(shop.name || "The shop", ctx, [scopeText(ctx), " · ", many(shop.lines, "order line"), shop.customers > 0 && [" · ", many(shop.customers, "customer")], " · ", many(shop.products, "product")].flat().filter(Boolean).join("")),
    heads(ctx, ["revenue", "orders", "aov", "customers", "return_rate", "margin_rate"]),
    section(timeChart({ ...ctx, grain: "month" }, { id: "revenue_by_month", title: "Revenue by month", unit: unitOf("money"), measures: ["revenue"], wide: true, grain: "month", missing: unless(p) },
      [col("revenue"), { title: "A year earlier", kind: "money" }], rows, series, "money"),
      ctx.figures.by.category?.rows > 1 && glance("category", "Category", "products", ctx), ctx.figures.by.country?.rows > 1 && !lacks.has("geography") && glance("country", "Country", "regions", ctx)),
    el("nav", { class: "doors", "aria-label": "Dashboards" }, Object.entries(views).filter(([id, v]) => id && v.about && !v.off?.()).map(([id, v]) => el("a", { href: hashOf({ ...ctx.state, page: id, part: "", show: "", at: "" }) }, el("b", null, v.name), el("span", null, v.about(ctx))))),
    book.missing.length > 0 && el("section", { class: "gaps" }, el("h2", null, "What the shop has no data for"), el("ul", null, book.missing.map((m) => el("li", null, m.says)))),
  ];
}

// glance is the largest of a dimension, beside the page that has all of them.
function glance(name, label, page, ctx) {
  const f = ctx.figures.by[name], names = ["revenue", "return_rate"];
  return rankChart({ id: "start_" + name, title: "Revenue by " + name, unit: unitOf("money"), measures: ["revenue"], note: f.rows > 6 ? ["The first 6 of " + f.rows + ": ", link(hashOf({ ...ctx.state, page, show: "", at: "" }), views[page].name), "."] : null }, [text(label), ...names.map((n) => col(n))], [...Array(Math.min(6, f.rows)).keys()].map((i) => [f.keys[0][i], ...names.map((n) => value(f, n, i))]), 1, "money");
}

// best tells the largest row of a frame by a measure.
function best(f, name, says) {
  if (!f?.rows) return "";
  const i = sortedBy(f, name)[0];
  return says(f.keys[0][i] || "Unknown", show(value(f, name, i), measures.get(name)?.kind));
}
