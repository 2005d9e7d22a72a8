"""`run.py sample` against psql's COPY of the same rows into the same tables."""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.data import EMPTY, Bench
from bench.figures import PAIRS, Row, take_turns
from bench.servers import run, run_py

_DATABASE: Final = "hangtag_load"
# COPY checks three foreign keys a row: ten million would take it minutes a pair.
_COPY_ROWS: Final = 1_000_000
_COLUMNS: Final = {
    "brand": "brand_id, brand_name",
    "product": "product_id, product_name, brand_id",
    "sku": "sku_id, product_id, product_size_id, product_color_id",
}


def sample(bench: Bench) -> list[Row]:
    """Measure the rates of both, in SKUs a second, each into an empty catalog."""
    large, copied = bench.large, min(bench.large.skus, _COPY_ROWS)
    scaled = large.skus > copied
    with TemporaryDirectory(dir=bench.work) as folder:
        files = {table: Path(folder) / f"{table}.csv" for table in _COLUMNS}
        for table, file in files.items():
            first = f" where sku_id <= {copied}" if table == "sku" else ""
            rows = f"select {_COLUMNS[table]} from {table}{first} order by {table}_id"  # noqa: S608
            bench.psql(large.database, f"\\copy ({rows}) to '{file}' with (format csv)")
        pairs = take_turns(
            lambda: large.skus / _sample_seconds(bench),
            lambda: copied / _copy_seconds(bench, files),
            pairs=2 if scaled else PAIRS,
            warm=False,
        )
    bench.psql("postgres", f"drop database {_DATABASE}")
    seconds = f"sample took {large.skus / median(pairs.ours):.1f} s"
    note = f"; COPY's rate is that of the first {copied:,} rows" if scaled else ""
    return [
        Row(
            f"`sample --skus {large.skus}`: SKUs a second against psql COPY",
            "≥ 5",
            f"{pairs.rates('Hangtag', 'psql COPY')}; {seconds}{note}",
            pairs.ratio >= 5,
        )
    ]


def _sample_seconds(bench: Bench) -> float:
    bench.copy(EMPTY.database, _DATABASE)
    large = bench.large
    sizes = ("--brands", large.brands, "--products", large.products, "--skus", large.skus)
    started = time.perf_counter()
    run_py(
        "sample",
        *map(str, sizes),
        database_url=bench.postgres.url(_DATABASE),
        folder=bench.work,
    )
    return time.perf_counter() - started


def _copy_seconds(bench: Bench, files: dict[str, Path]) -> float:
    """Return how long COPY takes for all three tables in one transaction."""
    bench.copy(EMPTY.database, _DATABASE)
    copies = [
        f"--command=\\copy {table} ({_COLUMNS[table]}) from '{file}' with (format csv)"
        for table, file in files.items()
    ]
    started = time.perf_counter()
    run([*bench.psql_command(_DATABASE), "--single-transaction", *copies])
    return time.perf_counter() - started
