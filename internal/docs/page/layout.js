// Where the boxes of a chart stand: columns from left to right, so that what a
// box is made from is to its left.

// arrange gives each node {id, w, h, band} an x and a y below top, and returns
// the size of all and via(from, to): the lanes that an edge takes through columns
// which it only passes, so that it runs behind no box. Bands come one after the other; within one, a node stands one column
// right of what it is made from. Edges are {from, to} of ids, several where much
// flows; of two nodes that are made of each other the stronger way counts, and
// an edge that closes a larger circle does not. In a column, nodes stand near what they are joined to,
// and all are as wide as the widest.
function arrange(nodes, edges, gapX, gapY, top) {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const ins = new Map(nodes.map((n) => [n.id, []])), outs = new Map(nodes.map((n) => [n.id, []]));
  const strength = grouped(edges, (e) => place(e.from, e.to)), of = (from, to) => (strength.get(place(from, to)) || []).length;
  for (const e of edges) {
    if (e.from === e.to || !byId.has(e.from) || !byId.has(e.to) || of(e.to, e.from) > of(e.from, e.to)) continue;
    ins.get(e.to).push(e.from);
    outs.get(e.from).push(e.to);
  }

  const bands = [...new Set(nodes.map((n) => n.band))].sort((a, b) => a - b);
  let base = 0;
  for (const band of bands) {
    const depth = new Map(), open = new Set();
    const deep = (id) => {
      if (depth.has(id)) return depth.get(id);
      if (open.has(id)) return -1; // a circle
      open.add(id);
      let d = 0;
      for (const from of ins.get(id)) if (byId.get(from).band === band) d = Math.max(d, deep(from) + 1);
      open.delete(id);
      depth.set(id, d);
      return d;
    };
    let most = 0;
    for (const n of nodes) if (n.band === band) { n.column = base + deep(n.id); most = Math.max(most, n.column); }
    base = most + 1;
  }
  const lanes = [], routes = new Map();
  for (const [pair, [e]] of strength) {
    const from = byId.get(e.from), into = byId.get(e.to);
    if (!from || !into || into.column - from.column < 2) continue;
    let last = from.id;
    const route = [];
    for (let column = from.column + 1; column < into.column; column++) {
      const lane = { id: pair + "\u0000" + column, w: 0, h: 10, column };
      byId.set(lane.id, lane);
      ins.set(lane.id, [last]);
      outs.set(lane.id, []);
      outs.get(last).push(lane.id);
      last = lane.id;
      route.push(lane);
    }
    outs.get(last).push(into.id);
    ins.get(into.id).push(last);
    lanes.push(...route);
    routes.set(pair, route);
  }
  const columns = [...grouped([...nodes, ...lanes].sort((a, b) => a.column - b.column), (n) => n.column).values()];

  let x = 0;
  for (const column of columns) {
    const wide = Math.max(...column.map((n) => n.w));
    for (const n of column) { n.x = x; n.w = wide; }
    x += wide + gapX;
    stack(column, 0);
  }
  const middle = (n) => n.y + n.h / 2;
  const near = (n, of) => { const list = of.get(n.id); return list.length ? sum(list, (id) => middle(byId.get(id))) / list.length : middle(n); };
  for (let sweep = 0; sweep < 8; sweep++) {
    const forward = sweep % 2 === 0, of = forward ? ins : outs;
    for (const column of forward ? columns : columns.toReversed()) {
      const want = new Map(column.map((n) => [n, near(n, of)]));
      column.sort((a, b) => want.get(a) - want.get(b));
      stack(column, sum(column, (n) => want.get(n)) / column.length);
    }
  }
  const all = [...nodes, ...lanes], least = Math.min(...all.map((n) => n.y));
  for (const n of all) n.y += top - least;
  return { w: Math.max(0, x - gapX), h: Math.max(...all.map((n) => n.y + n.h)), via: (from, into) => routes.get(place(from, into)) || [] };

  // stack puts a column's nodes below each other, around a middle.
  function stack(column, around) {
    let y = around - (sum(column, (n) => n.h) + gapY * (column.length - 1)) / 2;
    for (const n of column) { n.y = y; y += n.h + gapY; }
  }
}

// curve is the path from one point to another on its right, by lanes; back to
// the left it goes around.
function curve(x1, y1, x2, y2, lanes) {
  let d = `M${x1} ${y1}`, x = x1, y = y1;
  const bow = (nx, ny) => {
    const bend = nx > x ? Math.max(24, (nx - x) / 2) : 60;
    d += `C${x + bend} ${y} ${nx - bend} ${ny} ${nx} ${ny}`;
  };
  for (const l of lanes) {
    const middle = l.y + l.h / 2;
    bow(l.x, middle);
    d += "h" + l.w;
    x = l.x + l.w;
    y = middle;
  }
  bow(x2, y2);
  return d;
}
