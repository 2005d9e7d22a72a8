"""What change sets did, in numbers: how many rows of each noun they created, changed, deleted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

TALLY_ENTRIES = load_queries("changes")["tally_entries"]

# In a list the entries of a noun are counted up to here.
COUNT_EXACT: Final = 10_000
# On the page of one change set all of them are.
_ALL: Final = 2**62


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a noun a change set created, changed or deleted (`kind`).

    The names are those of the first row before and after, `product_name` is that of the
    product that all SKUs are of. Of a bulk load, noun "catalog", the last three are the
    rows that came.
    """

    change_set_id: int
    noun: str
    kind: str
    entry_count: int
    old_name: str | None
    new_name: str | None
    product_name: str | None
    brands: int | None
    products: int | None
    skus: int | None


async def tally_change_sets(pool: Pool, change_set_ids: Sequence[int]) -> Mapping[int, list[Tally]]:
    """Return what each change set did; one that did nothing is not among them.

    Of each noun `COUNT_EXACT` entries are counted, and one more if there are more.
    """
    tallies: dict[int, list[Tally]] = defaultdict(list)
    for tally in await _tally(pool, change_set_ids, most=COUNT_EXACT + 1):
        tallies[tally.change_set_id].append(tally)
    return tallies


async def tally_change_set(pool: Pool, change_set_id: int) -> list[Tally]:
    """Return what one change set did, with all of its entries counted."""
    return await _tally(pool, [change_set_id], most=_ALL)


async def _tally(pool: Pool, change_set_ids: Sequence[int], *, most: int) -> list[Tally]:
    return await fetch_rows(
        pool, Tally, TALLY_ENTRIES, change_set_ids=list(change_set_ids), most=most
    )
