"""The drills: each breaks something, asserts what must hold, and notes a figure.

Their sizes come from HANGTAG_FAULTS: `small` with all other tests, `some` for about five minutes
(`make faults`, and .ci/run with all other tests), `all` for the sizes that are meant in the end
(`make faults-full`). What is asserted does not depend on the clock; how long things took is noted
beside what is meant, and printed at the end as a table (tests/figures.py).
"""

import os
from collections.abc import Iterator
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


def sized(small: int, some: int, full: int) -> int:
    """Return the one of three sizes that was asked for."""
    return (small, some, full)[_SCALES.index(_SCALE)]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each drill the time that its size takes on a machine that does other things."""
    item.add_marker(pytest.mark.timeout(sized(120, 600, 3600)))


@pytest.fixture
def server(short_dir: Path) -> Iterator[Server]:
    """A server of the drill's own, which may be killed; no catalog is on it yet."""
    with ExitStack() as stack:
        started = Server(short_dir / "data", stack)
        started.start()
        yield started
