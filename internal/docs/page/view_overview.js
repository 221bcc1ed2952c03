// The start page: can the data be trusted now, what is broken, how it all hangs
// together, and the tables.

// verdict says in one sentence how things stand, and what follows from it.
function verdict() {
  const errors = broken.filter((c) => statusOf(c) === "error").length, warnings = broken.length - errors;
  const ran = catalog.checks.filter((c) => badness[statusOf(c)] !== 1).length;
  if (!published.length && !catalog.runs.length) {
    return { status: "never", says: "Nothing is published yet", why: ["The tables below are declared, and ", el("code", null, "smelt run"), " makes them from the files that smelt.yml names."] };
  }
  if (lastRun && !lastRun.published) {
    const failed = broken.filter((c) => standing(c).run === lastRun.id && statusOf(c) === "error");
    const cause = lastRun.error ? [link(failed.length === 1 && lastRun.error === 1 ? to("check", failed[0].name) : to("run", lastRun.id), count(lastRun.error, "check") + " failed"), ", so it kept everything back."] : "It stopped before its tables were complete.";
    const stand = lastPublished ? [" The tables are those of ", stamp(lastPublished.at), " and unharmed."] : published.length ? " The tables are those of an earlier run." : " There are no tables yet.";
    return { status: "error", says: "The last run published nothing", why: [cause, stand] };
  }
  if (errors) return { status: "error", says: count(errors, "check fails", "checks fail"), why: ["Rows that break a rule are in the tables. Each check below shows them."] };
  const behind = published.filter((t) => t.behind).length;
  if (behind) return { status: "warn", says: count(behind, "table is", "tables are") + " behind", why: ["The last run published some tables only. ", el("code", null, "smelt run"), " brings all of them up to date."] };
  if (warnings) return { status: "warn", says: count(warnings, "check warns", "checks warn"), why: ["Every other rule holds. A warning keeps nothing from being published."] };
  if (!ran) return { status: "never", says: "No check has run yet", why: [el("code", null, "smelt test"), " checks the tables that are there."] };
  return { status: "pass", says: ran === 1 ? "The check passed" : "All " + num(ran) + " checks passed", why: ["Every row was looked at before it was published."] };
}

function overview() {
  const v = verdict(), newestWas = newest ? newest.command === "test" ? "Last test" : "Last run" : "";
  const passed = catalog.checks.filter((c) => statusOf(c) === "pass").length;
  const earlier = newest ? catalog.checks.filter((c) => c.results.length && standing(c).run !== newest.id).length : 0;
  const files = sum(catalog.sources, (s) => s.files.length);
  return [
    el("header", { class: "verdict " + v.status },
      el("h1", { tabindex: "-1" }, mark(v.status), v.says), el("p", { class: "lead" }, v.why)),
    facts(
      newest && [newestWas, link(to("run", newest.id), ago(newest.at))],
      catalog.checks.length > 0 && ["Checks passed", link(to("checks"), num(passed), el("small", null, " of " + num(catalog.checks.length) + (earlier ? ", " + num(earlier) + " by earlier runs" : "")))],
      ["Rows", num(sum(published, (t) => Math.max(0, t.rows)))],
      ["Tables", link(to("tables"), num(published.length), published.length < catalog.tables.length && el("small", null, " of " + num(catalog.tables.length)))],
      ["Size", bytes(sum(published, (t) => t.bytes))],
      ["Files read", link(to("sources"), num(files))]),
    broken.length > 0 && section("broken", "What is broken", lazily(el("ul", { class: "rows broken" }), broken.slice(0, 8), brokenRow), broken.length > 8 && el("p", null, link(to("checks", "failing"), "All " + num(broken.length) + " checks that fail or warn"))),
    catalog.runs.length > 0 && section("runs", "Runs", runStrip(), el("p", { class: "after" }, link(to("runs"), "All runs"))),
    catalog.tables.length > 0 && section("graph", "From files to tables", catalog.tables.length > 60 ? empty("The graph of " + num(catalog.tables.length) + " tables has a page of its own.") : tableGraph([...sources.keys(), ...tables.keys()], { small: true }), el("p", { class: "after" }, link(to("graph"), "Open the table graph"), " ", link(to("lineage"), "Follow a column"))),
    shownLayers.map((layer) => section(layer, [swatch(layer), layer], lazily(el("ul", { class: "rows" }), catalog.tables.filter((t) => layerOf(t.name) === layer), tableRow))),
  ];
}

// brokenRow is a failing check in one line, which opens it at its failing rows.
function brokenRow(check) {
  const r = standing(check);
  return el("li", null, el("a", { href: to("check", check.name) },
    badge(r.status), el("span", { class: "what" }, code(check.table), el("span", null, check.says)), el("span", { class: "n" }, count(r.failures, "failing row"))));
}

// tableRow is a table in one line.
function tableRow(t) {
  const status = statusOfTable(t.name), of = (checksOf.get(t.name) || []).length;
  return el("li", null, el("a", { href: to("table", t.name) },
    el("span", { class: "what" }, code(t.name), el("span", null, t.doc)),
    el("span", { class: "n" }, rowsOf(t)),
    el("span", { class: "state" }, of > 0 && mark(status, count(of, "check") + ", " + words[status]))));
}

// runStrip is the latest runs side by side: what their checks came to, and rows.
function runStrip() {
  const list = catalog.runs.slice(0, innerWidth < 500 ? 4 : innerWidth < 1100 ? 8 : 12).reverse(); // one line of them
  const dayOf = (r) => new Date(r.at).toLocaleDateString("en", { day: "numeric", month: "short" });
  return el("ol", { class: "runs" }, list.map((r, i) => el("li", null, el("a", { href: to("run", r.id), title: when(r.at) },
    mark(runStatus(r), (r.command === "test" ? "test, " : "run, ") + words[runStatus(r)]), el("span", null, i && dayOf(r) === dayOf(list[i - 1]) ? clock.format(new Date(r.at)) : dayOf(r)),
    el("small", null, r.command === "test" ? "test" : r.published ? "published" : "withheld")))));
}
