// What views are put together from.

// title is a view's heading, with what its figures are of.
const title = (text, ctx, lead) => el("header", { class: "title" }, el("h1", { tabindex: "-1" }, text), el("p", { class: "lead" }, lead || scopeText(ctx)));

// scopeText says in words what the filter leaves.
function scopeText(ctx) {
  const { from, to } = ctx.filter, parts = [rangeText(from && from > shop.first ? from : shop.first, to && to < shop.last ? to : shop.last)];
  for (const [name, values] of Object.entries(ctx.filter.in)) parts.push((values.length > 3 ? many(values.length, dimensions.get(name).title.toLowerCase() + " value") : values.map((v) => v || "unknown").join(", ")));
  return parts.join(" · ");
}

const useServe = "This page is one file and cannot know this figure for these filters.";
const serveHint = 'Use "smelt dashboard serve" for this figure.';
const cannot = useServe + " " + serveHint;
// unless is what a chart says instead of its figures, where a part of the answer is absent.
const unless = (part) => part ? null : cannot;
const section = (...charts) => el("div", { class: "figures" }, charts.flat().filter(Boolean));
const empty = (what, then) => el("div", { class: "empty" }, el("p", null, what), then && el("p", { class: "muted" }, then));

// heads are the headline figures: names of measures, or {title, value, kind}.
// Each has its change between the two ranges that are compared, and its course.
function heads(ctx, names) {
  const { figures: f, ranges, now, before } = ctx;
  const monthly = f.by.month && f.by.month.rows >= 3 ? f.by.month : null;
  return el("dl", { class: "heads-row" + (names.length > 6 ? " many" : "") }, names.map((name) => {
    if (typeof name !== "string") return el("div", { class: "headline" }, el("dt", null, name.title), el("dd", null, el("span", { class: "big", "data-figure": name.name, "data-value": exact(name.value, name.kind) }, show(name.value, name.kind)), name.says && el("small", null, name.says)));
    const m = measures.get(name);
    if (!m) return null;
    const v = f.total.rows ? value(f.total, name, 0) : null;
    if (lacks.has("cost") && ["cost", "margin", "margin_rate"].includes(name) || lacks.has("customers") && ["customers", "new_customers"].includes(name)) return null;
    const was = before?.total.rows ? value(before.total, name, 0) : null, is = now?.total.rows ? value(now.total, name, 0) : null;
    const change = m.kind === "ratio" ? (was === null || is === null ? null : is - was) : growth(is, was);
    const good = change === null || Math.abs(change) < 0.0005 ? "" : (change > 0) === !["return_rate", "returns", "discounts"].includes(name) ? "up" : "down";
    const text = change === null ? unknown : m.kind === "ratio" ? format(change * 100, { maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay: "exceptZero" }) + " pp" : signed(change);
    return el("div", { class: "headline" },
      el("dt", { title: m.doc }, m.title),
      el("dd", null,
        el("span", { class: "big", "data-figure": name, "data-value": exact(v, m.kind) }, show(v, m.kind)),
        v === null && ["cost", "margin", "margin_rate"].includes(name) ? el("small", null, "The cost of a product is unknown.") :
        v === null && f !== book.figures && !served ? el("small", null, serveHint) :
        ranges && el("small", { class: "change", "data-change": name, "data-value": exact(change, "ratio") }, el("b", { class: good }, text), " ", (ranges.given ? "" : ranges.name + " ") + "on " + ranges.than),
        monthly && !distinct.has(m.den || name) | Boolean(monthly.values[m.den || name]) && course(m.title, column(monthly, name))));
  }).filter(Boolean));
}

// course is a small line of values, without axes: whither, not how much.
function course(name, list) {
  const known = list.filter((v) => v !== null);
  if (known.length < 3) return null;
  const w = 120, h = 26, low = Math.min(...known), high = Math.max(...known), x = (i) => (i / (list.length - 1)) * w, y = (v) => h - 2 - ((v - low) / (high - low || 1)) * (h - 4);
  let line = "", pen = "M";
  list.forEach((v, i) => { if (v === null) pen = "M"; else { line += pen + x(i).toFixed(1) + " " + y(v).toFixed(1); pen = "L"; } });
  return svg("svg", { class: "course", viewBox: `0 0 ${w} ${h}`, preserveAspectRatio: "none", role: "img", "aria-label": name + " by month" }, svg("path", { d: line }));
}

// choice is a select beside a chart's heading.
function choice(label, options, chosen, choose) {
  return el("label", { class: "choice" }, label, " ", el("select", { change: (e) => choose(e.target.value) }, options.map(([v, text]) => el("option", { value: v, selected: v === chosen }, text))));
}

// col is a chart's column for a measure.
const col = (name, more) => ({ title: titleOf(name), kind: measures.get(name)?.kind || "count", ...more });
const text = (t) => ({ title: t, kind: "text" });

// rowsOf are the rows of a frame: its keys, then the measures.
const rowsOf = (f, names, order) => (order || [...Array(f.rows).keys()]).map((i) => [...f.keys.map((k) => k[i]), ...names.map((n) => value(f, n, i))]);

// extremes says the largest of a list in words.
function extremes(labels, list, kind) {
  let top = -1;
  list.forEach((v, i) => { if (v !== null && (top < 0 || v > list[top])) top = i; });
  return top < 0 ? "" : "Highest: " + labels[top] + ", " + show(list[top], kind) + ".";
}
