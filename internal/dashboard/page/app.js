// The shell: addresses → views, the navigation, the appearance and the news of a
// server.

const main = document.getElementById("main"), view = document.getElementById("view"), nav = document.getElementById("nav"), side = document.getElementById("side"), menu = document.getElementById("menu"), news = document.getElementById("news");

const views = {
  __proto__: null,
  "": { draw: startView, name: "Start" },
  sales: { draw: salesView, name: "Sales Overview", about: (ctx) => best(ctx.figures.by.month, "revenue", (k, v) => "Best month: " + periodText("month", k) + ", " + v) || "Revenue, returns, growth and orders over time" },
  customers: { draw: customersView, name: "Customer Segmentation", about: (ctx) => lacks.has("customers") ? "The shop has no customers to tell apart" : best(ctx.figures.customers?.segments, "revenue", (k, v) => "Most revenue: " + k + ", " + v) || "Who buys, how lately and how often" },
  products: { draw: productsView, name: "Product Performance", about: (ctx) => best(ctx.figures.by.category, "revenue", (k, v) => "Strongest category: " + k + ", " + v) || "What earns and what comes back" },
  regions: { draw: regionsView, name: "Regional Revenue", about: (ctx) => lacks.has("geography") ? "The shop has no countries" : best(ctx.figures.by.country, "revenue", (k, v) => "Strongest country: " + k + ", " + v) || "Where revenue comes from" },
  own: { draw: ownView },
};
const nowhere = (name) => [el("header", { class: "title" }, el("h1", { tabindex: "-1" }, "Not here"), el("p", { class: "lead" }, "There is no page ", code(name), ".")), el("p", null, link("#/", "Start"))];

let state = stateOf(location.hash), turn = 0, shownPage = null;

// set changes what is asked for: the address, and with it the view.
function set(changes) {
  const next = hashOf({ ...state, ...changes });
  if (next !== location.hash) location.hash = next; else route();
}

// route draws the view of the address, unless a later one is asked for meanwhile.
async function route() {
  const mine = ++turn;
  state = stateOf(location.hash);
  const page = state.page + "/" + state.part, known = views[state.page];
  folded(true);
  if (page !== shownPage) for (const open of bar.querySelectorAll("details[open]")) open.open = false;
  markNav();
  updateBar();
  main.setAttribute("aria-busy", "true");
  let parts, ctx, failed;
  try { ctx = known && await context(state); } catch (err) { failed = err; }
  if (mine !== turn) return;
  clearCharts();
  if (!failed) parts = known ? known.draw(ctx) : nowhere(state.page);
  else parts = [title("The figures could not be had", { filter: state.filter }), empty(failed.message || String(failed), "Take back the last filter, or see whether smelt dashboard serve still runs.")];
  const kept = shownPage === page ? scrollY : 0, focus = view.contains(document.activeElement) ? document.activeElement.closest("[data-chart]")?.dataset.chart : null;
  view.replaceChildren(...parts.flat(Infinity).filter(Boolean));
  main.removeAttribute("aria-busy");
  const heading = view.querySelector("h1");
  document.title = heading.textContent + (state.page ? " · " + (shop.name || "Dashboards") : "");
  scrollTo(0, kept);
  if (shownPage !== null && shownPage !== page) heading.focus({ preventScroll: true });
  else if (focus) view.querySelector(`[data-chart="${CSS.escape(focus)}"] select`)?.focus({ preventScroll: true });
  shownPage = page;
  root.dataset.shown = location.hash || "#/"; // what tests wait for
}

function markNav() {
  for (const a of nav.querySelectorAll("a")) {
    a.href = hashOf({ ...state, page: a.dataset.page, part: a.dataset.part, show: "", at: "" });
    if (a.dataset.page === state.page && a.dataset.part === state.part) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
  }
}
function folded(yes) {
  side.classList.toggle("open", !yes);
  menu.setAttribute("aria-expanded", String(!yes));
}

const entry = (page, part, name) => el("li", null, el("a", { href: "#/" + page, "data-page": page, "data-part": part }, name));
nav.append(el("ul", null, Object.entries(views).filter(([, v]) => v.name).map(([id, v]) => entry(id, "", v.name))));
if (book.pages.length) nav.append(el("h2", { class: "own" }, "Own tables"), el("ul", null, book.pages.map((p) => entry("own", p.table, p.title))));
document.getElementById("shop").textContent = shop.name || "smelt";
const published = new Date(shop.published);
if (published.getUTCFullYear() > 1) document.getElementById("made").append("Published ", el("time", { datetime: shop.published }, new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(published)));

const theme = document.getElementById("theme");
theme.value = root.dataset.theme || "";
theme.addEventListener("change", () => {
  root.dataset.theme = theme.value;
  redraw();
  try { localStorage.setItem("smelt-theme", theme.value); } catch { /* it holds until the page is left */ }
});
menu.addEventListener("click", () => folded(side.classList.contains("open")));
document.getElementById("skip").addEventListener("click", (e) => { e.preventDefault(); main.focus(); });
addEventListener("keydown", (e) => { if (e.key === "Escape" && side.classList.contains("open")) { folded(true); menu.focus(); } });
if ("scrollRestoration" in history) history.scrollRestoration = "manual";
addEventListener("hashchange", route);

// A server says when a run has published: then all answers are old.
if (served) {
  const events = new EventSource("api/events"), renewed = async () => {
    answers = new Map();
    try { book.figures = await fromServer(""); } catch { return; } // it says so again when it is back
    await route();
    news.replaceChildren("New figures were published and are shown. ", el("button", { type: "button", class: "plainly", click: () => location.reload() }, "Reload for new filters"));
    setTimeout(() => news.replaceChildren(), 15000);
  };
  events.addEventListener("published", renewed);
  events.addEventListener("message", (e) => { if (e.data === "published") renewed(); });
}

buildBar();
route();
