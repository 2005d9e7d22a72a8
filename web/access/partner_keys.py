"""Partners' keys: what a program shows instead of an account. They only read."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from web.access.allowances import Allowance
from web.access.sessions import token_hash
from web.database.pool import Pool, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("access")
ADD_PARTNER_KEY = _QUERIES["add_partner_key"]
LIST_PARTNER_KEYS = _QUERIES["list_partner_keys"]
FIND_PARTNER_KEY = _QUERIES["find_partner_key"]
REVOKE_PARTNER_KEY = _QUERIES["revoke_partner_key"]

# So that a key that leaked into a file is recognized as one.
_PREFIX: Final = "hangtag_"
_MINUTE: Final = 60
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """A key as the list shows it, with the rows it has had today."""

    partner_key_id: int
    partner_key_name: str
    requests_per_minute: int
    rows_per_day: int
    created_at: datetime
    revoked_at: datetime | None
    rows_today: int


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that a program has shown, and what it may take."""

    partner_key_id: int
    partner_key_name: str
    requests_per_minute: int
    rows_per_day: int

    @property
    def requests(self) -> Allowance:
        """How many requests it has a minute."""
        return Allowance(
            f"requests of key {self.partner_key_id}", self.requests_per_minute, _MINUTE
        )

    @property
    def rows(self) -> Allowance:
        """How many rows it has a day."""
        return Allowance(f"rows of key {self.partner_key_id}", self.rows_per_day, _DAY)


async def add_partner_key(
    pool: Pool, name: str, *, requests_per_minute: int, rows_per_day: int
) -> str:
    """Add a key and return it; it is told this once."""
    key = _PREFIX + secrets.token_urlsafe(32)
    await fetch_rows(
        pool,
        int,
        ADD_PARTNER_KEY,
        partner_key_name=name,
        key_hash=token_hash(key),
        requests_per_minute=requests_per_minute,
        rows_per_day=rows_per_day,
    )
    return key


async def list_partner_keys(pool: Pool) -> list[PartnerKey]:
    """Return all keys, revoked ones included, in the order they were made."""
    return await fetch_rows(pool, PartnerKey, LIST_PARTNER_KEYS)


async def find_partner_key(pool: Pool, key: str) -> KnownKey | None:
    """Return what a key may take, or None if it is none or revoked."""
    return await fetch_row(pool, KnownKey, FIND_PARTNER_KEY, key_hash=token_hash(key))


async def revoke_partner_key(pool: Pool, partner_key_id: int) -> str | None:
    """Revoke a key and return its name; None if there is no such key in use."""
    names = await fetch_rows(pool, str, REVOKE_PARTNER_KEY, partner_key_id=partner_key_id)
    return names[0] if names else None
