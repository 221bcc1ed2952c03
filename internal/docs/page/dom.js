// Elements. Text from the catalog becomes text nodes here and nothing else: the
// page has no innerHTML.

// el makes an element: properties are attributes, functions listen to events,
// and null or false leaves one out; children are nodes, texts or lists of them.
function el(tag, props, ...children) { return filled(document.createElement(tag), props, children); }

// svg is el for drawings.
function svg(tag, props, ...children) { return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children); }

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return node;
}

// to is the address of a view: to("table", "silver.fact_sales").
const to = (...parts) => "#/" + parts.map((p) => encodeURIComponent(p)).join("/");

// link is a link to a view.
const link = (href, ...children) => el("a", { href }, children);

// code is a name, in the typeface of names.
const code = (text) => el("code", null, breakable(text));

// breakable lets a long name break after its dots and underscores.
function breakable(text) {
  const out = [];
  for (const part of String(text).split(/(?<=[._/])/)) out.push(part, el("wbr"));
  out.pop();
  return out;
}

const tableLink = (name) => tables.has(name) ? link(to("table", name), code(name)) : sources.has(name) ? link(to("source", name), code(name)) : code(name);
const columnLink = (table, column) => link(to("lineage", table, column), code(table + "." + column));

// lazily appends what draw makes of each item, a few at first and more as the
// reader comes near the end: lists may have thousands. Printing draws all.
const chunk = 60;
let waiting = []; // lists of the view that are not drawn to their end
function lazily(parent, items, draw) {
  let at = 0;
  const more = (n) => { parent.append(...items.slice(at, at + n).map(draw)); at += n; };
  more(chunk);
  if (at >= items.length) return parent;
  const end = el(parent.tagName === "TBODY" ? "tr" : parent.tagName === "UL" ? "li" : "div", { class: "more", "aria-hidden": "true" });
  parent.append(end);
  const rest = () => { end.remove(); watch.disconnect(); more(items.length); };
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((s) => s.isIntersecting)) return;
    end.remove();
    more(chunk * 2);
    if (at < items.length) parent.append(end); else watch.disconnect();
  }, { rootMargin: "1200px" });
  watch.observe(end);
  waiting.push(rest);
  return parent;
}
addEventListener("beforeprint", () => { waiting.forEach((rest) => rest()); waiting = []; });
