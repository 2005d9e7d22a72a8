"""Brands: looking them up, and creating them all or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from web.catalog.names import name_problem
from web.catalog.searches import SEARCH_COUNT_LIMIT
from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Connection, Pool, fetch, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("brands")
LIST_BRANDS = _QUERIES["list_brands"]
GET_BRAND = _QUERIES["get_brand"]
COUNT_BRANDS = _QUERIES["count_brands"]
COUNT_FOUND_BRANDS = _QUERIES["count_found_brands"]
INSERT_BRANDS = _QUERIES["insert_brands"]
COMPARE_BRAND_LINES = _QUERIES["compare_brand_lines"]
BRAND_BLOCKS = _QUERIES["csv_blocks"]

BRAND_SORTS = {
    "name": Order("brand", ("brand_name_folded", "brand_id"), str),
    "newest": Order("brand", ("created_at", "brand_id"), datetime, descending=True),
    "changed": Order("brand", ("changed_at", "brand_id"), datetime, descending=True),
    "skus": Order("brand_count", ("sku_count", "brand_id"), int, descending=True),
}


class DuplicateBrandError(Exception):
    """A brand of the same name exists already; nothing was saved."""


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand with the number of its products and SKUs."""

    brand_id: int
    brand_name: str
    brand_name_folded: str
    created_at: datetime
    changed_at: datetime
    product_count: int
    sku_count: int


@dataclass(frozen=True, slots=True)
class BrandLine:
    """A line of the brand form: one name, and its number among the lines typed, from 1."""

    number: int
    brand_name: str


@dataclass(frozen=True, slots=True)
class LineFinding:
    """What stands against a line of the brand form; nothing does if all are None.

    `problem` says why the name cannot be a name, `repeats` is the number of the
    earlier line with the same name, `existing_id` and `existing_name` are the
    brand that has the name already.
    """

    line: BrandLine
    problem: str | None = None
    repeats: int | None = None
    existing_id: int | None = None
    existing_name: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against the line."""
        return self.problem is None and self.repeats is None and self.existing_id is None


@dataclass(frozen=True, slots=True)
class _ComparedLine:
    number: int
    first_number: int
    brand_id: int | None
    brand_name: str | None


async def list_brands(
    pool: Pool, order: Order, position: Position, *, size: int, q: str | None = None
) -> Page[Brand]:
    """Return a page of the brands, of those whose name contains `q` if it is given."""
    return await fetch_page(pool, Brand, LIST_BRANDS, order, position, size=size, q=q)


async def count_brands(pool: Pool, *, q: str | None = None) -> int:
    """Return how many brands there are; of a search at most `SEARCH_COUNT_LIMIT`."""
    if q is None:
        return await fetch_count(pool, COUNT_BRANDS)
    return await fetch_count(pool, COUNT_FOUND_BRANDS, q=q, most=SEARCH_COUNT_LIMIT)


async def get_brand(pool: Pool, brand_id: int | None) -> Brand | None:
    """Return one brand, or None if nobody has the id or none is given."""
    if brand_id is None:
        return None
    return await fetch_row(pool, Brand, GET_BRAND, brand_id=brand_id)


async def create_brands(connection: Connection, lines: Sequence[BrandLine]) -> list[int]:
    """Create a brand for each line, in one statement, and return their ids in order.

    Raises:
        DuplicateBrandError: a name exists already or is given twice; the transaction
            that `connection` is in can only be rolled back.
    """
    try:
        rows = await fetch(
            connection, INSERT_BRANDS, brand_names=[line.brand_name for line in lines]
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "brand_name_key":
            raise
        raise DuplicateBrandError from error
    return sorted(row["brand_id"] for row in rows)


async def examine_lines(pool: Pool, lines: Sequence[BrandLine]) -> list[LineFinding]:
    """Say of each line what stands against it. For explaining, never for deciding."""
    problems = {line.number: name_problem(line.brand_name) for line in lines}
    good = [line for line in lines if problems[line.number] is None]
    compared = {
        row.number: row
        for row in await fetch_rows(
            pool,
            _ComparedLine,
            COMPARE_BRAND_LINES,
            numbers=[line.number for line in good],
            brand_names=[line.brand_name for line in good],
        )
    }
    return [_finding(line, problems[line.number], compared.get(line.number)) for line in lines]


def _finding(line: BrandLine, problem: str | None, compared: _ComparedLine | None) -> LineFinding:
    if compared is None:
        return LineFinding(line, problem=problem)
    if compared.brand_id is not None:
        return LineFinding(line, existing_id=compared.brand_id, existing_name=compared.brand_name)
    if compared.first_number != compared.number:
        return LineFinding(line, repeats=compared.first_number)
    return LineFinding(line)
