"""Figures: pairs of runs, their medians, and the rows of the table.

Machines differ, and one machine differs from minute to minute. So both sides of a ratio run
within one run of the bench, taking turns, and the ratio is the median of the pairs' own ratios.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

PAIRS: Final = 5


class NotAvailableError(Exception):
    """What a row measures is missing here; the text is a sentence that says what."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. `met` is None for what could not be measured."""

    what: str
    asked: str
    measured: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Runs of two sides that took turns."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios, ours divided by theirs."""
        return median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    def seconds(self, ours: str, theirs: str) -> str:
        """Return the ratio with the medians of both sides, which are seconds."""
        return (
            f"{self.ratio:.2f} ({ours} {median(self.ours):.2f} s,"
            f" {theirs} {median(self.theirs):.2f} s, {len(self.ours)} pairs)"
        )

    def rates(self, ours: str, theirs: str) -> str:
        """Return the ratio with the medians of both sides, which are rates a second."""
        return (
            f"{self.ratio:.2f} ({ours} {median(self.ours):,.0f}/s,"
            f" {theirs} {median(self.theirs):,.0f}/s, {len(self.ours)} pairs)"
        )


def take_turns(
    ours: Callable[[], float], theirs: Callable[[], float], *, pairs: int = PAIRS, warm: bool = True
) -> Pairs:
    """Run two sides in turns, A B A B, and return what each run answers.

    Args:
        ours: runs one side and returns its figure.
        theirs: likewise the other one.
        pairs: how many turns each side has.
        warm: whether each side first runs once without being counted.
    """
    if warm:
        ours(), theirs()
    runs = [(ours(), theirs()) for _ in range(pairs)]
    return Pairs([a for a, _ in runs], [b for _, b in runs])


def milliseconds(seconds: float) -> str:
    """Return a duration as text."""
    return f"{seconds * 1000:.1f} ms"


def mebibytes(size: float) -> str:
    """Return a number of bytes as text."""
    return f"{size / 2**20:.1f} MiB"
