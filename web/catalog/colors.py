"""Colors: the small table of them, and creating one."""

import re
from dataclasses import dataclass

import asyncpg

from web.catalog.variants import Color
from web.database.pool import Connection, Pool, fetch, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("colors")
LIST_COUNTED_COLORS = _QUERIES["list_counted_colors"]
INSERT_COLOR = _QUERIES["insert_color"]
GET_COLOR_NAMED = _QUERIES["get_color_named"]

_HEX = re.compile(r"#(?:[0-9a-f]{3}){1,2}", re.IGNORECASE)


class DuplicateColorError(Exception):
    """A color of the same name exists already; nothing was saved."""


class NoMoreColorsError(Exception):
    """All numbers that a color can have are used up (smallint); nothing was saved."""


@dataclass(frozen=True, slots=True)
class CountedColor:
    """A color with the number of its SKUs."""

    product_color_id: int
    product_color_name: str
    product_color_hex: str | None
    version: int
    sku_count: int


def normal_hex(typed: str) -> str | None:
    """Return a hex value as "#0b5c56", also for "#0B5C56" and "#abc"; None if it is none."""
    if not _HEX.fullmatch(typed):
        return None
    digits = typed[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


async def list_counted_colors(pool: Pool) -> list[CountedColor]:
    """Return all colors with their counts, in the order they came."""
    return await fetch_rows(pool, CountedColor, LIST_COUNTED_COLORS)


async def create_color(connection: Connection, name: str, hex_value: str | None) -> int:
    """Create a color and return its id.

    Args:
        connection: in a transaction, which after an error can only be rolled back.
        name: a name that `name_problem` has nothing against.
        hex_value: the color of its swatch, as `normal_hex` returns it.

    Raises:
        DuplicateColorError: a color of the same name exists.
        NoMoreColorsError: there is no number left for it.
    """
    try:
        rows = await fetch(
            connection,
            INSERT_COLOR,
            product_color_name=name,
            product_color_hex=hex_value or "",
        )
    except asyncpg.SequenceGeneratorLimitExceededError as error:
        raise NoMoreColorsError from error
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "product_color_name_key":
            raise
        raise DuplicateColorError from error
    if not rows:
        raise DuplicateColorError
    return int(rows[0]["product_color_id"])


async def get_color_named(pool: Pool, name: str) -> Color | None:
    """Return the color that has a name, however it is written; None if none has."""
    return await fetch_row(pool, Color, GET_COLOR_NAMED, product_color_name=name)
