"""`python -m bench`: make the data, run the rows, print the table."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console

from bench.data import BATCH, EMPTY, SMALL, Bench, open_bench, rare_catalog
from bench.figures import NotAvailableError, Row
from bench.machine import machine_line, versions_line
from bench.rows.batch import batch
from bench.rows.downloads import csv, gzip, ndjson
from bench.rows.first_row import first_row
from bench.rows.memory import memory
from bench.rows.pages import pages, search
from bench.rows.product_page import product_page
from bench.rows.sample import sample
from bench.rows.starving import p99
from bench.rows.writes import writes
from bench.servers import ROOT
from web.cli.database import exit_on_sigterm
from web.database.embedded import EmbeddedServerError

ROWS: Final[dict[str, Callable[[Bench], list[Row]]]] = {
    "csv": csv,
    "ndjson": ndjson,
    "gzip": gzip,
    "first_row": first_row,
    "memory": memory,
    "product_page": product_page,
    "p99": p99,
    "pages": pages,
    "search": search,
    "batch": batch,
    "sample": sample,
    "writes": writes,
}

_say = Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print


def main() -> int:
    """Run the bench; the status is 1 when a row could not be measured."""
    arguments = _arguments()
    exit_on_sigterm()
    folder = ROOT / "var" / "bench"
    try:
        with open_bench(folder, arguments.rows) as bench:
            rows = _measured(bench, arguments.only)
            version = bench.psql("postgres", "show server_version").strip()
    except EmbeddedServerError as problem:
        _say(str(problem))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return 130
    table = _table(rows, arguments.rows, version)
    (folder / "table.md").write_text(table, encoding="utf-8")
    sys.stdout.write(table)
    return int(any(row.met is None for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=_rows, default=1_000_000, help="SKUs in the large catalog")
    parser.add_argument(
        "--only",
        type=_names,
        default=list(ROWS),
        metavar="NAME[,NAME]",
        help=f"run some rows only: {', '.join(ROWS)}",
    )
    return parser.parse_args()


def _rows(text: str) -> int:
    rows = int(text.replace("_", ""))
    if rows < 100_000:
        raise argparse.ArgumentTypeError("the large catalog is not smaller than the small one")
    return rows


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"there is no row {unknown[0]}")
    return names


def _measured(bench: Bench, names: Sequence[str]) -> list[Row]:
    for catalog in (SMALL, BATCH, EMPTY, bench.large, rare_catalog(bench.large)):
        with _timed(f"data: {catalog.database}"):
            bench.make(catalog)
    rows: list[Row] = []
    for name in names:
        with _timed(name):
            rows += _row(bench, name)
    return rows


@contextmanager
def _timed(what: str) -> Iterator[None]:
    _say(f"{what} …")
    started = time.monotonic()
    yield
    _say(f"{what}: {time.monotonic() - started:.0f} s")


def _row(bench: Bench, name: str) -> list[Row]:
    try:
        found = ROWS[name](bench)
    except NotAvailableError as problem:
        return [Row(name, "", f"not available: {problem}", None)]
    except subprocess.CalledProcessError as problem:
        said = (problem.stderr or problem.stdout or "").strip().splitlines()
        reason = f"{problem.cmd[0]} ended with {problem.returncode}: {' '.join(said[-3:])}"
        return [Row(name, "", f"failed: {reason}", None)]
    except Exception as problem:  # noqa: BLE001  # one row that fails must not cost the others
        return [Row(name, "", f"failed: {type(problem).__name__}: {problem}", None)]
    return found


def _table(rows: Sequence[Row], size: int, postgresql: str) -> str:
    marks = {True: "yes", False: "**no**", None: "–"}
    lines = [
        f"Large catalog: {size:,} SKUs. {machine_line()}.",
        f"{versions_line(postgresql)}.",
        "",
        "| what | asked | measured | met |",
        "| --- | --- | --- | --- |",
        *(f"| {r.what} | {r.asked} | {_cell(r.measured)} | {marks[r.met]} |" for r in rows),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    sys.exit(main())
