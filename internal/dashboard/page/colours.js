// The colours of charts are those of the page: its style says what they are, for
// light and dark.

const root = document.documentElement;
function colours() {
  const style = getComputedStyle(root), of = (name) => style.getPropertyValue("--" + name).trim();
  const c = {};
  for (const name of ["ground", "paper", "ink", "soft", "line", "firm", "accent", "tint", "sans", "quiet", "loss", "gain", "low", "mid", "high", "onmid", "pale"]) c[name] = of(name);
  return c;
}
