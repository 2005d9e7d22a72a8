"""What drills have measured, beside what is meant: a table at the end of the run.

No test asserts on the clock, since a busy machine is no defect. A figure that misses its limit is
said plainly all the same. The rows travel with the reports of their tests, from the processes of
pytest-xdist too; `tests/conftest.py` loads this, so that it is there where the table is printed.
"""

from typing import Final, Protocol

import pytest

_FIGURE: Final = "figure"
_HEAD: Final = ("| fault | must | figure | met |", "| --- | --- | --- | --- |")


class Note(Protocol):
    """Notes what was done, what came of it, what must come of it, and whether it did."""

    def __call__(self, fault: str, figure: str, *, limit: str, met: bool = True) -> None:
        """Add a row: `note("20 downloads", "free after 0.3 s", limit="1 s", met=waited <= 1.0)`.

        What a drill asserts is met when it gets as far as this: `met` is for times.
        """


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Note a figure for the table."""

    def noted(fault: str, figure: str, *, limit: str, met: bool = True) -> None:
        row = f"| {fault} | {limit} | {figure} | {'yes' if met else '**met: no**'} |"
        request.node.user_properties.append((_FIGURE, row))

    return noted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all drills as a table."""
    rows = [
        row
        for report in terminalreporter.getreports("passed")
        for name, row in report.user_properties
        if name == _FIGURE
    ]
    if rows:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join([*_HEAD, *rows]))
