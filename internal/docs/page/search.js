// Search: over tables, columns, sources and checks, with what they say.

const dialog = document.getElementById("search"), query = document.getElementById("query"), hits = document.getElementById("hits"), found = document.getElementById("found");
let entries = null; // made when the page has time, at the latest when search is opened
let shown = [], chosen = 0;

function makeEntries() {
  const out = [];
  const add = (kind, name, says, href) => out.push({ kind, name, says, href, low: name.toLowerCase(), text: (name + " " + says).toLowerCase() });
  for (const t of catalog.tables) add("table", t.name, t.doc || "", to("table", t.name));
  for (const s of catalog.sources) add("source", s.name, s.files.map((f) => f.name).join(", "), to("source", s.name));
  for (const t of catalog.tables) for (const c of t.columns) add("column", t.name + "." + c.name, [c.doc, c.formula, c.unit].filter(Boolean).join(" "), to("table", t.name, "column", c.name));
  for (const s of catalog.sources) for (const c of s.columns) add("file column", s.name + "." + c, "", to("lineage", s.name, c));
  for (const c of catalog.checks) add("check", c.name, [c.says, c.doc].filter(Boolean).join(" "), to("check", c.name));
  return out;
}

// look returns the best hits of all words of a query: names before docs, whole
// names and their beginnings first, tables before columns.
function look(text, most) {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!terms.length) return { list: [], total: 0 };
  const best = []; // the highest scores first
  let total = 0;
  for (const e of entries) {
    let score = 0;
    for (const t of terms) {
      const at = e.low.indexOf(t);
      if (at < 0) {
        if (!e.text.includes(t)) { score = -1; break; }
        score += 1;
      } else score += e.low === t || e.low.endsWith("." + t) ? 12 : at === 0 || e.low[at - 1] === "." ? 8 : e.low[at - 1] === "_" ? 6 : 4;
    }
    if (score < 0) continue;
    total++;
    score += (e.kind === "table" ? 3 : e.kind === "column" ? 2 : e.kind === "source" ? 1 : 0) - e.low.length / 200;
    if (best.length === most && score <= best.at(-1).score) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].score < score) at--;
    best.splice(at, 0, { e, score });
    best.length = Math.min(best.length, most);
  }
  return { list: best.map((b) => b.e), total };
}

function refresh() {
  const { list, total } = look(query.value, 40);
  shown = list;
  hits.replaceChildren(...list.map((e, i) => el("a", { role: "option", id: "hit-" + i, href: e.href, tabindex: "-1", "aria-selected": "false" },
    el("span", { class: "hit" }, marked(e.name)), el("small", null, e.kind), el("span", { class: "says" }, e.says))));
  found.textContent = !query.value.trim() ? "Type a name, or a word of what it holds. ↑ ↓ choose, Enter opens, Esc closes." : !total ? "Nothing has these words." : total > list.length ? "The best " + list.length + " of " + num(total) + "." : count(total, "hit") + ".";
  query.setAttribute("aria-expanded", String(list.length > 0));
  choose(0);
}

// marked sets off where a name has the words.
function marked(name) {
  const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const low = name.toLowerCase();
  if (low.length !== name.length) return name; // places would be others
  const on = new Array(name.length).fill(false);
  for (const t of terms) for (let at = low.indexOf(t); at >= 0; at = low.indexOf(t, at + 1)) on.fill(true, at, at + t.length);
  const out = [];
  for (let i = 0; i < name.length;) {
    let j = i;
    while (j < name.length && on[j] === on[i]) j++;
    out.push(on[i] ? el("mark", null, name.slice(i, j)) : name.slice(i, j));
    i = j;
  }
  return out;
}

function choose(i) {
  const options = hits.children;
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = Math.max(0, Math.min(i, options.length - 1));
  options[chosen]?.setAttribute("aria-selected", "true");
  options[chosen]?.scrollIntoView({ block: "nearest" });
  if (options.length) query.setAttribute("aria-activedescendant", "hit-" + chosen); else query.removeAttribute("aria-activedescendant");
}

function openSearch() {
  entries ||= makeEntries();
  if (dialog.open) return;
  query.value = "";
  dialog.showModal();
  refresh();
  query.focus();
}

(window.requestIdleCallback || setTimeout)(() => { entries ||= makeEntries(); look("-", 1); }); // the first search is slow, and this is it

query.addEventListener("input", refresh);
query.addEventListener("keydown", (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key];
  if (step) { e.preventDefault(); choose(chosen + step); }
  if (e.key === "Enter" && shown[chosen]) { e.preventDefault(); dialog.close(); go(shown[chosen].href); }
});
hits.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
document.getElementById("close").addEventListener("click", () => dialog.close());
addEventListener("keydown", (e) => {
  const typing = e.target.matches?.("input, select, textarea") && (e.target !== query || dialog.open); // it may keep the focus for a moment after search is closed
  if ((e.key === "/" && !typing && !e.ctrlKey && !e.metaKey) || (e.key.toLowerCase() === "k" && (e.ctrlKey || e.metaKey))) { e.preventDefault(); openSearch(); }
});
