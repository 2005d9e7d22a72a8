"""Pasting 10,000 brands in each of the form's modes, and taking them back."""

import http.client
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Final
from urllib.parse import urlencode

from bench.data import Bench
from bench.figures import Row
from bench.servers import Server

_LINES: Final = 10_000
_RUNS: Final = 5
_SAVED_LIMIT: Final = 3.0
_UNDONE_LIMIT: Final = 1.0


def writes(bench: Bench) -> list[Row]:
    """Measure the three modes and the undo; each run takes back what it saved."""
    seconds: dict[str, list[float]] = {name: [] for name in ("check", "all", "new", "half", "undo")}
    # The other rows are to find the large catalog as it was made, without a history of this.
    written = replace(bench.large, database="hangtag_written")
    bench.copy(bench.large.database, written.database)
    with bench.serve(written) as server:
        for _ in range(_RUNS):
            names = [f"Bench {secrets.token_hex(8)}" for _ in range(_LINES)]
            seconds["check"].append(_save(server, names, "check", 200)[0])
            for mode in ("all", "new"):
                took, saved = _save(server, names, mode, 303)
                seconds[mode].append(took)
                seconds["undo"].append(_undo(server, saved))
            _, saved = _save(server, names[::2], "all", 303)
            took, rest = _save(server, names, "new", 200)
            seconds["half"].append(took)
            _undo(server, rest)
            _undo(server, saved)
    bench.psql("postgres", f"drop database {written.database}")
    what = {
        "check": f"{_LINES:,} brands in a form, dry run",
        "all": f"{_LINES:,} brands in a form, save all",
        "new": f"{_LINES:,} brands in a form, save the new ones",
        "half": "the same, half of them there already",
    }
    return [
        *(_row(text, seconds[name], _SAVED_LIMIT) for name, text in what.items()),
        _row(f"undo of {_LINES:,} brands", seconds["undo"], _UNDONE_LIMIT),
    ]


def _row(what: str, seconds: Sequence[float], limit: float) -> Row:
    middle = median(seconds)
    return Row(
        what,
        f"≤ {limit:g} s",
        f"{middle:.2f} s (slowest of {len(seconds)}: {max(seconds):.2f} s)",
        middle <= limit,
    )


def _save(server: Server, names: Sequence[str], mode: str, status: int) -> tuple[float, str]:
    fields = {"brand_name": "\r\n".join(names), "mode": mode}
    return _post(server, "/brands", fields, status)


def _undo(server: Server, change: str) -> float:
    return _post(server, f"{change}/undo", {}, 303)[0]


def _post(server: Server, path: str, fields: dict[str, str], status: int) -> tuple[float, str]:
    """Send a form; return the seconds until its whole answer, and where that leads."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.connect()
        started = time.perf_counter()
        connection.request("POST", path, urlencode(fields), headers)
        response = connection.getresponse()
        page = response.read()
        seconds = time.perf_counter() - started
    finally:
        connection.close()
    if response.status != status:
        raise RuntimeError(f"{path} answered {response.status} instead of {status}")
    # Saved in part, the form itself comes back, with a link to the change.
    link = re.search(rb'href="(/changes/[0-9]+)"', page)
    return seconds, response.headers.get("Location") or (link[1].decode() if link else "")
