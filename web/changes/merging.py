"""Edits that meet: what two people did to one row since the same version of it.

Fields that only one of them changed are merged. A field that both changed, to
different values, is a collision, and only a person can decide it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from web.database.pool import Connection, fetch
from web.database.queries import load_queries

GET_IMAGE = load_queries("changes")["get_image"]

# What a person edits: the names of the fields, and their values as the form has them.
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Collision:
    """A field that two people changed; `original` is None when nobody knows it any more."""

    field: str
    original: str | None
    theirs: str
    yours: str


class StaleVersionError(Exception):
    """Somebody saved in between, and fields collide; nothing was saved.

    `version` and `theirs` are the row as it is now; `merged` are the fields that do not collide.
    """

    def __init__(
        self, version: int, theirs: Fields, merged: Fields, collisions: list[Collision]
    ) -> None:
        super().__init__(", ".join(collision.field for collision in collisions))
        self.version = version
        self.theirs = theirs
        self.merged = merged
        self.collisions = collisions


class GoneError(Exception):
    """Somebody deleted the row in between; nothing was saved."""


async def image_at(
    connection: Connection, noun: str, row_id: int, version: int
) -> dict[str, object] | None:
    """Return a row as it was at a version that is over, by the history; None if nobody knows."""
    rows = await fetch(connection, GET_IMAGE, noun=noun, row_id=row_id, version=version)
    return json.loads(rows[0]["image"]) if rows else None


def merge(original: Fields | None, theirs: Fields, yours: Fields, *, version: int) -> Fields:
    """Return the fields that keep what both people changed.

    Args:
        original: the row as both found it; None if nobody knows it any more.
        theirs: the row as it is now.
        yours: the row as it is to be.
        version: the version of the row as it is now.

    Raises:
        StaleVersionError: both changed a field, to different values.
    """
    merged: dict[str, str] = {}
    collisions: list[Collision] = []
    for field, mine in yours.items():
        other = theirs[field]
        base = None if original is None else original[field]
        if mine in {other, base}:
            merged[field] = other
        elif other == base:
            merged[field] = mine
        else:
            collisions.append(Collision(field, base, other, mine))
    if collisions:
        raise StaleVersionError(version, theirs, merged, collisions)
    return merged
