"""Charts as pages draw them: what is long and where it stands, so that a template only writes it.

Widths and places are percent of the chart's width, so that a chart fits wherever it stands;
heights are pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web.catalog.variants import Color, VariantTable
from web.languages import gettext, thousands

_BAR_HEIGHT: Final = 8
_ROW_HEIGHT: Final = 38
_BAR_OFFSET: Final = 19
_LABEL_OFFSET: Final = 14
_LABEL_LENGTH: Final = 34
# More than these cannot be told apart; the table has all of them.
_MOST_BARS: Final = 12
_MOST_COLORS: Final = 10
_LINE_WIDTH: Final = 300
_LINE_HEIGHT: Final = 32


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar and what it stands for.

    `kind` is "dye" for a color of the catalog, else "chart-bar". Of a dye `hex` is the color's
    value, and without one `dye` the name that the desk takes for a color.
    """

    x: str
    width: str
    text: str
    kind: str
    hex: str | None
    dye: str | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label above it, cut where it would not fit, and its count."""

    label: str
    count: int
    segments: list[Segment]
    label_y: int
    y: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars; `description` says in words what they show."""

    bars: list[Bar]
    description: str
    height: int
    bar_height: int = _BAR_HEIGHT


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line from left to right as the path of an SVG, in a view box."""

    path: str
    description: str
    width: int = _LINE_WIDTH
    height: int = _LINE_HEIGHT


def bars_of(counts: Sequence[tuple[str, int]]) -> BarChart:
    """Return a bar for each name, as long as its count beside the largest."""
    largest = max((count for _, count in counts), default=0)
    rows = [(name, count, [(None, count)] if count else []) for name, count in counts]
    return _bar_chart(rows, largest)


def bars_of_variants(variants: VariantTable) -> BarChart | None:
    """Return a bar for each size, made of the colors; None if there is nothing to show.

    Sizes without SKUs are left out, and so are those behind the largest few; of the colors all
    but the largest few are one segment.
    """
    columns = sorted(variants.columns, key=lambda column: -column.sku_count)[:_MOST_BARS]
    shown = {column.size.product_size_id for column in columns if column.sku_count}
    if not shown:
        return None
    largest_rows = sorted(variants.rows, key=lambda row: -row.sku_count)[:_MOST_COLORS]
    colors = {row.color.product_color_id for row in largest_rows}
    rows = []
    for number, column in enumerate(variants.columns):
        if column.size.product_size_id not in shown:
            continue
        parts: list[tuple[Color | None, int]] = [
            (row.color, row.cells[number].sku_count)
            for row in variants.rows
            if row.color.product_color_id in colors and row.cells[number].sku_count
        ]
        rest = column.sku_count - sum(count for _, count in parts)
        parts += [(None, rest)] if rest else []
        rows.append((column.size.product_size_name, column.sku_count, parts))
    return _bar_chart(rows, max(count for _, count, _ in rows))


def line_of(counts: Sequence[int]) -> LineChart:
    """Return the course of a count, from its least to its most; flat where it never moves."""
    least, most = min(counts), max(counts)
    room = _LINE_HEIGHT - 4
    steps = max(1, len(counts) - 1)
    points = (
        f"{number * _LINE_WIDTH / steps:.1f} "
        f"{2 + room * ((most - count) / (most - least) if most > least else 0.5):.1f}"
        for number, count in enumerate(counts)
    )
    description = gettext(
        "From %(first)s to %(last)s, at least %(least)s and at most %(most)s."
    ) % {
        "first": thousands(counts[0]),
        "last": thousands(counts[-1]),
        "least": thousands(least),
        "most": thousands(most),
    }
    return LineChart("M" + "L".join(points), description)


def _bar_chart(
    rows: Sequence[tuple[str, int, Sequence[tuple[Color | None, int]]]], largest: int
) -> BarChart:
    bars = []
    for number, (name, count, parts) in enumerate(rows):
        segments, start = [], 0
        for color, part in parts:
            segments.append(_segment(color, part, start, largest))
            start += part
        top = number * _ROW_HEIGHT
        bars.append(Bar(_cut(name), count, segments, top + _LABEL_OFFSET, top + _BAR_OFFSET))
    return BarChart(bars, _description(rows), len(rows) * _ROW_HEIGHT)


def _segment(color: Color | None, count: int, start: int, largest: int) -> Segment:
    hex_value = None if color is None else color.product_color_hex
    return Segment(
        f"{100 * start / largest:.2f}%",
        f"{100 * count / largest:.2f}%",
        thousands(count) if color is None else _part_text(color, count),
        "chart-bar" if color is None else "dye",
        hex_value,
        None if color is None or hex_value else color.product_color_name.lower(),
    )


def _description(rows: Sequence[tuple[str, int, Sequence[tuple[Color | None, int]]]]) -> str:
    """Return what the bars show: "Small: 1,204 (Blue 1,200, Black 4); Large: 7"."""
    texts = []
    for name, count, parts in rows:
        colors = ", ".join(_part_text(color, part) for color, part in parts)
        is_split = any(color is not None for color, _ in parts)
        texts.append(f"{name}: {thousands(count)}" + (f" ({colors})" if is_split else ""))
    return "; ".join(texts)


def _part_text(color: Color | None, count: int) -> str:
    if color is None:
        return gettext("others %(count)s") % {"count": thousands(count)}
    return f"{color.product_color_name} {thousands(count)}"


def _cut(name: str) -> str:
    return name if len(name) <= _LABEL_LENGTH else name[: _LABEL_LENGTH - 1].rstrip() + "…"
