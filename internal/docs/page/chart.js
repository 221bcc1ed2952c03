// A drawing that can be moved and zoomed, with a pointer, fingers and keys.

// chart frames a drawing of the given size. Its boxes are links: Tab goes from
// one to the next, arrow keys to the nearest in a direction, + − 0 zoom. about
// describes it; at is the id of a box to begin at; small is a chart inside a
// page, which a finger scrolls past.
function chart(about, size, drawing, { at, small } = {}) {
  const inner = svg("g", null, drawing);
  const canvas = svg("svg", { role: "group", "aria-label": about, "data-whole": `-4 -4 ${size.w + 8} ${size.h + 8}` }, inner);
  const button = (label, text, click) => el("button", { type: "button", "aria-label": label, title: label, click }, text);
  const frame = el("div", { class: "chart" + (small ? " small" : "") }, canvas,
    el("div", { class: "tools" }, button("Zoom in", "+", () => zoom(1.3)), button("Zoom out", "−", () => zoom(1 / 1.3)), button("Fit all", "Fit", () => fit(0))));
  let k = 1, x = 0, y = 0;
  const show = () => inner.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);

  // zoom changes the scale around a point of the frame, by default its middle.
  function zoom(by, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) {
    const next = Math.min(3, Math.max(0.04, k * by));
    x = px - (px - x) * (next / k);
    y = py - (py - y) * (next / k);
    k = next;
    show();
  }

  // fit shows all of it, but not smaller than the least scale: then it begins
  // at the box named at, or at the left.
  function fit(least) {
    const w = canvas.clientWidth, edge = 20, tools = 36;
    if (!w) return;
    const wide = Math.min(1.15, Math.max(least, (w - 2 * edge) / size.w));
    const h = Math.max(190, Math.min(tallest(), size.h * wide + 2 * edge + tools)); // the frame is as high as the drawing needs
    canvas.style.height = h + "px";
    k = Math.min(1.15, Math.max(least, Math.min((w - 2 * edge) / size.w, (h - tools - 2 * edge) / size.h)));
    x = size.w * k + 2 * edge <= w ? (w - size.w * k) / 2 : edge;
    y = (h - tools - size.h * k) / 2 + (size.h * k + 2 * edge > h - tools ? tools / 2 : 0);
    const box = at && least ? [...inner.querySelectorAll("[data-id]")].find((n) => n.dataset.id === at) : null;
    if (box) {
      const b = box.getBBox();
      if (size.w * k + 2 * edge > w) x = Math.min(edge, Math.max(w - size.w * k - edge, w / 2 - (b.x + b.width / 2) * k));
      if (size.h * k + 2 * edge > h) y = Math.min(edge, Math.max(h - size.h * k - edge, h / 2 - (b.y + b.height / 2) * k));
    } else if (size.h * k + 2 * edge > h && least) y = edge;
    show();
  }
  const tallest = () => small ? 460 : Math.max(320, innerHeight - (innerWidth < 960 ? 120 : 60));
  let width = 0;
  new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    fit(small ? 0.66 : 0.75);
  }).observe(canvas);

  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (e) => { if (e.button === 0) { fingers.set(e.pointerId, e); moved = 0; } });
  canvas.addEventListener("pointermove", (e) => {
    const was = fingers.get(e.pointerId);
    if (!was) return;
    const box = canvas.getBoundingClientRect();
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((f) => f.pointerId !== e.pointerId);
      const far = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
      moved = 5; // which is no click
      zoom(far(e) / Math.max(1, far(was)), (e.clientX + other.clientX) / 2 - box.left, (e.clientY + other.clientY) / 2 - box.top);
    } else {
      x += e.clientX - was.clientX;
      y += e.clientY - was.clientY;
      moved += Math.abs(e.clientX - was.clientX) + Math.abs(e.clientY - was.clientY);
      if (moved > 4 && !canvas.hasPointerCapture(e.pointerId)) canvas.setPointerCapture(e.pointerId);
      show();
    }
    fingers.set(e.pointerId, e);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => fingers.delete(e.pointerId));
  canvas.addEventListener("click", (e) => { if (moved > 4) e.preventDefault(); moved = 0; }, true);
  canvas.addEventListener("dragstart", (e) => e.preventDefault());
  canvas.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey) return; // the page scrolls
    e.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(Math.exp(-e.deltaY / 300), e.clientX - box.left, e.clientY - box.top);
  }, { passive: false });

  canvas.addEventListener("keydown", (e) => {
    const by = { "+": 1.3, "=": 1.3, "-": 1 / 1.3 }[e.key];
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey || (!by && !way && e.key !== "0")) return;
    e.preventDefault();
    if (by) zoom(by);
    else if (way) step(e.target, way);
    else fit(0);
  });

  // step moves the focus to the nearest box in a direction.
  function step(from, [dx, dy]) {
    const centre = (n) => { const b = n.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
    const [fx, fy] = centre(from);
    let best = null, least = Infinity;
    for (const n of inner.querySelectorAll("a")) {
      const [nx, ny] = centre(n);
      const ahead = (nx - fx) * dx + (ny - fy) * dy, aside = Math.abs((nx - fx) * dy) + Math.abs((ny - fy) * dx);
      if (n !== from && ahead > 4 && ahead + aside * 2 < least) { best = n; least = ahead + aside * 2; }
    }
    if (best) best.focus();
  }
  // A box that gets the focus comes into view.
  canvas.addEventListener("focusin", (e) => {
    if (e.target === canvas || !e.target.matches(":focus-visible")) return;
    canvas.scrollLeft = canvas.scrollTop = 0;
    const f = canvas.getBoundingClientRect(), b = e.target.getBoundingClientRect();
    if (b.left < f.left || b.right > f.right) x += f.left + f.width / 2 - (b.left + b.width / 2);
    if (b.top < f.top || b.bottom > f.bottom) y += f.top + f.height / 2 - (b.top + b.height / 2);
    show();
  });
  return frame;
}

// On paper a drawing is there as a whole, whatever was in view.
const onPaper = (yes) => document.querySelectorAll(".chart > svg").forEach((c) => yes ? c.setAttribute("viewBox", c.dataset.whole) : c.removeAttribute("viewBox"));
addEventListener("beforeprint", () => onPaper(true));
addEventListener("afterprint", () => onPaper(false));

// related lets a box, when it is pointed at or has the focus, dim what it has
// nothing to do with. Boxes have data-id, edges data-from and data-to; kin(id)
// are the ids that belong to a box.
function related(root, kin) {
  const parts = root.querySelectorAll("[data-id], [data-from]");
  const light = (id) => {
    const near = id && kin(id);
    const on = (other) => other === id || near.has(other);
    for (const p of parts) p.classList.toggle("dim", Boolean(id) && !(p.dataset.id !== undefined ? on(p.dataset.id) : on(p.dataset.from) && on(p.dataset.to)));
  };
  const of = (e) => e.target.closest("[data-id]")?.dataset.id;
  for (const name of ["pointerover", "focusin"]) root.addEventListener(name, (e) => light(of(e)));
  for (const name of ["pointerleave", "focusout"]) root.addEventListener(name, () => light(null));
  return root;
}
