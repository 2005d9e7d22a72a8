"""The lines of the brand form: a brand for each line, for all of them or for those that can be.

Whether a name is new is decided by a unique index and nothing else. What is read
before an insert only spares savepoints, and what is read after it only explains.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import asyncpg

from web.catalog.names import name_problem
from web.database.errors import REFUSALS
from web.database.pool import Connection, Pool, fetch
from web.database.queries import load_queries
from web.database.transactions import savepoint

_QUERIES = load_queries("brands")
INSERT_BRANDS = _QUERIES["insert_brands"]
COMPARE_BRAND_LINES = _QUERIES["compare_brand_lines"]


class DuplicateBrandError(Exception):
    """A brand of the same name exists already; nothing was saved."""


@dataclass(frozen=True, slots=True)
class BrandLine:
    """A line of the brand form: one name, and its number among the lines typed, from 1."""

    number: int
    brand_name: str


@dataclass(frozen=True, slots=True)
class LineFinding:
    """What came of a line of the brand form, or would come of it.

    `problem` says why the name cannot be a name, `repeats` is the number of the earlier
    line with the same name, `existing_id` and `existing_name` are the brand that has the
    name already, `is_refused` says that the database took the line for no reason that is
    one of these. Nothing stands against a line without them. `created_id` is its brand.
    """

    line: BrandLine
    problem: str | None = None
    repeats: int | None = None
    existing_id: int | None = None
    existing_name: str | None = None
    is_refused: bool = False
    created_id: int | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against the line."""
        return not (self.problem or self.repeats or self.existing_id or self.is_refused)


@dataclass(frozen=True, slots=True)
class _ComparedLine:
    number: int
    first_number: int
    brand_id: int | None
    brand_name: str | None


def check_names(lines: Sequence[BrandLine]) -> list[LineFinding]:
    """Say of each line whether its name can be one: what is known without the catalog."""
    return [LineFinding(line, problem=name_problem(line.brand_name)) for line in lines]


async def compare_lines(
    connection: Connection, findings: Sequence[LineFinding]
) -> list[LineFinding]:
    """Say also which lines repeat others or brands that exist; those with a problem stay.

    They come in order of their folded names, those with a problem last: who inserts in
    this order waits for others who do, and never deadlocks with them.
    """
    possible = {finding.line.number: finding.line for finding in findings if not finding.problem}
    rows = await fetch(
        connection,
        COMPARE_BRAND_LINES,
        numbers=list(possible),
        brand_names=[line.brand_name for line in possible.values()],
    )
    compared = [_ComparedLine(*row) for row in rows]
    return [
        *(_finding(possible[row.number], row) for row in compared),
        *(finding for finding in findings if finding.problem),
    ]


async def examine_lines(pool: Pool, findings: Sequence[LineFinding]) -> list[LineFinding]:
    """Say of each line what stands against it. For explaining, never for deciding."""
    async with pool.acquire() as connection:
        compared = await compare_lines(connection, findings)
    return sorted(compared, key=lambda finding: finding.line.number)


async def create_brands(connection: Connection, lines: Sequence[BrandLine]) -> list[int]:
    """Create a brand for each line, in one statement, and return their ids in order.

    Raises:
        DuplicateBrandError: a name exists already or is given twice; the transaction or
            the savepoint that `connection` is in can only be rolled back.
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


async def create_new_brands(
    connection: Connection, findings: Sequence[LineFinding]
) -> list[LineFinding]:
    """Create a brand for each line that can be one, and say of each line what came of it.

    Args:
        connection: in a transaction.
        findings: what `check_names` said; the lines with a problem stay out of the database.
    """
    compared = await compare_lines(connection, findings)
    fresh = [finding.line for finding in compared if finding.is_good]
    created = await create_those_possible(connection, fresh)
    outcomes = {
        finding.line.number: replace(finding, created_id=created.get(finding.line.number))
        for finding in compared
    }
    if len(created) < len(fresh):
        refused = {line.number for line in fresh} - created.keys()
        # Whoever was quicker has committed by now. A line that repeats one that was refused
        # is looked at again with it; one that repeats a line that was created is not.
        again = [f for f in compared if f.line.number in refused or f.repeats in refused]
        for finding in await compare_lines(connection, again):
            outcomes[finding.line.number] = (
                replace(finding, is_refused=True) if finding.is_good else finding
            )
    return [outcomes[finding.line.number] for finding in findings]


async def create_those_possible(
    connection: Connection, lines: Sequence[BrandLine]
) -> dict[int, int]:
    """Create a brand for each line that the database takes; return their ids by line number.

    All of them in one statement under a savepoint. When a row is refused, each half is
    tried by itself, until the line that is refused stands alone: 10,000 lines of which 100
    are refused take some 1,200 savepoints, not 10,000.
    """
    created: dict[int, int] = {}

    async def create(part: Sequence[BrandLine]) -> bool:
        in_order = sorted(part, key=lambda line: line.number)
        try:
            async with savepoint(connection):
                brand_ids = await create_brands(connection, in_order)
        except (DuplicateBrandError, *REFUSALS):
            return False
        created.update(zip((line.number for line in in_order), brand_ids, strict=True))
        return True

    async def create_or_halve(part: Sequence[BrandLine], *, is_hopeless: bool = False) -> bool:
        """Return whether all of a part went in; a hopeless one is halved without a try."""
        if not is_hopeless and await create(part):
            return True
        if len(part) > 1:
            first, second = part[: len(part) // 2], part[len(part) // 2 :]
            # What made the whole fail is in the second half if it is not in the first.
            went_in = await create_or_halve(first)
            await create_or_halve(second, is_hopeless=went_in and len(second) > 1)
        return False

    if lines:
        await create_or_halve(lines)
    return created


def _finding(line: BrandLine, compared: _ComparedLine) -> LineFinding:
    if compared.brand_id is not None:
        return LineFinding(line, existing_id=compared.brand_id, existing_name=compared.brand_name)
    if compared.first_number != compared.number:
        return LineFinding(line, repeats=compared.first_number)
    return LineFinding(line)
