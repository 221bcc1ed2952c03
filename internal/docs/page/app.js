// The shell: addresses → views, the navigation, and the appearance.

const main = document.getElementById("main"), nav = document.getElementById("nav"), side = document.getElementById("side"), menu = document.getElementById("menu");

const views = {
  __proto__: null,
  "": { draw: overview, name: "Overview" },
  tables: { draw: tablesView, name: "Tables" },
  table: { draw: tableView, of: "tables" },
  checks: { draw: checksView, name: "Checks" },
  check: { draw: checkView, of: "checks" },
  runs: { draw: runsView, name: "Runs" },
  run: { draw: runView, of: "runs" },
  sources: { draw: sourcesView, name: "Sources" },
  source: { draw: sourceView, of: "sources" },
  graph: { draw: graphView, name: "Table graph", wide: true },
  entities: { draw: entitiesView, name: "Entities", wide: true },
  lineage: { draw: lineageView, name: "Column lineage", wide: true },
};

// missing is the view of an address that leads nowhere.
const missing = (kind, name) => [title("Not here", ["There is no " + kind + " ", code(name), " in this documentation."]), el("p", null, link("#/", "Overview"))];

const addressNow = () => location.hash.replace(/^#\/?/, "");
const scrolled = new Map(); // address → how far down it was left
let address = null, asked = true; // asked: by a link or a choice, not by back and forward

function go(href) { asked = true; location.hash = href; }

// show draws the view of the address.
function show() {
  scrolled.set(address, scrollY);
  const first = address === null;
  address = addressNow();
  let parts;
  try { parts = address.split("/").map(decodeURIComponent); } catch { parts = ["nowhere"]; }
  const view = views[parts[0]] || { draw: () => missing("page", parts[0]) };
  waiting = [];
  main.replaceChildren(...view.draw(...parts.slice(1)).flat(Infinity).filter(Boolean));
  main.classList.toggle("wide", Boolean(view.wide));
  const heading = main.querySelector("h1");
  document.title = (parts[0] ? heading.textContent + " · " : "") + (catalog.project || "smelt");
  for (const a of nav.querySelectorAll("a")) {
    if (a.dataset.view === (view.of || parts[0])) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
  }
  folded(true);
  const target = parts[0] === "table" && parts[2] ? targetOf(parts[2], parts[3]) : null;
  if (target) target.scrollIntoView({ block: parts[2] === "column" ? "center" : "start" });
  else scrollTo(0, asked || first ? 0 : scrolled.get(address) || 0);
  if (!first) (target?.querySelector("a, h2") || heading).focus({ preventScroll: true });
  asked = false;
}

// targetOf finds a part or a column of a table's page, and marks a column's row.
function targetOf(kind, name) {
  const id = kind === "column" ? "column-" + name : "at-" + name;
  if (!document.getElementById(id)) { waiting.forEach((rest) => rest()); waiting = []; }
  const node = document.getElementById(id);
  if (node && kind === "at") node.querySelector("h2").tabIndex = -1;
  const row = node?.closest("tr") || node;
  if (kind === "column" && row) row.classList.add("target");
  return row;
}

function folded(yes) {
  side.classList.toggle("open", !yes);
  menu.setAttribute("aria-expanded", String(!yes));
}

// The navigation, with how many there are of each.
const counts = { tables: catalog.tables.length, checks: catalog.checks.length, runs: catalog.runs.length, sources: catalog.sources.length };
nav.append(el("ul", null, Object.entries(views).filter(([, v]) => v.name).map(([id, v]) => el("li", null, el("a", { href: id ? to(id) : "#/", "data-view": id }, v.name,
  id === "checks" && broken.length > 0 ? el("small", { class: "badge " + worst(broken) }, mark(worst(broken)), num(broken.length)) : id in counts && el("small", null, num(counts[id])))))));
document.getElementById("project").textContent = catalog.project || "smelt";
document.getElementById("made").append("As of ", stamp(catalog.at), catalog.smelt ? ", by smelt " + catalog.smelt : "");

const theme = document.getElementById("theme"), root = document.documentElement;
theme.value = root.dataset.theme || "";
theme.addEventListener("change", () => {
  root.dataset.theme = theme.value;
  try { localStorage.setItem("smelt-theme", theme.value); } catch { /* it holds until the page is left */ }
});

menu.addEventListener("click", () => folded(side.classList.contains("open")));
for (const id of ["find", "find-small"]) document.getElementById(id).addEventListener("click", openSearch);
document.getElementById("skip").addEventListener("click", (e) => { e.preventDefault(); main.focus(); });
addEventListener("keydown", (e) => { if (e.key === "Escape" && side.classList.contains("open")) { folded(true); menu.focus(); } });
addEventListener("click", (e) => {
  const a = e.target.closest?.("a[href^='#/']");
  if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey) return;
  asked = true;
  if ((a.getAttribute("href") || "").replace(/^#\/?/, "") === addressNow()) show(); // again, to go where it leads
});
if ("scrollRestoration" in history) history.scrollRestoration = "manual";
addEventListener("hashchange", show);
show();
