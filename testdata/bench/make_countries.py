"""Writes countries.csv: every spelling of a country that the judge knows, folded as duckdb_silver.sql's country_key does.

Once, so that the benchmark does not pay for loading CLDR and ISO 3166 in Python.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [os.path.join(HERE, "..", "judge")] + [p for p in sys.path if os.path.abspath(p or ".") != HERE]

import countries  # noqa: E402
import duckdb  # noqa: E402
import recompute  # noqa: E402

con = duckdb.connect()
recompute.connect(con)
recompute.insert(con, "work.spellings", "rank INTEGER, spelling VARCHAR, name VARCHAR, code VARCHAR", countries.table())
out = os.path.join(HERE, "countries.csv").replace("'", "''")
con.execute(f"""COPY (
    SELECT key, first(name ORDER BY rank) AS name, first(code ORDER BY rank) AS code
    FROM (SELECT rank, name, code, country_key(spelling) AS key FROM work.spellings)
    GROUP BY key ORDER BY key) TO '{out}' (HEADER)""")
