// The bar of filters, which stays where it is while the view below it changes.

const bar = document.getElementById("bar");
const drops = []; // {update()} of each control

// drop is a control that opens: its menu is built when it is first opened.
function drop(name, label, said, fill) {
  const now = el("span", { class: "said" }), menu = el("div", { class: "menu" });
  const node = el("details", { class: "drop", "data-filter": name }, el("summary", null, el("span", null, label), now), menu);
  node.addEventListener("toggle", () => {
    if (!node.open) return;
    for (const other of bar.querySelectorAll("details[open]")) if (other !== node) other.open = false;
    menu.replaceChildren(...fill());
    const edge = menu.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
    menu.classList.toggle("flush", edge > 0);
  });
  node.addEventListener("keydown", (e) => { if (e.key === "Escape" && node.open) { node.open = false; node.querySelector("summary").focus(); } });
  drops.push({ update() { now.textContent = said(); node.classList.toggle("active", now.textContent !== "All"); if (node.open && !menu.contains(document.activeElement)) menu.replaceChildren(...fill()); } });
  return node;
}

function dimensionDrop({ name, title: label, values }) {
  const chosen = () => state.filter.in[name] || [];
  return drop(name, label, () => chosen().length === 0 ? "All" : (chosen()[0] || "Unknown") + (chosen().length > 1 ? " +" + (chosen().length - 1) : ""), () => {
    const list = el("ul", null, values.map((v) => el("li", null, el("label", null, el("input", { type: "checkbox", checked: chosen().includes(v), "data-of": v, change: (e) => {
      const next = e.target.checked ? [...chosen(), v] : chosen().filter((o) => o !== v), all = { ...state.filter.in, [name]: next };
      if (!next.length) delete all[name];
      set({ filter: { ...state.filter, in: all } });
    } }), el("span", null, v || "Unknown")))));
    const search = values.length > 12 && el("input", { type: "search", "aria-label": "Find in " + label, placeholder: "Find", input: (e) => {
      const q = e.target.value.toLowerCase();
      for (const li of list.children) li.hidden = !li.textContent.toLowerCase().includes(q);
    } });
    const clear = el("button", { type: "button", class: "plainly", click: () => {
      for (const box of list.querySelectorAll("input")) box.checked = false;
      const all = { ...state.filter.in };
      delete all[name];
      set({ filter: { ...state.filter, in: all } });
    } }, "All of them");
    return [search, list, clear].filter(Boolean);
  });
}

function periodDrop() {
  const said = () => { const { from, to } = state.filter; return !from && !to ? "All" : served ? rangeText(from || shop.first, to || shop.last) : [from || shop.first, to || shop.last].map((d) => periodText("month", d)).join(" – "); };
  return drop("period", "Period", said, () => {
    const year = Number(shop.last.slice(0, 4)), month = startOf("month", shop.last);
    const ready = [["All time", "", ""], ["Last 3 months", later(month, -2), endOf("month", month)], ["Last 12 months", later(month, -11), endOf("month", month)]];
    for (let y = year; y >= Number(shop.first.slice(0, 4)) && y > year - 4; y--) ready.push([String(y), y + "-01-01", y + "-12-31"]);
    const dates = (from, to) => set({ filter: { ...state.filter, from, to } });
    const field = (name, label) => {
      if (served) return el("label", null, label, el("input", { type: "date", min: shop.first, max: shop.last, value: state.filter[name], change: (e) => dates(name === "from" ? e.target.value : state.filter.from, name === "to" ? e.target.value : state.filter.to) }));
      const months = cube ? cube.months : [], now = state.filter[name] && startOf("month", state.filter[name]);
      return el("label", null, label, el("select", { change: (e) => {
        const v = e.target.value;
        let { from, to } = state.filter;
        if (name === "from") { from = v; if (to && from > to) to = endOf("month", v); } else { to = v && endOf("month", v); if (to && from > to) from = v; }
        dates(from, to);
      } }, el("option", { value: "" }, name === "from" ? "the first" : "the last"), months.map((m) => el("option", { value: m, selected: m === now }, periodText("month", m)))));
    };
    return [el("ul", null, ready.map(([label, from, to]) => el("li", null, el("button", { type: "button", class: "plainly", "aria-pressed": String(state.filter.from === from && state.filter.to === to), click: (e) => {
      const node = e.target.closest("details");
      dates(from, to);
      node.open = false;
      node.querySelector("summary").focus();
    } }, label)))), el("div", { class: "between" }, field("from", "From"), field("to", "To"))];
  });
}

// buildBar makes the bar once; updateBar says what now holds.
const grainSelect = el("select", { id: "grain", change: (e) => set({ grain: e.target.value }) });
const reset = el("button", { type: "button", class: "plainly reset", click: () => set({ filter: { from: "", to: "", in: {} }, grain: "" }) }, "Reset");
const opener = el("button", { type: "button", class: "opener", "aria-expanded": "false", click: () => { const open = bar.classList.toggle("open"); opener.setAttribute("aria-expanded", String(open)); } }, "Filters");
function buildBar() {
  bar.append(opener, el("div", { class: "filters", role: "group", "aria-label": "Filters" }, periodDrop(), book.dimensions.map(dimensionDrop), el("label", { class: "choice", for: "grain" }, "by ", grainSelect), reset));
  addEventListener("click", (e) => { for (const open of bar.querySelectorAll("details[open]")) if (!open.contains(e.target) && e.target.isConnected) open.open = false; });
}
function updateBar() {
  for (const d of drops) d.update();
  grainSelect.replaceChildren(...grains.map((g) => el("option", { value: g, selected: g === grainOf(state) }, g)));
  reset.hidden = !filtered(state.filter) && !state.grain;
  const n = Object.keys(state.filter.in).length + (state.filter.from || state.filter.to ? 1 : 0);
  opener.textContent = n ? "Filters: " + n : "Filters";
  bar.hidden = ["own", "nowhere"].includes(state.page) || !views[state.page];
}
