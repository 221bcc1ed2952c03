// A line over the runs, oldest first: rows of a table, failures of a check.

// trend draws points {at, value, says} with the first, the last and the range
// in words beside it. It needs two points; of fewer it says so.
function trend(label, points, unit) {
  if (points.length < 2) {
    return empty(points.length ? "One run so far: " + num(points[0].value) + " " + unit + "." : "No run so far has left figures.", points.length ? "The next run makes this a line." : "");
  }
  const w = 600, h = 120, values = points.map((p) => p.value);
  let low = Math.min(...values), high = Math.max(...values);
  const room = (high - low) * 0.15 || Math.max(1, high * 0.1);
  low = Math.max(0, low - room);
  high += room;
  const x = (i) => (i / (points.length - 1)) * w, y = (v) => h - ((v - low) / (high - low)) * h;
  const line = points.map((p, i) => (i ? "L" : "M") + x(i).toFixed(1) + " " + y(p.value).toFixed(1)).join("");
  const first = points[0], last = points.at(-1);
  return el("figure", { class: "trend" },
    el("div", { class: "axis" }, el("span", null, short(Math.max(...values))), el("span", null, short(Math.min(...values)))),
    svg("svg", { viewBox: `0 0 ${w} ${h}`, preserveAspectRatio: "none", role: "img", "aria-label": label + ": from " + num(first.value) + " to " + num(last.value) + " over " + count(points.length, "run") },
      svg("path", { class: "area", d: line + `L${w} ${h}L0 ${h}Z` }),
      svg("path", { class: "line", d: line }),
      points.map((p, i) => svg("rect", { class: "hit", x: x(Math.max(0, i - 0.5)), y: 0, width: w / (points.length - 1), height: h }, svg("title", null, when(p.at) + ": " + num(p.value) + " " + unit))),
    ),
    el("figcaption", null, el("span", null, when(first.at)), el("span", null, when(last.at), ": ", el("b", null, num(last.value)), " ", unit)));
}
