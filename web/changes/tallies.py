"""What change sets did, in numbers: how many rows of each noun they created, changed, deleted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

TALLY_CHANGE_SETS = load_queries("changes")["tally_change_sets"]


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
    """Return what each change set did; one that did nothing is not among them."""
    tallies: dict[int, list[Tally]] = defaultdict(list)
    for tally in await fetch_rows(
        pool, Tally, TALLY_CHANGE_SETS, change_set_ids=list(change_set_ids)
    ):
        tallies[tally.change_set_id].append(tally)
    return tallies


async def tally_change_set(pool: Pool, change_set_id: int) -> list[Tally]:
    """Return what one change set did."""
    return (await tally_change_sets(pool, [change_set_id])).get(change_set_id, [])
