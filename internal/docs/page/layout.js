// Where the boxes of a chart stand: columns from left to right, so that what a
// box is made from is to its left.

// arrange gives each node {id, w, h, band} an x and a y, and returns the size of
// all. Bands come one after the other; within one, a node stands one column
// right of what it is made from. Edges are {from, to} of ids, several where much
// flows; of two nodes that are made of each other the stronger way counts, and
// an edge that closes a larger circle does not. In a column, nodes stand near what they are joined to,
// and all are as wide as the widest.
function arrange(nodes, edges, gapX, gapY) {
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
  const columns = [...grouped([...nodes].sort((a, b) => a.column - b.column), (n) => n.column).values()];

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
  const top = Math.min(...nodes.map((n) => n.y));
  for (const n of nodes) n.y -= top;
  return { w: Math.max(0, x - gapX), h: Math.max(...nodes.map((n) => n.y + n.h)) };

  // stack puts a column's nodes below each other, around a middle.
  function stack(column, around) {
    let y = around - (sum(column, (n) => n.h) + gapY * (column.length - 1)) / 2;
    for (const n of column) { n.y = y; y += n.h + gapY; }
  }
}

// curve is the path from one point to another on its right; back to the left it
// goes around.
function curve(x1, y1, x2, y2) {
  const bend = x2 > x1 ? Math.max(24, (x2 - x1) / 2) : 60;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
