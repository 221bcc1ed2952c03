// One check: the rule, the rows that fail it, and what came of it run by run.

function checkView(name) {
  const c = checks.get(name);
  if (!c) return missing("check", name);
  const r = standing(c), failures = c.results.filter((x) => x.status !== "skipped").map((x) => ({ at: x.at, value: x.failures })).reverse();
  return [
    title(code(name), c.doc || c.says, "Check"),
    facts(
      ["Status", badge(statusOf(c))],
      ["Table", tableLink(c.table)],
      c.columns.length > 0 && [c.columns.length > 1 ? "Columns" : "Column", c.columns.map((column, i) => [i > 0 && ", ", link(to("lineage", c.table, column), code(column))])],
      r && ["Failing rows", num(r.failures), el("small", null, " of " + num(r.rows))],
      ["When it fails", c.severity === "warn" ? "it warns" : "nothing is published"],
      r && ["Looked at", stamp(r.at)]),
    el("p", { class: "rule" }, el("small", null, "Rule"), " ", c.says, el("small", null, " (" + c.kind.replaceAll("_", " ") + ")")),
    r && r.message && el("p", { class: "message " + r.status }, mark(r.status), r.message),
    r && r !== c.results[0] && el("p", { class: "muted after" }, "Not looked at again by the newest run", c.results[0].status === "skipped" && c.results[0].message ? ": " + c.results[0].message + "." : "."),
    section("rows", "Failing rows", failing(r, c.columns)),
    section("history", "Run by run",
      failures.some((f) => f.value) ? trend("Failing rows", failures, "failing rows") : null,
      c.results.length ? table("Results", ["When", "Status", ["Rows looked at", "n"], ["Failing", "n"], "Message"], c.results, (x) => [
        runs.has(x.run) ? link(to("run", x.run), when(x.at)) : stamp(x.at), badge(x.status), num(x.rows), num(x.failures), x.message || "–"]) : empty("The check has not run yet.", "The next run looks at it.")),
  ];
}

// failing shows the rows that failed when the check was last looked at.
function failing(r, checked) {
  if (!r) return empty("The check has not run yet.");
  if (r.status === "skipped") return empty("The check was skipped.", r.message);
  if (!r.failures) return empty("No row fails.", "All " + count(r.rows, "row") + " that were looked at keep the rule.");
  if (!r.samples || !r.samples.length) return empty(count(r.failures, "row fails", "rows fail") + ", and none of them was kept.", "smelt test --show-failures shows them.");
  return [el("p", { class: "muted before" }, r.samples.length < r.failures ? num(r.samples.length) + " of " + count(r.failures, "failing row") + "." : r.failures === 1 ? "The only row that fails." : "All " + num(r.failures) + " of them."), samples(r.samples, checked)];
}
