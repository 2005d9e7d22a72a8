"""Deletes of brands, products, colors and sizes: one way for all of them.

A brand goes with its products and SKUs, a product with its SKUs, all in one transaction
and after the person has confirmed how many they are. A color or a size that SKUs come in
stays.
"""

from dataclasses import dataclass

from web.catalog.edits import (
    BRAND,
    COLOR,
    PRODUCT,
    SIZE,
    Editable,
    EditableRow,
    NoSuchRowError,
    lock_row,
    original_of,
)
from web.changes.merging import Fields
from web.database.pool import Connection, execute, fetch
from web.database.queries import Query, load_queries

_QUERIES = load_queries("deletes")


@dataclass(frozen=True, slots=True)
class Dependents:
    """How many products and SKUs belong to a row."""

    products: int
    skus: int

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.products or self.skus)


class AskFirstError(Exception):
    """Nothing was deleted yet: more would go, or something else, than the person has confirmed.

    `row` and `dependents` are what would go now. `original` is the row at the version that was
    to be deleted, when that is over and known.
    """

    def __init__(
        self, row: EditableRow, dependents: Dependents, original: Fields | None = None
    ) -> None:
        super().__init__(f"{dependents.products} products, {dependents.skus} SKUs")
        self.row = row
        self.dependents = dependents
        self.original = original


class InUseError(Exception):
    """Nothing was deleted: SKUs come in this color or size."""

    def __init__(self, row: EditableRow, skus: int) -> None:
        super().__init__(f"{skus} SKUs")
        self.row = row
        self.skus = skus


@dataclass(frozen=True, slots=True)
class Deletable:
    """How the rows of a noun are deleted.

    `deletes` are in the order that the references among the tables ask for. `lock` keeps its
    products from changing meanwhile, where it has some. What `takes_along` its dependents is
    deleted with them; what does not, only when there are none.
    """

    editable: Editable
    count: Query
    deletes: tuple[Query, ...]
    lock: Query | None = None
    takes_along: bool = False


DELETE_BRAND = Deletable(
    BRAND,
    _QUERIES["count_of_brand"],
    (
        _QUERIES["delete_skus_of_brand"],
        _QUERIES["delete_products_of_brand"],
        _QUERIES["delete_brand"],
    ),
    lock=_QUERIES["lock_products_of_brand"],
    takes_along=True,
)
DELETE_PRODUCT = Deletable(
    PRODUCT,
    _QUERIES["count_of_product"],
    (_QUERIES["delete_skus_of_product"], _QUERIES["delete_product"]),
    takes_along=True,
)
DELETE_COLOR = Deletable(COLOR, _QUERIES["count_of_color"], (_QUERIES["delete_color"],))
DELETE_SIZE = Deletable(SIZE, _QUERIES["count_of_size"], (_QUERIES["delete_size"],))
DELETABLES = (DELETE_BRAND, DELETE_PRODUCT, DELETE_COLOR, DELETE_SIZE)


async def delete(
    connection: Connection,
    deletable: Deletable,
    row_id: int,
    version: int,
    confirmed: Dependents | None,
    seconds: float,
) -> None:
    """Delete a row, and what belongs to it if that is what was confirmed.

    Args:
        connection: in the transaction of the write.
        deletable: the noun.
        row_id: which row.
        version: the version that the person saw.
        confirmed: how much the person was told would go with it; None if not told yet.
        seconds: how long each statement that deletes may run.

    Raises:
        NoSuchRowError: nobody has the id (any more).
        AskFirstError: the row was changed since, or what goes with it is not what was confirmed.
        InUseError: SKUs come in the color or size.
    """
    editable = deletable.editable
    row = await lock_row(connection, editable, row_id)
    if row is None:
        raise NoSuchRowError
    if deletable.lock is not None:
        await execute(connection, deletable.lock, row_id=row_id)
    # The row and its products are locked: who would add to them refers to them, and waits.
    dependents = Dependents(*(await fetch(connection, deletable.count, row_id=row_id))[0])
    if dependents and not deletable.takes_along:
        raise InUseError(row, dependents.skus)
    if row.version != version:
        original = await original_of(connection, editable, row_id, version)
        raise AskFirstError(row, dependents, original)
    if dependents != (confirmed or Dependents(0, 0)):
        raise AskFirstError(row, dependents)
    for query in deletable.deletes:
        await execute(connection, query, seconds, row_id=row_id)
