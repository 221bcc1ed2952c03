// The address ↔ what is asked for. All of it stands behind the #, so that a page
// can be sent to someone, reloaded and gone back to.

const grains = ["day", "week", "month", "quarter", "year"];
const dateOk = (text) => /^\d{4}-\d\d-\d\d$/.test(text || "") && !Number.isNaN(Date.parse(text)) && dateOf(dayNumber(text)) === text;

// stateOf reads an address: page and part of it, filter, grain and what is shown.
// What it does not understand it leaves out.
function stateOf(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const q = new URLSearchParams(query || "");
  let parts;
  try { parts = path.split("/").map(decodeURIComponent); } catch { parts = ["nowhere"]; }
  const date = (name) => dateOk(q.get(name)) ? q.get(name) : "";
  let from = date("from"), to = date("to");
  if (from && to && from > to) from = to = "";
  if (!served && from) from = startOf("month", from); // the cube's grain
  if (!served && to) to = endOf("month", startOf("month", to));
  const chosen = {};
  for (const { name, values } of book.dimensions) {
    const list = [...new Set(q.getAll(name))].filter((v) => values.includes(v));
    if (list.length) chosen[name] = list;
  }
  return { page: parts[0], part: parts[1] || "", filter: { from, to, in: chosen }, grain: grains.includes(q.get("grain")) ? q.get("grain") : "", show: q.get("show") || "", at: q.get("at") || "" };
}

// queryOf is a filter as a server and an address read it.
function queryOf(filter) {
  const q = new URLSearchParams();
  if (filter.from) q.set("from", filter.from);
  if (filter.to) q.set("to", filter.to);
  for (const { name } of book.dimensions) for (const v of filter.in[name] || []) q.append(name, v);
  return q;
}

// hashOf is the address of a state; filters go along from page to page.
function hashOf(state) {
  const q = queryOf(state.filter);
  for (const key of ["grain", "show", "at"]) if (state[key]) q.set(key, state[key]);
  const text = q.toString();
  return "#/" + [state.page, state.part].filter(Boolean).map(encodeURIComponent).join("/") + (text ? "?" + text : "");
}

const filtered = (f) => Boolean(f.from || f.to || Object.keys(f.in).length);

// grainOf is the grain that charts over time have: the one chosen, else one that
// makes some dozens of points.
function grainOf(state) {
  if (state.grain) return state.grain;
  const days = dayNumber(state.filter.to || shop.last) - dayNumber(state.filter.from || shop.first) + 1;
  return days <= 62 ? "day" : days <= 190 && (served || !Object.keys(state.filter.in).length) ? "week" : "month";
}
