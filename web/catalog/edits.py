"""Edits of brands, products, colors and sizes: one way for all of them.

An edit says which version of a row it began from. If that is still the row's, it is
saved. If not, what both people changed since is merged, and only where both changed
the same field to different values is nothing saved and a person asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from web.changes.merging import Fields, GoneError, image_at, merge
from web.database.pool import Connection, Pool, execute, fetch, fetch_row, fetch_rows
from web.database.queries import Query, load_queries

_QUERIES = load_queries("edits")
NAME_BRANDS = _QUERIES["name_brands"]
FIND_DELETION = _QUERIES["find_deletion"]


class NoSuchRowError(Exception):
    """Nobody has the id, nor was there ever a row of that id and version."""


class DuplicateNameError(Exception):
    """Another row of the noun has the name; nothing was saved."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnknownBrandError(Exception):
    """A product was to move to a brand that nobody has; nothing was saved."""


@dataclass(frozen=True, slots=True)
class Editable:
    """What of a noun can be edited, and the queries that do it.

    `fields` are columns, the name first. Where names are unique, `find` is the query for the
    row that has one, and `name_key` the index that decides.
    """

    noun: str
    fields: tuple[str, ...]
    get: Query
    update: Query
    find: Query | None = None
    name_key: str | None = None


BRAND = Editable(
    "brand",
    ("brand_name",),
    _QUERIES["get_brand"],
    _QUERIES["update_brand"],
    _QUERIES["find_brand"],
    "brand_name_key",
)
PRODUCT = Editable(
    "product",
    ("product_name", "brand_id"),
    _QUERIES["get_product"],
    _QUERIES["update_product"],
)
COLOR = Editable(
    "color",
    ("product_color_name", "product_color_hex"),
    _QUERIES["get_color"],
    _QUERIES["update_color"],
    _QUERIES["find_color"],
    "product_color_name_key",
)
SIZE = Editable(
    "size",
    ("product_size_name",),
    _QUERIES["get_size"],
    _QUERIES["update_size"],
    _QUERIES["find_size"],
    "product_size_name_key",
)
EDITABLES = (BRAND, PRODUCT, COLOR, SIZE)


@dataclass(frozen=True, slots=True)
class EditableRow:
    """A row as it is now: its version, and what of it can be edited, as a form has it."""

    version: int
    fields: Fields

    @property
    def name(self) -> str:
        """The row's name: the first of its fields."""
        return next(iter(self.fields.values()))


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row by its id and name."""

    row_id: int
    row_name: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What came of an edit: whether it changed the row, and whether it kept another's change."""

    is_change: bool
    is_merged: bool


async def get_row(pool: Pool, editable: Editable, row_id: int) -> EditableRow | None:
    """Return what of a row can be edited, or None if nobody has the id."""
    async with pool.acquire() as connection:
        return _row(editable, await fetch(connection, editable.get, row_id=row_id))


async def lock_row(connection: Connection, editable: Editable, row_id: int) -> EditableRow | None:
    """Return a row, which nobody else changes until the transaction ends; None if it is not."""
    return _row(editable, await fetch(connection, editable.get, row_id=row_id, locked=True))


async def original_of(
    connection: Connection, editable: Editable, row_id: int, version: int
) -> Fields | None:
    """Return what a row held at a version that is over; None if nobody knows."""
    image = await image_at(connection, editable.noun, row_id, version)
    if image is None:
        return None
    values = {field: image.get(field) for field in editable.fields}
    return {field: "" if value is None else str(value) for field, value in values.items()}


async def save_edit(
    connection: Connection, editable: Editable, row_id: int, version: int, yours: Fields
) -> Edit:
    """Save an edit that began from `version`, merged with what others saved since.

    Args:
        connection: in the transaction of the write.
        editable: the noun.
        row_id: which row.
        version: the version that the edit began from.
        yours: the fields as they are to be; one that is not given stays as it is.

    Raises:
        NoSuchRowError: nobody has the id.
        GoneError: somebody deleted the row since.
        StaleVersionError: somebody changed the same field to another value since.
        DuplicateNameError: another row has the name.
        UnknownBrandError: nobody has the brand's number.
    """
    row = await lock_row(connection, editable, row_id)
    if row is None:
        if await original_of(connection, editable, row_id, version) is None:
            raise NoSuchRowError
        raise GoneError
    merged = yours
    if version != row.version:
        original = await original_of(connection, editable, row_id, version)
        merged = merge(original, row.fields, yours, version=row.version)
    after = {**row.fields, **merged}
    if after == row.fields:
        return Edit(is_change=False, is_merged=False)
    try:
        await execute(connection, editable.update, row_id=row_id, **after)
    except asyncpg.UniqueViolationError as error:
        if editable.name_key is None or error.constraint_name != editable.name_key:
            raise
        raise DuplicateNameError(after[editable.fields[0]]) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise UnknownBrandError from error
    return Edit(is_change=True, is_merged=merged != yours)


async def find_named(pool: Pool, editable: Editable, name: str) -> NamedRow | None:
    """Return the row that has a name, or None; for explaining, never for deciding."""
    if editable.find is None:
        return None
    return await fetch_row(pool, NamedRow, editable.find, name=name)


async def name_brands(pool: Pool, brand_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the names of those brands that there are, by their ids."""
    rows = await fetch_rows(pool, NamedRow, NAME_BRANDS, brand_ids=list(brand_ids))
    return {row.row_id: row.row_name for row in rows}


async def find_deletion(pool: Pool, editable: Editable, row_id: int) -> int | None:
    """Return the change set that deleted a row last, or None if none did."""
    return await fetch_row(pool, int, FIND_DELETION, noun=editable.noun, row_id=row_id)


def _row(editable: Editable, rows: Sequence[asyncpg.Record]) -> EditableRow | None:
    if not rows:
        return None
    return EditableRow(rows[0]["version"], {field: rows[0][field] for field in editable.fields})
