"""Colors, sizes, and how many SKUs there are of each combination."""

from collections.abc import Sequence
from dataclasses import dataclass

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("variants")
VARIANTS_OF_PRODUCT = _QUERIES["variants_of_product"]
VARIANTS_OF_BRAND = _QUERIES["variants_of_brand"]
LIST_COLORS = _QUERIES["list_colors"]
LIST_SIZES = _QUERIES["list_sizes"]


@dataclass(frozen=True, slots=True)
class Color:
    """A color that a product comes in."""

    product_color_id: int
    product_color_name: str


@dataclass(frozen=True, slots=True)
class Size:
    """A size that a product comes in."""

    product_size_id: int
    product_size_name: str


@dataclass(frozen=True, slots=True)
class VariantCount:
    """The number of SKUs of one color and size."""

    product_color_id: int
    product_color_name: str
    product_size_id: int
    product_size_name: str
    sku_count: int


@dataclass(frozen=True, slots=True)
class VariantTable:
    """SKU counts as a table: a row a color, a column a size, and the sums of both."""

    colors: list[Color]
    sizes: list[Size]
    counts: dict[tuple[int, int], int]

    @classmethod
    def from_counts(cls, counts: Sequence[VariantCount]) -> "VariantTable":
        """Make the table from one count for each combination of color and size."""
        return cls(
            colors=list(
                dict.fromkeys(Color(c.product_color_id, c.product_color_name) for c in counts)
            ),
            sizes=list(dict.fromkeys(Size(c.product_size_id, c.product_size_name) for c in counts)),
            counts={(c.product_color_id, c.product_size_id): c.sku_count for c in counts},
        )

    def count(self, color: Color, size: Size) -> int:
        """Return the number of SKUs of a color and a size."""
        return self.counts[color.product_color_id, size.product_size_id]

    def color_total(self, color: Color) -> int:
        """Return the number of SKUs of a color."""
        return sum(self.count(color, size) for size in self.sizes)

    def size_total(self, size: Size) -> int:
        """Return the number of SKUs of a size."""
        return sum(self.count(color, size) for color in self.colors)

    @property
    def total(self) -> int:
        """The number of all SKUs in the table."""
        return sum(self.counts.values())


async def variants_of_product(pool: Pool, product_id: int) -> VariantTable:
    """Return a product's SKU counts by color and size."""
    counts = await fetch_rows(pool, VariantCount, VARIANTS_OF_PRODUCT, product_id=product_id)
    return VariantTable.from_counts(counts)


async def variants_of_brand(pool: Pool, brand_id: int) -> VariantTable:
    """Return a brand's SKU counts by color and size."""
    counts = await fetch_rows(pool, VariantCount, VARIANTS_OF_BRAND, brand_id=brand_id)
    return VariantTable.from_counts(counts)


async def list_colors(pool: Pool) -> list[Color]:
    """Return all colors."""
    return await fetch_rows(pool, Color, LIST_COLORS)


async def list_sizes(pool: Pool) -> list[Size]:
    """Return all sizes."""
    return await fetch_rows(pool, Size, LIST_SIZES)
