// Elements. Text from data becomes text nodes here and nothing else: the
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
