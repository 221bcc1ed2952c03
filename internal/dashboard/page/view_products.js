// Product Performance: what earns, what comes back, what it is sold at.

function productsView(ctx) {
  const f = ctx.figures, p = f.products, top = p?.top || nothing, categories = f.by.category, sub = f.by.subcategory, costs = !lacks.has("cost");
  const naming = (fr, i) => fr.keys[fr.by.indexOf("product_name")]?.[i] || fr.keys[0][i];
  const measured = ["revenue", "units_sold", "return_rate", "average_price", ...(costs ? ["margin_rate"] : [])].filter((m) => measures.has(m));
  const list = (fr, n) => [...Array(fr.rows).keys()].slice(0, n).map((i) => [naming(fr, i), fr.keys[fr.by.indexOf("category")]?.[i] ?? "", ...measured.map((m) => value(fr, m, i))]);
  const columns = [text("Product"), text("Category"), ...measured.map((m) => col(m))];
  const best = list(top, 500), order = ctx.state.show === "units" ? 3 : 2, field = order === 3 ? "units_sold" : "revenue";
  const chosen = [...best].sort((a, b) => (b[order] ?? 0) - (a[order] ?? 0)).slice(0, 15);
  return [
    title("Product Performance", ctx, p?.count ? scopeText(ctx) + " · " + many(p.count, "product") + " with a line" : undefined),
    heads(ctx, ["revenue", "units_sold", "average_price", "return_rate", "margin", "margin_rate"]),
    section(
      rankChart({ id: "top_products", title: "Products of most " + (order === 3 ? "units" : "revenue"), unit: order === 3 ? "units" : unitOf("money"), measures: [field], missing: unless(p?.top),
        controls: choice("by", [["", "revenue"], ["units", "units sold"]], ctx.state.show === "units" ? "units" : "", (v) => set({ show: v })), note: order === 3 ? "Among the " + many(best.length, "product") + " of most revenue." : null }, columns, chosen, order, order === 3 ? "count" : "money"),
      rankChart({ id: "bottom_products", title: "Products of least revenue", unit: unitOf("money"), measures: ["revenue"], missing: unless(p?.bottom) }, columns, p?.bottom ? list(p.bottom, 15) : [], 2, "money", { colour: "quiet" }),
      paretoChart(p),
      classesChart(p),
      chart({ id: "return_rates", title: "Return rate against revenue", unit: "percent and " + unitOf("money"), measures: ["return_rate", "revenue"], wide: true, height: "tall", missing: unless(p?.top), columns, rows: best.filter((r) => r[4] !== null && r[2] > 0), note: "The products of most revenue, up to 500. Revenue in powers of ten.",
        says: extremes(best.map((r) => r[0]), best.map((r) => r[4]), "ratio"), draw: scatterPlot(best.filter((r) => r[4] !== null && r[2] > 0), 2, 4, "Revenue", "Return rate", "money", "ratio", true) }),
      sub && !lacks.has("categories") ? treeChart(ctx, sub, categories) : rankChart({ id: "categories", title: "Revenue by category", unit: unitOf("money"), measures: ["revenue"], missing: lacks.get("categories") || unless(categories) }, [text("Category"), col("revenue"), col("return_rate")], categories ? rowsOf(categories, ["revenue", "return_rate"]) : [], 1, "money"),
      costs ? chart({ id: "price_margin", title: "Price and margin", unit: unitOf("money") + " and percent", measures: ["average_price", "margin_rate"], height: "tall", missing: unless(p?.top), columns, rows: best.filter((r) => r[5] !== null && r[6] !== null && r[5] > 0), says: extremes(best.map((r) => r[0]), best.map((r) => r[6]), "ratio"), note: "Average price in powers of ten.",
        draw: scatterPlot(best.filter((r) => r[5] !== null && r[6] !== null && r[5] > 0), 5, 6, "Average price", "Margin rate", "money", "ratio", true) })
        : categories && categoryReturns(categories),
      costs && categories?.rows > 1 && rankChart({ id: "margins", title: "Margin rate by category", unit: "percent", measures: ["margin_rate", "margin"] }, [text("Category"), col("margin_rate"), col("margin"), col("revenue")],
        rowsOf(categories, ["margin_rate", "margin", "revenue"], sortedBy(categories, "margin_rate")), 1, "ratio"),
      costs && categories?.rows > 1 && categoryReturns(categories),
      !costs && chart({ id: "price_margin", title: "Price and margin", unit: "percent", wide: true, missing: lacks.get("cost"), measures: ["margin_rate"] }),
      chart({ id: "all_products", title: "Products", unit: "up to 500 of most revenue", measures: measured, wide: true, missing: unless(p?.top), columns, rows: best })),
  ];
}

const categoryReturns = (f) => rankChart({ id: "category_returns", title: "Return rate by category", unit: "percent", measures: ["return_rate", "returns"] }, [text("Category"), col("return_rate"), col("returns"), col("sales")],
  rowsOf(f, ["return_rate", "returns", "sales"], sortedBy(f, "return_rate")), 1, "ratio", { colour: "loss" });

// paretoChart shows which share of products makes which share of revenue, with the
// bounds of the classes.
function paretoChart(p) {
  const rows = (p?.pareto || []).map((pt) => [pt.x, pt.y]), columns = [{ title: "Share of products", kind: "ratio" }, { title: "Share of revenue", kind: "ratio" }];
  const at = rows.find((r) => r[1] >= 0.8);
  return chart({ id: "pareto", title: "How much revenue how few products make", unit: "percent of both", measures: ["revenue"], missing: unless(p?.pareto), columns, rows,
    says: at ? show(at[0], "ratio") + " of products make 80 % of revenue." : "", note: at ? show(at[0], "ratio") + " of the products make " + show(0.8, "ratio") + " of the revenue. Lines mark classes A and B." : null,
    draw: (c) => ({
      tooltip: { ...common({ columns }, c, rows).tooltip, trigger: "axis", formatter: (pt) => told([text(""), ...columns], ["Products from the top", ...rows[pt[0].dataIndex]]) },
      grid: { left: 4, right: 26, top: 16, bottom: 4, containLabel: true },
      xAxis: { ...valueAxis(c, "ratio"), min: 0, max: 1, interval: 0.25, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: c.firm } } }, yAxis: valueAxis(c, "ratio", { min: 0, max: Math.max(1, ...rows.map((r) => r[1])), interval: 0.25 }),
      series: [{ type: "line", data: rows, showSymbol: false, lineStyle: { width: 2 }, color: c.accent, areaStyle: { color: c.tint, opacity: 0.8 }, emphasis: { disabled: true },
        markLine: { silent: true, symbol: "none", lineStyle: { color: c.quiet, type: [4, 4] }, label: { color: c.soft, position: "insideStartTop", formatter: (m) => m.name }, data: [{ yAxis: 0.8, name: "A" }, { yAxis: 0.95, name: "B" }] } }],
    }) });
}

function classesChart(p) {
  const cl = p?.classes || nothing, products = cl.values.products || [], sum = products.reduce((n, v) => n + v, 0);
  const rows = (cl.keys[0] || []).map((k, i) => [k, products[i] ?? null, sum ? quotient(products[i], sum, 6) : null, value(cl, "revenue", i), shares(cl, "revenue")[i], value(cl, "return_rate", i)]);
  const columns = [text("Class"), { title: "Products", kind: "count" }, { title: "Share of products", kind: "ratio" }, col("revenue"), { title: "Share of revenue", kind: "ratio" }, col("return_rate")];
  const shade = { A: "high", B: "mid", C: "quiet" };
  return chart({ id: "classes", title: "ABC classes of products", unit: "percent", measures: ["revenue"], missing: unless(p?.classes), columns, rows, says: rows.map((r) => r[0] + ": " + show(r[1], "count") + " products, " + show(r[4], "ratio") + " of revenue").join("; ") + ".",
    note: "A makes the first 80 % of revenue, B the next 15 %, C the rest.",
    draw: (c) => ({
      grid: { left: 4, right: 26, top: 34, bottom: 4, containLabel: true }, legend: { ...legend(c, rows.map((r) => r[0])), formatter: (n) => "Class " + n },
      tooltip: { ...common({ columns }, c, rows).tooltip, formatter: (pt) => told(columns, rows[pt.seriesIndex]) },
      xAxis: valueAxis(c, "ratio", { max: 1, interval: 0.25 }), yAxis: nameAxis(c, ["Products", "Revenue"], { inverse: true, axisLine: { show: false }, axisLabel: { color: c.ink, fontSize: 12.5 } }),
      series: rows.map((r) => [r, c[shade[r[0]] || "firm"]]).map(([r, color]) => ({ name: r[0], type: "bar", stack: "all", barMaxWidth: 54, data: [r[2], r[4]], color, itemStyle: { color, borderColor: c.ground, borderWidth: 1 }, emphasis: { disabled: true },
        label: { show: true, color: inkOn(c, parts(color)), fontSize: 12, formatter: (pt) => pt.value > 0.07 ? show(pt.value, "ratio") : "" } })),
    }) });
}

// scatterPlot draws a point for each row, by two of its cells.
function scatterPlot(rows, x, y, nameX, nameY, kindX, kindY, powers) {
  return (c, wide) => ({
    grid: { left: 26, right: 24, top: 16, bottom: 30, containLabel: true },
    xAxis: { ...valueAxis(c, kindX), type: powers ? "log" : "value", name: nameX, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: c.soft }, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: c.firm } },
      ...(powers && rows.length ? { min: 10 ** Math.floor(Math.log10(Math.min(...rows.map((r) => r[x])))), max: 10 ** Math.ceil(Math.log10(Math.max(...rows.map((r) => r[x])))) } : {}) },
    yAxis: { ...valueAxis(c, kindY), name: nameY, nameLocation: "middle", nameGap: wide ? 48 : 40, nameTextStyle: { color: c.soft }, scale: true },
    series: [{ type: "scatter", symbolSize: 8, data: rows.map((r) => [r[x], r[y]]), itemStyle: { color: c.accent, opacity: 0.55 }, emphasis: { disabled: true } }],
  });
}

// treeChart is categories and their subcategories, by revenue.
function treeChart(ctx, sub, categories) {
  const rows = rowsOf(sub, ["revenue", "units_sold", "return_rate"], sortedBy(sub, "revenue")), columns = [text("Category"), text("Subcategory"), col("revenue"), col("units_sold"), col("return_rate")];
  return chart({ id: "category_tree", title: "Revenue by category and subcategory", unit: unitOf("money"), measures: ["revenue", "return_rate"], height: "tall", columns, rows, says: extremes(rows.map((r) => (r[0] || "Unknown") + ", " + (r[1] || "no subcategory")), rows.map((r) => r[2]), "money"),
    note: rows.some((r) => r[2] <= 0) ? "Subcategories without revenue are in the table only." : null,
    draw: (c) => {
      const groups = new Map();
      rows.forEach((r, row) => { if (r[2] > 0) { if (!groups.has(r[0])) groups.set(r[0], []); groups.get(r[0]).push({ name: r[1] || "No subcategory", value: r[2], row }); } });
      const sums = [...groups].map(([name, list]) => [name, list, list.reduce((n, i) => n + i.value, 0)]), most = Math.max(1, ...rows.map((r) => r[2]));
      return {
        tooltip: { ...common({ columns }, c, rows).tooltip, formatter: (p) => p.data?.row !== undefined ? told(columns, rows[p.data.row]) : p.name ? told([text(""), col("revenue")], [p.name, sums.find((s) => (s[0] || "Unknown") === p.name)?.[2] ?? null]) : "" },
        series: [{ type: "treemap", animation: false, animationDurationUpdate: 0, left: 0, right: 0, top: 0, bottom: 0, roam: false, nodeClick: false, breadcrumb: { show: false }, itemStyle: { borderColor: c.ground, borderWidth: 1, gapWidth: 2 },
          levels: [{ itemStyle: { borderWidth: 0, gapWidth: 4 } }, { upperLabel: { show: true, height: 22, color: c.ink, fontSize: 12, fontWeight: 600, overflow: "truncate" }, itemStyle: { color: c.ground, borderColor: c.ground, borderWidth: 0, gapWidth: 2 }, emphasis: { disabled: true } }, {}],
          label: { fontSize: 12, overflow: "truncate", padding: [5, 6], position: "insideTopLeft", align: "left" }, emphasis: { disabled: true },
          data: sums.map(([name, list]) => ({ name: name || "Unknown", children: list.map((i) => { const color = i.value > most * 0.45 ? c.high : i.value > most * 0.15 ? c.mid : c.low; return { ...i, itemStyle: { color }, label: { color: inkOn(c, parts(color)) } }; }) })) }],
      };
    } });
}
