// The colours of charts are those of the page: its style says what they are, for
// light and dark.

const root = document.documentElement;
function colours() {
  const style = getComputedStyle(root), of = (name) => style.getPropertyValue("--" + name).trim();
  const c = {};
  for (const name of ["ground", "paper", "ink", "soft", "line", "firm", "accent", "tint", "sans", "quiet", "loss", "gain", "low", "mid", "high", "onmid", "pale"]) c[name] = of(name);
  return c;
}

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const luminance = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => { const [less, more] = [luminance(a), luminance(b)].sort((x, y) => x - y); return (more + 0.05) / (less + 0.05); }; // as WCAG defines it

// ramp is the colour, as parts, that a scale from low over mid to high has at a share of it, 0 to 1.
function ramp(c, share) {
  const at = Math.min(Math.max(share, 0), 1) * 2, [from, to] = (at < 1 ? [c.low, c.mid] : [c.mid, c.high]).map(parts);
  return from.map((v, i) => v + (to[i] - v) * (at < 1 ? at : at - 1));
}

// inkOn is the colour of text that stands out most on a ground.
function inkOn(c, ground) {
  return [c.ink, c.paper, c.onmid].reduce((best, ink) => contrast(parts(ink), ground) > contrast(parts(best), ground) ? ink : best);
}
