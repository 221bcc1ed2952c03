// data → index: the book as Go wrote it, and what is looked up in it.
// Nothing below this file changes any of it.

const textOf = (id) => document.getElementById(id).textContent;
const book = JSON.parse(textOf("book"));
const codes = JSON.parse(textOf("codes")); // country → ISO 3166-1 alpha-2
for (const list of ["measures", "dimensions", "missing", "pages"]) book[list] ||= [];
for (const d of book.dimensions) d.values ||= [];
for (const p of book.pages) for (const list of ["y", "columns", "types", "rows"]) p[list] ||= [];
const shop = book.shop, served = book.mode === "serve";

const measures = new Map(book.measures.map((m) => [m.name, m]));
const dimensions = new Map(book.dimensions.map((d) => [d.name, d]));
const lacks = new Map(book.missing.map((m) => [m.what, m.says]));
const titleOf = (name) => measures.get(name)?.title || name;

// A frame without anything: what a filter leaves of one that cannot be known.
const nothing = { by: [], keys: [], values: {}, rows: 0 };

// frame fills in what Go leaves null, and counts the rows.
function frame(f) {
  if (!f) return nothing;
  f.by ||= [];
  f.keys ||= [];
  f.values ||= {};
  f.rows = (f.keys[0] || Object.values(f.values)[0] || []).length;
  return f;
}

// figures does so for an answer. What an answer does not have stays undefined.
function figures(f) {
  frame(f.total);
  frame(f.before);
  for (const by of Object.values(f.by ||= {})) frame(by);
  if (f.products) {
    for (const part of ["top", "bottom", "classes"]) frame(f.products[part]);
    f.products.pareto ||= [];
  }
  if (f.customers) {
    for (const part of ["grid", "segments", "top"]) frame(f.customers[part]);
    f.customers.clv ||= [];
    f.customers.recency ||= [];
  }
  return f;
}
figures(book.figures);

// Days as numbers, to count with them: "2024-02-29" ↔ days since 1970.
const dayNumber = (date) => Date.parse(date) / 86400000;
const dateOf = (day) => new Date(day * 86400000).toISOString().slice(0, 10);

// startOf is the first day of the period that a date is in.
function startOf(grain, date) {
  if (grain === "day") return date;
  if (grain === "week") return dateOf(dayNumber(date) - ((dayNumber(date) + 3) % 7 + 7) % 7); // 1970 began on a Thursday
  if (grain === "month") return date.slice(0, 7) + "-01";
  if (grain === "quarter") return date.slice(0, 5) + String(Math.floor((Number(date.slice(5, 7)) - 1) / 3) * 3 + 1).padStart(2, "0") + "-01";
  return date.slice(0, 4) + "-01-01";
}

// later is a date some months on, at the first of a month.
function later(date, months) {
  const n = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  return String(Math.floor(n / 12)).padStart(4, "0") + "-" + String(n % 12 + 1).padStart(2, "0") + "-01";
}

// endOf is the last day of the period that begins on a date.
const monthsIn = { __proto__: null, month: 1, quarter: 3, year: 12 };
function endOf(grain, start) {
  if (grain === "day") return start;
  if (grain === "week") return dateOf(dayNumber(start) + 6);
  return dateOf(dayNumber(later(start, monthsIn[grain])) - 1);
}
