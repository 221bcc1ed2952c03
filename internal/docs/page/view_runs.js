// All runs that something is left of, the newest first.

function runsView() {
  const total = (r) => sum(Object.values(r.rows || {}), (n) => n);
  const points = catalog.runs.filter((r) => r.published && r.rows).map((r) => ({ at: r.at, value: total(r) })).reverse();
  if (!catalog.runs.length) return [title("Runs"), empty("There is no run yet.", "smelt run makes the tables; what its checks came to is kept here.")];
  return [
    title("Runs", "Each run, and each smelt test, with what its checks came to."),
    points.length > 1 && section("growth", "Rows of all tables", trend("Rows of all tables", points, "rows")),
    section("runs", count(catalog.runs.length, "run"), table("Runs", ["When", "What", "Outcome", "Checks", ["Rows", "n"], ["Time", "n"]], catalog.runs, (r) => [
      link(to("run", r.id), when(r.at)), r.command, outcome(r), checkCounts(r), r.rows ? num(total(r)) : "–", r.seconds ? seconds(r.seconds) : "–"])),
  ];
}

// outcome says whether a run published its tables.
function outcome(r) {
  if (r.command === "test") return badge(runStatus(r));
  return el("span", { class: "badge " + (r.published ? r.warn ? "warn" : "pass" : "error") }, mark(r.published ? r.warn ? "warn" : "pass" : "error"), r.published ? "published" : "nothing published");
}

const checkCounts = (r) => [["pass", r.pass], ["warn", r.warn], ["error", r.error], ["skipped", r.skipped]].filter(([, n]) => n).map(([s, n], i) => (i ? ", " : "") + num(n) + " " + words[s]).join("") || "none";
