// All checks, what fails first.

const filters = [["", "All", () => true], ["failing", "Fail or warn", (c) => badness[statusOf(c)] >= 3], ["passed", "Passed", (c) => statusOf(c) === "pass"], ["open", "Skipped or not run", (c) => badness[statusOf(c)] === 1]];

function checksView(which) {
  const [, , wanted] = filters.find(([id]) => id === (which || "")) || filters[0];
  const list = catalog.checks.filter(wanted).sort((a, b) => badness[statusOf(b)] - badness[statusOf(a)]);
  return [
    title("Checks", "Rules that every run looks at while it writes. One that fails with severity error keeps the run from publishing anything."),
    el("nav", { class: "within", "aria-label": "Which checks" }, filters.map(([id, label, of]) => el("a", { href: id ? to("checks", id) : to("checks"), "aria-current": (which || "") === id ? "page" : null }, label, el("small", null, " " + num(catalog.checks.filter(of).length))))),
    list.length ? checkTable(list, true) : empty(catalog.checks.length ? "None." : "No check is declared.", which === "failing" && catalog.checks.length ? "Nothing fails and nothing warns." : ""),
  ];
}

// checkTable lists checks, of one table or of several, whose names are then shown.
function checkTable(list, several) {
  return table("Checks", ["Check", "Rule", "Status", "Runs"], list, (c) => {
    const r = standing(c);
    return [
      link(to("check", c.name), code(!several && c.name.startsWith(c.table + ".") ? c.name.slice(c.table.length + 1) : c.name), several && !c.name.startsWith(c.table + ".") && el("small", { class: "formula" }, code(c.table))),
      [el("span", null, c.says), c.severity === "warn" && el("span", { class: "formula" }, el("small", null, "warns only"))],
      [badge(statusOf(c)), r && r.failures > 0 && el("span", { class: "formula" }, count(r.failures, "row"))],
      strip(c.results, 12),
    ];
  });
}
