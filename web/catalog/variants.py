"""Colors, sizes, and how many SKUs there are of each combination."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("variants")
VARIANTS_OF_PRODUCT = _QUERIES["variants_of_product"]
VARIANTS_OF_BRAND = _QUERIES["variants_of_brand"]
LIST_COLORS = _QUERIES["list_colors"]
LIST_SIZES = _QUERIES["list_sizes"]

# A table of more cells is no help to anybody, nor is a form of them.
MOST_CELLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Color:
    """A color that a product comes in; `product_color_hex` is its swatch's, as "#0b5c56"."""

    product_color_id: int
    product_color_name: str
    product_color_hex: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """A size that a product comes in."""

    product_size_id: int
    product_size_name: str


@dataclass(frozen=True, slots=True)
class VariantCount:
    """The number of SKUs of one color and size; `color_count` is of all colors that there are."""

    product_color_id: int
    product_color_name: str
    product_color_hex: str | None
    product_size_id: int
    product_size_name: str
    sku_count: int
    color_count: int = 0


@dataclass(frozen=True, slots=True)
class ColorRow:
    """A row of the table: a color's counts, one for each size, and their sum."""

    color: Color
    cells: list[VariantCount]
    sku_count: int


@dataclass(frozen=True, slots=True)
class SizeColumn:
    """The head and the foot of a column of the table: a size, and the sum of its counts."""

    size: Size
    sku_count: int


@dataclass(frozen=True, slots=True)
class VariantTable:
    """SKU counts as a table: a row a color, a column a size, and the sums of both.

    Of very many colors not all have a row; `color_count` counts them all.
    """

    rows: list[ColorRow]
    columns: list[SizeColumn]
    sku_count: int
    color_count: int

    @property
    def colors(self) -> list[Color]:
        """The colors, a row each."""
        return [row.color for row in self.rows]

    @property
    def sizes(self) -> list[Size]:
        """The sizes, a column each."""
        return [column.size for column in self.columns]

    @classmethod
    def from_counts(cls, counts: Sequence[VariantCount]) -> "VariantTable":
        """Make the table from one count for each cell, in order of color and size."""
        rows = []
        for _, group in groupby(counts, key=attrgetter("product_color_id")):
            cells = list(group)
            first = cells[0]
            color = Color(first.product_color_id, first.product_color_name, first.product_color_hex)
            rows.append(ColorRow(color, cells, sum(cell.sku_count for cell in cells)))
        columns = [
            SizeColumn(
                Size(cells_of_size[0].product_size_id, cells_of_size[0].product_size_name),
                sum(cell.sku_count for cell in cells_of_size),
            )
            for cells_of_size in zip(*(row.cells for row in rows), strict=True)
        ]
        color_count = counts[0].color_count if counts else 0
        return cls(rows, columns, sum(row.sku_count for row in rows), color_count)


async def variants_of_product(pool: Pool, product_id: int) -> VariantTable:
    """Return a product's SKU counts by color and size."""
    counts = await fetch_rows(
        pool, VariantCount, VARIANTS_OF_PRODUCT, product_id=product_id, most_cells=MOST_CELLS
    )
    return VariantTable.from_counts(counts)


async def variants_of_brand(pool: Pool, brand_id: int) -> VariantTable:
    """Return a brand's SKU counts by color and size."""
    counts = await fetch_rows(
        pool, VariantCount, VARIANTS_OF_BRAND, brand_id=brand_id, most_cells=MOST_CELLS
    )
    return VariantTable.from_counts(counts)


async def list_colors(pool: Pool) -> list[Color]:
    """Return all colors."""
    return await fetch_rows(pool, Color, LIST_COLORS)


async def list_sizes(pool: Pool) -> list[Size]:
    """Return all sizes."""
    return await fetch_rows(pool, Size, LIST_SIZES)
