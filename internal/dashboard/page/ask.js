// filter → figures, of the server or of the cube, each asked for once.

let answers = new Map(); // query → promise of figures

function ask(filter) {
  const q = queryOf(filter).toString();
  if (q === "") return Promise.resolve(book.figures);
  if (!answers.has(q)) {
    const answer = served ? fromServer(q) : Promise.resolve().then(() => fromCube(filter));
    answers.set(q, answer);
    answer.catch(() => answers.delete(q));
  }
  return answers.get(q);
}

async function fromServer(q) {
  const response = await fetch("api/figures" + (q ? "?" + q : ""));
  if (!response.ok) {
    const said = await response.text();
    let why = said;
    try { why = [JSON.parse(said).error, JSON.parse(said).hint].filter(Boolean).join(": "); } catch { /* it is a sentence */ }
    throw new Error(why || "The server answered " + response.status + ".");
  }
  return figures(await response.json());
}

// compared are the two ranges whose difference is "the change": the chosen dates
// and as many before them, else the last whole year (quarter, month) of the shop
// and the one before that. null where the shop is too young.
function compared(filter) {
  if (filter.from || filter.to) {
    const from = filter.from || shop.first, to = filter.to && filter.to < shop.last ? filter.to : shop.last;
    let before;
    if (served) {
      const days = dayNumber(to) - dayNumber(from) + 1;
      before = { from: dateOf(dayNumber(from) - days), to: dateOf(dayNumber(from) - 1) };
    } else {
      const months = (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7)) + 1;
      before = { from: later(from, -months), to: endOf("month", later(from, -1)) };
    }
    if (before.from < (served ? shop.first : startOf("month", shop.first))) return null;
    return { now: { from, to: filter.to || endOf("month", startOf("month", to)) }, before, name: "the chosen dates", than: rangeText(before.from, before.to), given: true };
  }
  for (const grain of ["year", "quarter", "month"]) {
    let start = startOf(grain, shop.last);
    if (endOf(grain, start) > shop.last) start = stepBack(grain, start);
    const earlier = stepBack(grain, start);
    if (earlier >= startOf("month", shop.first) && (earlier >= shop.first || earlier.slice(0, 7) === shop.first.slice(0, 7) && Number(shop.first.slice(8)) <= 3)) {
      return { now: { from: start, to: endOf(grain, start) }, before: { from: earlier, to: endOf(grain, earlier) }, name: periodText(grain, start), than: periodText(grain, earlier), given: false };
    }
  }
  return null;
}

// context asks for all that a page's charts need: the figures of the filter, those
// of its dimensions at all dates, and those of the two ranges that are compared.
async function context(state) {
  const { filter } = state, ranges = compared(filter), within = (range) => ask({ ...range, in: filter.in });
  const [figures, history, now, before] = await Promise.all([ask(filter), ask({ from: "", to: "", in: filter.in }), ranges && within(ranges.given ? { from: filter.from, to: filter.to } : ranges.now), ranges && within(ranges.before)]);
  return { state, filter, figures, history, ranges, now, before, grain: grainOf(state) };
}
