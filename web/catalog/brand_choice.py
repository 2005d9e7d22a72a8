"""Which brand somebody means who types a name or a number: with 100,000 brands nobody scrolls."""

from dataclasses import dataclass

from web.database.pool import Connection, Pool, fetch, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("brand_choice")
BRANDS_MEANT = _QUERIES["brands_meant"]
BRANDS_LIKE = _QUERIES["brands_like"]


class UnclearBrandError(Exception):
    """What was typed is the name or number of no brand, or of two; nothing was saved."""


@dataclass(frozen=True, slots=True)
class BrandChoice:
    """A brand that somebody may mean."""

    brand_id: int
    brand_name: str


@dataclass(frozen=True, slots=True)
class BrandChoices:
    """The brands that somebody may mean.

    `are_exact` says that they have that name or that number: one, or one of the name and
    another one of the number. Otherwise their names are like it, and `is_cut` says that
    there are more of them.
    """

    brands: list[BrandChoice]
    are_exact: bool
    is_cut: bool = False


async def find_brand(connection: Connection, typed: str, number: int | None) -> int:
    """Return the id of the brand whose name is `typed`, or whose id is `number`.

    Raises:
        UnclearBrandError: there is none, or one of the name and another one of the number.
    """
    rows = await fetch(connection, BRANDS_MEANT, typed=typed, brand_id=number)
    if len(rows) != 1:
        raise UnclearBrandError(typed)
    return int(rows[0]["brand_id"])


async def choose_brand(pool: Pool, typed: str, number: int | None, *, most: int) -> BrandChoices:
    """Return the brands that are meant, or else up to `most` whose name is like what was typed."""
    meant = await fetch_rows(pool, BrandChoice, BRANDS_MEANT, typed=typed, brand_id=number)
    if meant:
        return BrandChoices(meant, are_exact=True)
    like = await fetch_rows(pool, BrandChoice, BRANDS_LIKE, typed=typed, most=most + 1)
    return BrandChoices(like[:most], are_exact=False, is_cut=len(like) > most)
