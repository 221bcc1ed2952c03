"""The whole job of smelt in Polars: a generated shop's files to every table of bronze, silver and gold, as Parquet.

    python testdata/bench/polars_bench.py SHOP_DIR OUT_DIR [--threads 2] [--steps] [--check]

In the streaming engine (LazyFrame, sink_parquet), tuned by someone who wants Polars to win. It knows the smelt.yml that
`smelt generate` writes, and refuses others.
"""

import os
import sys

import common


def run(args):
    import polars_bronze
    import polars_gold
    import polars_silver

    steps = common.Steps(args.steps)
    files, batch = common.sales_files(args.shop)
    polars_bronze.run(args.shop, args.out, files, batch, steps)
    silver, facts = polars_silver.run(args.out, steps)
    polars_gold.run(args.out, silver, facts, steps)


def main():
    if "--threads" in sys.argv:  # read when polars is imported
        os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    import polars
    return common.main(__doc__, "polars " + polars.__version__, run)


if __name__ == "__main__":
    sys.exit(main())
