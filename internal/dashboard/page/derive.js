// measures and frames → figures: ratios, sums, growth and trailing sums, by the
// rules of the gold tables. null is unknown, and makes what needs it unknown.
//
// Amounts are exact to 9·10¹¹ (a number holds 15 digits): they are counted in
// ten-thousandths, the scale of money, and quotients are whole-number divisions.

const places = { __proto__: null, count: 0, money: 4, ratio: 6 };
const exact = (v, kind) => v === null || v === undefined ? "" : typeof v === "number" && kind in places ? v.toFixed(places[kind]) : String(v);

// Counts of what several groups may share: they cannot be added up.
const distinct = new Set(["orders", "return_orders", "customers", "new_customers"]);

const inUnits = (v) => Math.round(v * 10000);

// quotient is a / b with so many digits, half away from zero; null where b is 0.
function quotient(a, b, digits) {
  if (a === null || b === null || b === 0) return null;
  let n = BigInt(inUnits(a)), d = BigInt(inUnits(b));
  if (d === 0n) return null;
  const negative = (n < 0n) !== (d < 0n);
  if (n < 0n) n = -n;
  if (d < 0n) d = -d;
  const q = Number((2n * n * 10n ** BigInt(digits) + d) / (2n * d)) / 10 ** digits;
  return negative && q ? -q : q;
}

// value finishes a measure of a frame's row: a quotient, a sum, or what is there.
function value(f, name, row) {
  const m = measures.get(name);
  if (m?.den) return quotient(value(f, m.num, row), value(f, m.den, row), places[m.kind]);
  if (m?.terms?.length) {
    let units = 0;
    for (const term of m.terms) {
      const v = value(f, term, row);
      if (v === null) return null;
      units += inUnits(v);
    }
    return units / 10000;
  }
  return f.values[name]?.[row] ?? null;
}
const column = (f, name) => Array.from({ length: f.rows }, (_, i) => value(f, name, i));

// growth is (now − before) / before; null when before is missing or ≤ 0.
function growth(now, before) {
  if (now === null || before === null || before === undefined || before <= 0) return null;
  return quotient((inUnits(now) - inUnits(before)) / 10000, before, 6);
}

// yearBack is where a period's partner of a year earlier begins: 364 days and 52
// weeks keep the day of the week.
const yearBack = (grain, start) => grain === "day" || grain === "week" ? dateOf(dayNumber(start) - 364) : later(start, -12);
const stepBack = (grain, start) => grain === "day" ? dateOf(dayNumber(start) - 1) : grain === "week" ? dateOf(dayNumber(start) - 7) : later(start, -monthsIn[grain]);

// Periods are the rows of a time frame and what they are compared with, in the
// frame of all dates: a period that a filter cuts is compared with nothing.
function periods(ctx, grain) {
  const f = ctx.figures.by[grain], past = ctx.history.by[grain] || nothing;
  if (!f) return null;
  const at = new Map((past.keys[0] || []).map((key, i) => [key, i]));
  const { from, to } = ctx.filter;
  const cut = (start) => from && start < from || to && endOf(grain, start) > to && to < shop.last;
  const partner = (name, start, back) => { const i = at.get(back(grain, start)); return i === undefined || cut(start) ? null : value(past, name, i); };
  return {
    frame: f, starts: f.keys[0] || [],
    before: (name) => (f.keys[0] || []).map((s) => partner(name, s, stepBack)),
    yearBefore: (name) => (f.keys[0] || []).map((s) => partner(name, s, yearBack)),
    // trailing sums a measure over so many days, the day included, of all dates; null until the window is full
    trailing: (name, days) => {
      const sums = [];
      let units = 0;
      for (let i = 0; i < past.rows; i++) {
        units += inUnits(value(past, name, i));
        if (i >= days) units -= inUnits(value(past, name, i - days));
        sums.push(i >= days - 1 ? units / 10000 : null);
      }
      return (f.keys[0] || []).map((s) => sums[at.get(s)] ?? null);
    },
  };
}

// shares are parts of the sum of a measure; null when that is ≤ 0.
function shares(f, name) {
  const list = column(f, name), units = list.reduce((n, v) => n + (v === null ? NaN : inUnits(v)), 0);
  return list.map((v) => units > 0 ? quotient(v, units / 10000, 6) : null);
}

// sortedBy gives the rows of a frame from the largest of a measure to the least,
// unknown ones last.
const sortedBy = (f, name) => { const list = column(f, name); return [...list.keys()].sort((a, b) => (list[b] ?? -Infinity) - (list[a] ?? -Infinity)); };
