// How numbers, sizes and times are written.

const number = new Intl.NumberFormat("en");
const num = (n) => number.format(n);
const count = (n, one, many) => num(n) + " " + (n === 1 ? one : many || one + "s");

// bytes writes a size in steps of 1000, as the terminal does.
function bytes(n) {
  let unit = "B";
  for (const u of ["kB", "MB", "GB", "TB"]) {
    if (n < 1000) break;
    n /= 1000;
    unit = u;
  }
  return (unit === "B" ? n : n.toFixed(n < 100 ? 1 : 0)) + "\u00a0" + unit;
}

// short writes a number in the room of a chart: 1.2M.
const shortNumber = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const short = (n) => Math.abs(n) < 1e6 ? num(n) : shortNumber.format(n);

function seconds(s) {
  if (!s) return "unknown";
  if (s < 60) return s.toFixed(s < 10 ? 2 : 1) + " s";
  return Math.floor(s / 60) + " min " + Math.round(s % 60) + " s";
}

// A time that Go has not set is in the year 1.
const known = (time) => Boolean(time) && !time.startsWith("0001-");
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const when = (time) => { const t = new Date(time); return day.format(t) + ", " + clock.format(t); };

// ago tells how long before now, roughly.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
function ago(time) {
  const s = (new Date(time) - Date.now()) / 1000;
  for (const [unit, size] of [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(s) >= size) return relative.format(Math.round(s / size), unit);
  }
  return "just now";
}

// stamp is a time element: when it was, and how long ago as its tooltip.
const stamp = (time) => known(time) ? el("time", { datetime: time, title: ago(time) }, when(time)) : el("span", { class: "muted" }, "unknown");

const numeric = (type) => /^(u?int|decimal|price|sum|rate|ratio|float|double)/.test(type);

// cut shortens a text to so many characters for a chart, which says the whole as a tooltip.
function cut(text, most) {
  const chars = [...text];
  return chars.length <= most ? text : chars.slice(0, most - 1).join("") + "…";
}
