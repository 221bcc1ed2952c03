// One run: what became of it, which checks did not pass, and the rows it left.

function runView(id) {
  const r = runs.get(id);
  if (!r) return missing("run", id);
  const at = catalog.runs.indexOf(r);
  const before = catalog.runs.slice(at + 1).find((x) => x.published && x.rows);
  const results = catalog.checks.map((c) => ({ c, r: c.results.find((x) => x.run === id) })).filter((x) => x.r && badness[x.r.status] >= 3).sort((a, b) => badness[b.r.status] - badness[a.r.status]);
  const rows = Object.entries(r.rows || {});
  return [
    title(when(r.at), null, r.command === "test" ? "Test of the published tables" : "Run"),
    r.command === "run" && !r.published && el("p", { class: "message error" }, mark("error"), r.error ? count(r.error, "check") + " failed, so nothing was published and the tables stayed as they were." : "Nothing was published; the tables stayed as they were."),
    facts(["Outcome", outcome(r)], ["Checks", checkCounts(r)], r.seconds && ["Time", seconds(r.seconds)], r.full && ["Everything was read", r.full], ["Run", code(r.id)]),
    section("checks", "Checks that did not pass", results.length ? lazily(el("ul", { class: "rows broken" }), results, ({ c, r: x }) => el("li", null, el("a", { href: to("check", c.name) },
      badge(x.status), el("span", { class: "what" }, code(c.table), el("span", null, c.says)), el("span", { class: "n" }, count(x.failures, "failing row"))))) : empty(r.pass ? "All passed." : "None is kept of this run.")),
    section("rows", "Rows of each table", rows.length ? table("Rows", ["Table", ["Rows", "n"], ["Change", "n"]], rows, ([name, n]) => [tableLink(name), num(n), change(n, before && Object.hasOwn(before.rows, name) ? before.rows[name] : undefined)]) : empty("No row counts are kept of this run.")),
  ];
}

// change is the difference to the run that published before.
function change(n, was) {
  if (was === undefined) return el("span", { class: "muted" }, "new");
  if (n === was) return el("span", { class: "muted" }, "none");
  return (n > was ? "+" : "−") + num(Math.abs(n - was));
}
