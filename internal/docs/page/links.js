// Links to what the catalog has.

const tableLink = (name) => tables.has(name) ? link(to("table", name), code(name)) : sources.has(name) ? link(to("source", name), code(name)) : code(name);
const columnLink = (table, column) => link(to("lineage", table, column), code(table + "." + column));
