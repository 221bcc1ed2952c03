// filter → figures, for a page without a server: additive quantities are summed
// from the cube, by months; distinct counts are looked up where the book has
// them, for one filter at a time, and unknown otherwise. Parts that cannot be
// known at all are left out, and their charts say so.

const cube = book.cube ? { ...book.cube, months: book.cube.months || [], left: book.cube.left || [], distinct: book.cube.distinct || {} } : null;
const additive = ["sales", "returns", "revenue", "discounts", "units_sold", "units_returned", "cost", "margin"];
if (cube) {
  frame(cube.cells);
  for (const f of Object.values(cube.distinct)) frame(f);
  cube.code = Object.fromEntries(cube.cells.by.map((name, k) => [name, Int32Array.from(cube.cells.keys[k], Number)]));
  const cells = cube.cells.values;
  cube.units = Object.fromEntries(additive.filter((m) => cells[m]).map((m) => [m, Float64Array.from(cells[m], (v) => v === null ? NaN : inUnits(v))])); // NaN makes a sum unknown
  if (!cube.units.revenue) cube.units.revenue = cube.units.sales.map((v, i) => v - cube.units.returns[i]);
  if (!cube.units.margin && cube.units.cost) cube.units.margin = cube.units.revenue.map((v, i) => v - cube.units.cost[i]);
  cube.place = Object.fromEntries(book.dimensions.map((d) => [d.name, new Map(d.values.map((v, i) => [v, i]))]));
  // distinct counts by dimension → value → grain and period → row
  cube.at = Object.fromEntries(Object.entries(cube.distinct).map(([name, f]) => [name, new Map(f.keys.length === 3 ? f.keys[0].map((v, i) => [v + "\u0000" + f.keys[1][i] + "\u0000" + f.keys[2][i], i]) : [])]));
}

// summed adds up the cells that pass, in groups of(cell) numbers from 0 to n − 1.
function summed(passes, of, n) {
  const names = Object.keys(cube.units), sums = names.map(() => new Float64Array(n)), lines = new Int32Array(n);
  for (let i = 0; i < cube.cells.rows; i++) {
    if (!passes(i)) continue;
    const g = of(i);
    lines[g]++;
    for (let m = 0; m < names.length; m++) sums[m][g] += cube.units[names[m]][i];
  }
  const values = Object.fromEntries(names.map((name, m) => [name, Array.from(sums[m], (v) => Number.isNaN(v) ? null : v / 10000)]));
  return { values, lines };
}

function fromCube(filter) {
  const all = book.figures, chosen = Object.keys(filter.in);
  const dated = Boolean(filter.from || filter.to);
  if (!chosen.length && !dated) return all;
  const first = startOf("month", filter.from || shop.first), last = startOf("month", filter.to || shop.last);
  const monthOk = cube.months.map((m) => m >= first && m <= last);
  const inCube = (name) => name in cube.code;
  const only = (...names) => chosen.every((c) => names.includes(c));
  const known = chosen.every(inCube);
  const sets = chosen.filter(inCube).map((name) => [cube.code[name], new Set(filter.in[name].map((v) => cube.place[name].get(v)))]);
  const passes = (i) => monthOk[cube.code.month[i]] && sets.every(([code, set]) => set.has(code[i]));

  // span is the months of a period that are in the shop's time; a period is whole
  // when the filter leaves all of them, and the filter's own when they are the filter's.
  const shopFirst = startOf("month", shop.first), shopLast = startOf("month", shop.last);
  const clip = (a, b) => [a < shopFirst ? shopFirst : a, b > shopLast ? shopLast : b];
  const span = (grain, start) => grain === "all" ? [shopFirst, shopLast] : clip(start, startOf("month", endOf(grain, start)));
  const [low, high] = clip(first, last);
  const whole = (grain, start) => { const [a, b] = span(grain, start); return a >= low && b <= high; };
  const period = [["all", ""], ...["year", "quarter", "month"].map((g) => [g, startOf(g, low)])].find(([g, s]) => { const [a, b] = span(g, s); return a === low && b === high; });

  // counted looks up a distinct count of the lines that pass, and of a dimension's value if one is given.
  const counted = (measure, grain, start, name, v) => {
    const of = chosen.filter((c) => c !== name);
    if (name === undefined && of.length === 1 && filter.in[of[0]].length === 1) return counted(measure, grain, start, of[0], filter.in[of[0]][0]);
    if (of.length) return null;
    if (name === undefined) {
      const f = grain === "all" ? all.total : all.by[grain], i = grain === "all" ? 0 : f?.keys[0]?.indexOf(start);
      return i >= 0 ? f.values[measure]?.[i] ?? null : null;
    }
    const i = cube.at[name]?.get(v + "\u0000" + grain + "\u0000" + start);
    if (i !== undefined) return cube.distinct[name].values[measure]?.[i] ?? null;
    if (grain !== "all" || !all.by[name]) return null;
    const row = all.by[name].keys[0].indexOf(v);
    return row < 0 ? 0 : all.by[name].values[measure]?.[row] ?? null;
  };
  const counts = [...distinct];

  const by = {};
  const total = { by: [], keys: [], rows: 1, values: known ? summed(passes, () => 0, 1).values : {} };
  if (!known && !dated && chosen.length === 1 && all.by[chosen[0]]) total.values = added(picked(all.by[chosen[0]], 0, filter.in[chosen[0]]));
  for (const m of counts) total.values[m] = [period ? counted(m, period[0], period[1]) : null];
  if (!chosen.length && all.by.month) total.values.new_customers = [all.by.month.keys[0].reduce((n, s, i) => s >= first && s <= last ? n + (all.by.month.values.new_customers?.[i] ?? NaN) : n, 0)].map((n) => Number.isNaN(n) ? null : n); // each is new once

  if (known) {
    for (const grain of ["month", "quarter", "year"]) {
      const starts = [...new Set(cube.months.filter((_, i) => monthOk[i]).map((m) => startOf(grain, m)))], at = new Map(starts.map((s, i) => [s, i]));
      const place = cube.months.map((m) => at.get(startOf(grain, m)));
      const f = by[grain] = { by: [grain], keys: [starts], rows: starts.length, values: summed(passes, (i) => place[cube.code.month[i]], starts.length).values };
      for (const m of counts) f.values[m] = starts.map((s) => whole(grain, s) ? counted(m, grain, s) : null);
    }
  }
  if (!chosen.length) timeFrames(by, all, first, endOf("month", last));
  for (const { name, values } of book.dimensions) {
    if (inCube(name) && known) {
      const { values: sums, lines } = summed(passes, (i) => cube.code[name][i], values.length);
      const rows = [...values.keys()].filter((g) => lines[g]).sort((a, b) => sums.revenue[b] - sums.revenue[a]);
      const f = by[name] = { by: [name], keys: [rows.map((g) => values[g])], rows: rows.length, values: Object.fromEntries(Object.entries(sums).map(([m, list]) => [m, rows.map((g) => list[g])])) };
      for (const m of counts) if (m !== "new_customers") f.values[m] = rows.map((g) => period ? counted(m, period[0], period[1], name, values[g]) : null);
    } else if (!dated && only(name) && all.by[name]) by[name] = picked(all.by[name], 0, filter.in[name]);
  }
  if (!dated && only("country") && all.by.state) by.state = picked(all.by.state, 0, filter.in.country);
  if (!dated && only("category") && all.by.subcategory) by.subcategory = picked(all.by.subcategory, 0, filter.in.category);

  const out = { filter, total, before: nothing, by };
  if (!dated && only("category") && all.products) out.products = { top: picked(all.products.top, 2, filter.in.category) };
  if (only("category", "channel")) out.customers = all.customers; // which dates, categories and channels do not filter
  return out;
}

// picked leaves the rows of a frame whose key is among some values.
function picked(f, key, values) {
  if (!values) return f;
  const rows = [...Array(f.rows).keys()].filter((i) => values.includes(f.keys[key]?.[i]));
  const take = (list) => rows.map((i) => list[i]);
  return { by: f.by, keys: f.keys.map(take), rows: rows.length, values: Object.fromEntries(Object.entries(f.values).map(([m, list]) => [m, take(list)])) };
}

// added are the sums of a frame's additive measures.
const added = (f) => Object.fromEntries(additive.filter((m) => f.values[m]).map((m) => [m, [f.values[m].reduce((n, v) => v === null || n === null ? null : n + inUnits(v), 0)].map((n) => n === null ? null : n / 10000)]));

// timeFrames are days and weeks of a range of days: weeks that it cuts have no
// distinct counts.
function timeFrames(by, all, from, to) {
  const days = all.by.day, weeks = all.by.week;
  if (days) {
    by.day = picked(days, 0, days.keys[0].filter((d) => d >= from && d <= to));
    if (!weeks) return;
    const f = by.week = picked(weeks, 0, weeks.keys[0].filter((s) => endOf("week", s) >= from && s <= to));
    f.keys[0].forEach((s, row) => {
      if ((s >= from || from <= shop.first) && (endOf("week", s) <= to || to >= shop.last)) return;
      for (const m of Object.keys(f.values)) {
        f.values[m][row] = distinct.has(m) ? null : by.day.keys[0].reduce((n, d, i) => startOf("week", d) === s ? n + inUnits(by.day.values[m][i] ?? NaN) : n, 0) / 10000;
        if (Number.isNaN(f.values[m][row])) f.values[m][row] = null;
      }
    });
  }
}
