// chart is the one component that shows figures: a heading that says what is
// shown and in which unit, the formulas behind it, a drawing, and the same
// figures as a table, a CSV file and a picture.
//
// A chart is made of columns {title, kind, measure} and rows of exact values, one
// cell each; draw(colours, wide) gives ECharts' option for them. A data item that
// is not at its row's place names it as .row, so that pointing at it shows it.
//
//   id, title, says   its name, heading, and what it shows in a sentence, for readers of screens
//   unit, measures    what is counted, and names of the measures whose formulas are told
//   columns, rows     the figures
//   draw, height      the drawing, and a class of heights, or high(width) in pixels; a chart without
//                     a drawing is a table only
//   wide              over the whole width of the page
//   note              a line below it
//   missing           what to say where the figures cannot be known
//   controls          elements beside the heading
//   pick(row)         what a click on an item does

const drawn = new Set(); // charts of the page that is shown: {draw, dispose}
let tips = 0;

function chart(spec) {
  const rows = spec.rows || [], none = spec.missing || (!rows.length && "No line passes the filters.");
  const frame = el("figure", { class: "figure" + (spec.wide ? " wide" : ""), "data-chart": spec.id });
  const tip = "tip-" + ++tips;
  const formulas = (spec.measures || []).map((name) => measures.get(name)).filter(Boolean);
  const head = el("figcaption", null,
    el("div", { class: "heads" },
      el("h2", { id: "title-" + spec.id }, spec.title),
      el("p", { class: "unit" }, spec.unit,
        formulas.length > 0 && el("span", { class: "how" }, " ", el("button", { type: "button", class: "plainly", "aria-describedby": tip }, "formula"),
          el("span", { class: "tip", role: "tooltip", id: tip }, formulas.map((m) => el("span", null, el("b", null, m.title), el("code", null, m.formula), m.doc))))),
      spec.controls));
  frame.append(head);
  if (none) {
    frame.append(el("div", { class: "empty" }, el("p", null, none)));
    return frame;
  }

  const canvas = spec.draw && el("div", { class: "canvas " + (spec.height || (spec.high ? "low" : "middling")), role: "img", "aria-label": spec.title + ". " + (spec.says || "") });
  const body = el("div", { class: "body" });
  const asTable = () => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": spec.title + ", as a table" }, tableOf(spec.columns, rows));
  const button = (label, click, about) => el("button", { type: "button", class: "plainly", click, "aria-label": about + ": " + spec.title }, label);
  const tools = el("div", { class: "tools" });
  if (canvas) {
    const turn = button("Table", () => {
      const table = turn.textContent === "Table";
      body.replaceChildren(table ? asTable() : canvas);
      turn.textContent = table ? "Chart" : "Table";
      turn.setAttribute("aria-label", (table ? "As a chart" : "As a table") + ": " + spec.title);
      frame.classList.toggle("tabled", table);
      if (!table) picture.show();
    }, "As a table");
    tools.append(turn);
  }
  tools.append(button("CSV", () => save(spec.id + ".csv", new Blob([csv(spec.columns, rows)], { type: "text/csv" })), "Download as CSV"));
  if (canvas) tools.append(button("PNG", () => picture.png(), "Download as PNG"));
  head.append(tools);
  body.append(canvas || asTable());
  frame.append(body);
  if (spec.note) frame.append(el("p", { class: "note" }, spec.note));
  const picture = canvas && pictureOf(spec, canvas, rows);
  return frame;
}

// pictureOf draws when the canvas comes near the window, and again when its width
// or the page's colours change.
function pictureOf(spec, canvas, rows) {
  let made = null, width = 0, seen = false;
  const picture = {
    // show draws; sure of it, even where nobody has looked yet
    show(sure) {
      if (!(seen || sure) || !canvas.isConnected || !canvas.clientWidth || !globalThis.echarts) return;
      if (spec.high) canvas.style.height = spec.high(canvas.clientWidth) + "px";
      if (!made) {
        made = echarts.init(canvas, null, { renderer: "svg" });
        made.on("click", (p) => { const row = p.data?.row ?? p.dataIndex; if (spec.pick && rows[row]) spec.pick(row); });
      } else if (width !== canvas.clientWidth) made.resize();
      width = canvas.clientWidth;
      const c = colours();
      made.setOption({ ...common(spec, c, rows), ...spec.draw(c, width >= 620, width) }, true);
      if (sure) made.getZr().flush();
    },
    dispose() { watch.disconnect(); sized.disconnect(); made?.dispose(); made = null; },
    png() {
      picture.show(true);
      const drawing = canvas.querySelector("svg").cloneNode(true), w = canvas.clientWidth, h = canvas.clientHeight, c = colours(), top = 64;
      drawing.setAttribute("y", String(top));
      const whole = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width: w, height: h + top }, svg("rect", { width: w, height: h + top, fill: c.paper }),
        svg("text", { x: 12, y: 28, fill: c.ink, "font-family": "sans-serif", "font-size": 17, "font-weight": 600 }, spec.title), svg("text", { x: 12, y: 48, fill: c.soft, "font-family": "sans-serif", "font-size": 12 }, shop.name + (spec.unit ? " · " + spec.unit : "")), drawing);
      const image = new Image();
      image.onload = () => {
        const paper = el("canvas", { width: w * 2, height: (h + top) * 2 });
        const pen = paper.getContext("2d");
        pen.scale(2, 2);
        pen.drawImage(image, 0, 0, w, h + top);
        paper.toBlob((blob) => save(spec.id + ".png", blob), "image/png");
      };
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(whole));
    },
    svg: () => canvas.querySelector("svg"),
  };
  const watch = new IntersectionObserver((entries) => { if (entries.some((e) => e.isIntersecting) && !seen) { seen = true; picture.show(); } }, { rootMargin: "500px" });
  watch.observe(canvas);
  const sized = new ResizeObserver(() => { if (made && canvas.clientWidth !== width) picture.show(); });
  sized.observe(canvas);
  drawn.add(picture);
  return picture;
}

// common is what all drawings have.
function common(spec, c, rows) {
  return {
    animation: false, backgroundColor: "transparent", color: [c.accent, c.quiet, c.loss, c.high],
    textStyle: { color: c.soft, fontFamily: c.sans, fontSize: 12 },
    grid: { left: 4, right: 12, top: 16, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "item", confine: true, transitionDuration: 0, backgroundColor: c.paper, borderColor: c.firm, borderWidth: 1, padding: [8, 12], textStyle: { color: c.ink, fontSize: 13 }, extraCssText: "box-shadow: 0 4px 16px rgb(0 0 0 / 0.14); border-radius: 5px;",
      axisPointer: { type: "line", lineStyle: { color: c.firm, type: "solid" }, shadowStyle: { color: c.tint, opacity: 0.6 } },
      formatter: (p) => { const one = Array.isArray(p) ? p[0] : p, row = rows[one?.data?.row ?? one?.dataIndex]; return row ? told(spec.columns, row) : ""; },
    },
  };
}

// told is a row for the pointer: its texts as the heading, its figures below.
function told(columns, row) {
  const texts = columns.map((c, i) => c.kind === "text" || c.kind === "date" ? row[i] === null ? null : show(row[i], c.kind) : null).filter((t) => t !== null);
  return el("div", { class: "told" }, el("b", null, texts.join(" · ")), columns.map((c, i) => c.kind !== "text" && c.kind !== "date" && el("span", null, c.title, el("span", null, c.signed ? signed(row[i]) : show(row[i], c.kind)))));
}

function tableOf(columns, rows) {
  const n = (c) => c.kind === "text" || c.kind === "date" ? null : "n";
  return el("table", { class: "grid" },
    el("thead", null, el("tr", null, columns.map((c) => el("th", { scope: "col", class: n(c) }, c.title)))),
    el("tbody", null, rows.map((row) => el("tr", null, columns.map((c, i) => el(i ? "td" : "th", { scope: i ? null : "row", class: n(c), "data-value": exact(row[i], c.kind) },
      c.period ? periodText(c.period, row[i]) : c.signed ? signed(row[i]) : show(row[i], c.kind)))))));
}

// csv writes exact values, by RFC 4180. A text that a spreadsheet would take for a
// formula gets an apostrophe before it.
function csv(columns, rows) {
  const field = (text) => /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  const line = (cells) => cells.map(field).join(",") + "\r\n";
  return line(columns.map((c) => c.title)) + rows.map((row) => line(columns.map((c, i) => {
    const text = exact(row[i], c.kind);
    return c.kind === "text" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  }))).join("");
}

function save(name, blob) {
  const href = URL.createObjectURL(blob), a = el("a", { href, download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}

function redraw(sure) { for (const picture of drawn) picture.show(sure); }
function clearCharts() { for (const picture of drawn) picture.dispose(); drawn.clear(); }

// On paper all charts are there, in light colours, as wide as the paper is.
let themeBefore = null;
addEventListener("beforeprint", () => {
  themeBefore = root.dataset.theme || "";
  root.dataset.theme = "light";
  redraw(true);
  for (const picture of drawn) {
    const drawing = picture.svg();
    if (drawing) drawing.setAttribute("viewBox", "0 0 " + drawing.getAttribute("width") + " " + drawing.getAttribute("height"));
  }
});
addEventListener("afterprint", () => { if (themeBefore !== null) { root.dataset.theme = themeBefore; themeBefore = null; redraw(); } });
addEventListener("load", () => redraw()); // ECharts stands at the page's end, so that the figures come before it
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
