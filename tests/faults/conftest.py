"""The drills: each breaks something, asserts what must hold, and notes a figure.

Their sizes come from HANGTAG_FAULTS: `small` with all other tests, `some` for about five minutes
(`make faults`), `all` for the figures of docs/reliability.md (`make faults-full`). What is asserted
does not depend on the clock; how long things took is noted, and printed at the end as a table.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.cli.conftest import _filled_data_dir, filled_home, home, serve
from tests.downloads.conftest import large_database_url, large_template
from tests.faults.server import Server

__all__ = [
    "_filled_data_dir",
    "filled_home",
    "home",
    "large_database_url",
    "large_template",
    "serve",
]

_SCALES: Final = ("small", "some", "all")
_SCALE: Final = os.environ.get("HANGTAG_FAULTS", "small")
_FIGURE: Final = "figure"

Note = Callable[[str, str], None]


def sized(small: int, some: int, full: int) -> int:
    """Return the one of three sizes that was asked for."""
    return (small, some, full)[_SCALES.index(_SCALE)]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Note what a drill did and what came of it: `note("20 downloads", "all slots free")`."""

    def noted(fault: str, figure: str) -> None:
        request.node.user_properties.append((_FIGURE, f"| {fault} | {figure} |"))

    return noted


@pytest.fixture
def server(short_dir: Path) -> Iterator[Server]:
    """A server of the drill's own, which may be killed; no catalog is on it yet."""
    with ExitStack() as stack:
        started = Server(short_dir / "data", stack)
        started.start()
        yield started


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all drills as a table, when a size was asked for."""
    if "HANGTAG_FAULTS" not in os.environ:
        return
    rows = [
        row
        for report in terminalreporter.getreports("passed")
        for name, row in report.user_properties
        if name == _FIGURE
    ]
    terminalreporter.section("figures")
    terminalreporter.write_line("\n".join(["| fault | figure |", "| --- | --- |", *rows]))
