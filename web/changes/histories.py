"""The history: what was changed by whom and when, newest first."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from web.changes.phrases import Phrase, deed
from web.changes.tallies import tally_change_sets
from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Pool
from web.database.queries import load_queries

_QUERIES = load_queries("changes")
LIST_HISTORY = _QUERIES["list_history"]
LIST_HISTORY_OF_NOUN = _QUERIES["list_history_of_noun"]

HISTORY_ORDER: Final = Order(
    "change_set", ("changed_at", "change_set_id"), datetime, descending=True
)
# The same order by the index of the nouns: those of a noun are read without the others.
NOUN_ORDER: Final = replace(HISTORY_ORDER, table="change_set_noun")
# What a change set can change; the last stands for a bulk load.
NOUNS: Final = ("brand", "product", "color", "size", "sku", "catalog")


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which change sets: of a noun, of a person, from one day to another in UTC, of one row.

    A brand's are those of its products, too; a product's are those of its SKUs, too.
    """

    noun: str | None = None
    person: str | None = None
    since: date | None = None
    until: date | None = None
    brand_id: int | None = None
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change set in the list."""

    change_set_id: int
    changed_at: datetime
    person: str
    undoes: int | None


async def list_history(
    pool: Pool, wanted: HistoryFilter, position: Position, *, size: int
) -> tuple[Page[PastChange], list[Phrase]]:
    """Return a page of the change sets, and what each of them did in words."""
    page = await fetch_page(
        pool,
        PastChange,
        LIST_HISTORY if wanted.noun is None else LIST_HISTORY_OF_NOUN,
        HISTORY_ORDER if wanted.noun is None else NOUN_ORDER,
        position,
        size=size,
        noun=wanted.noun,
        person=wanted.person,
        since=wanted.since,
        until=wanted.until,
        brand_id=wanted.brand_id,
        product_id=wanted.product_id,
    )
    tallies = await tally_change_sets(pool, [row.change_set_id for row in page.rows])
    return page, [deed(tallies.get(row.change_set_id, []), row.undoes) for row in page.rows]
