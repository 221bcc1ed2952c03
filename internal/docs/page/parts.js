// What views are put together from.

const words = { __proto__: null, pass: "passed", warn: "warning", error: "failed", skipped: "skipped", never: "not run yet" };
const shapes = { __proto__: null, // of 16 by 16; a status is told by shape, word and colour
  pass: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1M4.5 8.2l2.4 2.4 4.6-5",
  warn: "M8 1.5 15 14H1zM8 6v4M8 11.6v1",
  error: "M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2zM5.5 5.5l5 5M10.5 5.5l-5 5",
  skipped: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1M4.5 8h7",
  never: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1",
};
const mark = (status, label) => svg("svg", { class: "mark " + status, viewBox: "0 0 16 16", width: 15, height: 15, role: label ? "img" : null, "aria-label": label || null, "aria-hidden": label ? null : "true" }, svg("path", { d: shapes[status] || shapes.never }));
const badge = (status) => el("span", { class: "badge " + status }, mark(status), words[status] || status);
const swatch = (layer) => el("span", { class: "swatch m-" + layer, "aria-hidden": "true" });

// title is a view's heading: what it is, and one line about it.
function title(text, lead, kind) {
  return el("header", { class: "title" }, kind && el("p", { class: "kind" }, kind), el("h1", { tabindex: "-1" }, text), lead && el("p", { class: "lead" }, lead));
}

// section is a part of a view that has a heading of its own.
const section = (name, heading, ...children) => el("section", { id: "at-" + name }, el("h2", null, heading), children);

// facts lists labels with their values.
const facts = (...pairs) => el("dl", { class: "facts" }, pairs.filter(Boolean).map(([label, ...value]) => el("div", null, el("dt", null, label), el("dd", null, value))));

// empty says that there is nothing, and what would bring something.
const empty = (what, then) => el("div", { class: "empty" }, el("p", null, what), then && el("p", { class: "muted" }, then));

// table is a table with a heading row; on a phone each row is a block that
// names its cells. A heading is a text, or a text with a class for its column.
function table(label, headings, items, cells) {
  const heads = headings.map((h) => Array.isArray(h) ? h : [h, null]);
  const body = el("tbody");
  lazily(body, items, (item) => el("tr", null, cells(item).map((cell, i) =>
    i === 0 ? el("th", { scope: "row", class: heads[i][1] }, cell) : el("td", { class: heads[i][1], "data-label": heads[i][0] }, cell))));
  return el("table", { class: "stack", "aria-label": label }, el("thead", null, el("tr", null, heads.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)))), body);
}

// strip draws what came of something run by run, the newest at the right: the
// worse, the taller. It is one picture with one description.
function strip(results, most) {
  const list = results.slice(0, most || 24).reverse();
  const tall = { pass: 9, warn: 15, error: 20, skipped: 3 };
  const n = (s) => list.filter((r) => r.status === s).length;
  const told = ["pass", "warn", "error", "skipped"].filter(n).map((s) => n(s) + " " + words[s]).join(", ");
  if (!list.length) return el("span", { class: "muted" }, "no run yet");
  return svg("svg", { class: "strip", width: list.length * 7, height: 20, role: "img", "aria-label": "Last " + count(list.length, "run") + ": " + told + "; newest " + words[list.at(-1).status] },
    list.map((r, i) => svg("rect", { class: r.status, x: i * 7, y: 20 - (tall[r.status] || 3), width: 5, height: tall[r.status] || 3 }, svg("title", null, when(r.at) + ": " + words[r.status] + (r.failures ? ", " + count(r.failures, "failing row") : "")))));
}

// runStatus is the worst that a run's checks came to.
const runStatus = (r) => r.error ? "error" : r.warn ? "warn" : r.pass ? "pass" : "skipped";

// samples shows failing rows: as a table where they are rows, else as lines.
// Numbers are shown as they are written, with all their digits.
function samples(list, checked) {
  const rows = list.map((text) => {
    try { return JSON.parse(text, (_, v, at) => typeof v === "number" && at && at.source ? at.source : v); } catch { return null; }
  });
  if (!rows.every((r) => r && typeof r === "object" && !Array.isArray(r))) {
    return el("ol", { class: "lines" }, list.map((text) => el("li", null, code(text))));
  }
  // What is checked and where the row is from come first: the rest may be out of sight.
  const all = [...new Set(rows.flatMap((r) => Object.keys(r)))], first = [...checked, "_source_file", "_source_row", "source_file", "source_row"].filter((c) => all.includes(c));
  const columns = [...first, ...all.filter((c) => !first.includes(c))];
  return grid("Failing rows", columns, rows.map((r) => columns.map((c) => r[c] === undefined ? "" : r[c] === null ? null : typeof r[c] === "object" ? JSON.stringify(r[c]) : String(r[c]))));
}

// grid shows rows of cells that may be wider than the page, in a frame that
// scrolls by itself and by the keyboard; null is NULL.
function grid(label, columns, rows, types, marked) {
  const kind = (i) => (types && numeric(types[i]) ? "n" : "") + (marked && marked.includes(columns[i]) ? " marked" : "") || null;
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    el("table", { class: "grid" },
      el("thead", null, el("tr", null, columns.map((c, i) => el("th", { scope: "col", class: kind(i) }, c)))),
      el("tbody", null, rows.map((r) => el("tr", null, r.map((cell, i) => el("td", { class: kind(i) }, cell === null ? el("span", { class: "null" }, "NULL") : cell)))))));
}
