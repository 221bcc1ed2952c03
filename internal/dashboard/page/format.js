// How figures are written: by the browser's language and the shop's currency.

const formats = new Map();
function format(v, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(undefined, options));
  return formats.get(key).format(v);
}
const currency = (() => { // an unknown code is no currency to the browser
  try { return shop.currency && new Intl.NumberFormat(undefined, { style: "currency", currency: shop.currency }) && shop.currency; } catch { return ""; }
})();
const inMoney = currency ? { style: "currency", currency } : {};
const unknown = "—";

// show writes a figure of a kind: "count", "money", "ratio", "date" or "text".
function show(v, kind) {
  if (v === null || v === undefined) return unknown;
  if (kind === "count") return format(v, { maximumFractionDigits: 0 });
  if (kind === "number") return format(v, { maximumFractionDigits: 1 });
  if (kind === "ratio") return format(v, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  if (kind === "money") return format(v, { ...inMoney, ...(Math.abs(v) >= 10000 ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 }) });
  if (kind === "date") return v === "" ? unknown : dayText.format(new Date(v + "T00:00:00Z"));
  return v === "" ? "Unknown" : String(v);
}

// short writes it in the room of an axis: 1.2M.
function short(v, kind) {
  if (v === null || v === undefined) return unknown;
  if (kind === "ratio") return format(v, { style: "percent", maximumFractionDigits: Math.abs(v) < 0.1 && v ? 1 : 0 });
  if (kind === "money" && Math.abs(v) < 1000) return format(v, { ...inMoney, minimumFractionDigits: Number.isInteger(v) ? 0 : 2, maximumFractionDigits: Number.isInteger(v) ? 0 : 2 });
  return format(v, { ...(kind === "money" ? inMoney : {}), notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
}

// signed writes a change: +12.3%.
const signed = (v) => v === null ? unknown : format(v, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const many = (n, one, more) => show(n, "count") + " " + (n === 1 ? one : more || one + "s");

const utc = (options) => new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
const dayText = utc({ day: "numeric", month: "short", year: "numeric" }), monthText = utc({ month: "short", year: "numeric" }), monthOnly = utc({ month: "short" }), weekday = utc({ weekday: "short" });
const at = (date) => new Date(date + "T00:00:00Z");

// periodText names the period that begins on a date.
function periodText(grain, start) {
  if (grain === "year") return start.slice(0, 4);
  if (grain === "quarter") return "Q" + (Math.floor((Number(start.slice(5, 7)) - 1) / 3) + 1) + " " + start.slice(0, 4);
  if (grain === "month") return monthText.format(at(start));
  if (grain === "week") return "Week of " + dayText.format(at(start));
  return dayText.format(at(start));
}
const rangeText = (from, to) => show(from, "date") + " – " + show(to, "date");

// cut shortens a text to so many characters for an axis.
function cut(text, most) {
  const chars = [...text];
  return chars.length <= most ? text : chars.slice(0, most - 1).join("") + "…";
}
const unitOf = (kind, unit) => kind === "money" ? currency || shop.currency || "the shop's currency" : kind === "ratio" ? "percent" : unit || "number";
