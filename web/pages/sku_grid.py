"""The grid that says how many SKUs of each color and size to add: what of it is a number, what not.

A cell is the field `skus_<color id>_<size id>`; a blank one is 0.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from web.catalog.names import trimmed
from web.catalog.skus import SkuAddition
from web.catalog.variants import MOST_CELLS, Color
from web.inputs import without_nul
from web.languages import gettext, ngettext, thousands
from web.pages.mishaps import Mishap

MOST_OF_A_CELL: Final = 1_000
MOST_OF_A_GRID: Final = 10_000
# The cells, and room for the other fields of their form.
MOST_GRID_FIELDS: Final = MOST_CELLS + 100

_PREFIX: Final = "skus_"
# No id of a color or a size is above 32,767: they are smallint.
_MAX_SMALL_ID: Final = 2**15 - 1
_CELL = re.compile(r"skus_([1-9][0-9]{0,4})_([1-9][0-9]{0,4})")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SHOWN: Final = 40

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SkuGrid:
    """A grid as it was sent: what was typed into its cells, and what stands against it.

    Cells are named by the ids of their color and size. Only cells that are not blank count.
    """

    typed: Mapping[Cell, str] = field(default_factory=dict)
    problems: Mapping[Cell, str] = field(default_factory=dict)
    problem: str | None = None

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "SkuGrid":
        """Read the cells among the fields of a form; the others are passed over."""
        typed: dict[Cell, str] = {}
        problems: dict[Cell, str] = {}
        stray: str | None = None
        for name, value in fields.items():
            if not name.startswith(_PREFIX) or not trimmed(value):
                continue
            cell = _cell(name)
            if cell is None:
                stray = stray or name
                continue
            typed[cell] = value
            if _count(value) is None:
                problems[cell] = gettext("It is no whole number from 0 to %(most)s.") % {
                    "most": thousands(MOST_OF_A_CELL)
                }
        return cls(typed, problems, _problem(typed, problems, stray))

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against it."""
        return self.problem is None

    @property
    def additions(self) -> list[SkuAddition]:
        """The SKUs to add, by color and size; cells that hold no number are passed over."""
        return [
            SkuAddition(*cell, count)
            for cell, text in sorted(self.typed.items())
            if (count := _count(text))
        ]

    @property
    def total(self) -> int:
        """How many SKUs these are."""
        return sum(addition.sku_count for addition in self.additions)

    def shown(self, color_id: int, size_id: int) -> str:
        """Return what was typed into a cell, as a page can hold it."""
        return without_nul(self.typed.get((color_id, size_id), ""))

    def cell_problem(self, color_id: int, size_id: int) -> str | None:
        """Return what stands against a cell."""
        return self.problems.get((color_id, size_id))


def variant_gone() -> Mishap:
    """Return why nothing was saved when somebody deleted a color or a size of the grid."""
    return Mishap(
        409,
        gettext(
            "A color or a size is gone: somebody deleted it. The grid shows those that are there."
        ),
    )


def colors_shown(colors: Sequence[Color], size_count: int) -> Sequence[Color]:
    """Return the colors that a grid of so many sizes has room for."""
    return colors[: MOST_CELLS // max(size_count, 1)]


def _cell(name: str) -> Cell | None:
    match = _CELL.fullmatch(name)
    if match is None:
        return None
    cell = int(match[1]), int(match[2])
    return cell if max(cell) <= _MAX_SMALL_ID else None


def _count(text: str) -> int | None:
    number = trimmed(text)
    if not _NUMBER.fullmatch(number) or int(number) > MOST_OF_A_CELL:
        return None
    return int(number)


def _problem(
    typed: Mapping[Cell, str], problems: Mapping[Cell, str], stray: str | None
) -> str | None:
    """Return what is wrong with a grid as a sentence, or None if nothing is."""
    if stray is not None:
        shown = without_nul(stray[:_SHOWN])
        return gettext("The field “%(name)s” is no color and size that could be.") % {"name": shown}
    if problems:
        return ngettext(
            "One field of the grid is no whole number from 0 to %(most)s.",
            "Fields of the grid are no whole number from 0 to %(most)s.",
            len(problems),
        ) % {"most": thousands(MOST_OF_A_CELL)}
    total = sum(_count(text) or 0 for text in typed.values())
    if total > MOST_OF_A_GRID:
        return gettext("These are %(count)s SKUs; at most %(most)s can be added at once.") % {
            "count": thousands(total),
            "most": thousands(MOST_OF_A_GRID),
        }
    return None
