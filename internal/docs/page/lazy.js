// Lists that may have thousands of items.

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
