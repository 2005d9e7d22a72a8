"""Sessions: browsers that are signed in.

A token has 256 bits of chance and is known to its browser alone; the table has what
it hashes to, so that whoever reads the table can sign in nowhere.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from web.access.roles import Identity, Role
from web.database.pool import Pool, execute, fetch, fetch_row
from web.database.queries import load_queries

_QUERIES = load_queries("access")
OPEN_SESSION = _QUERIES["open_session"]
FIND_SESSION = _QUERIES["find_session"]
TOUCH_SESSION = _QUERIES["touch_session"]
CLOSE_SESSION = _QUERIES["close_session"]
CLOSE_SESSIONS = _QUERIES["close_sessions"]
FORGET_EXPIRED_SESSIONS = _QUERIES["forget_expired_sessions"]

# Seen once a minute is written down; every page would be a write.
_TOUCH_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lasts, in seconds: without being used, and at most."""

    idle: float
    absolute: float


@dataclass(frozen=True, slots=True)
class _Found:
    account_id: int
    account_name: str
    role: str
    idle_seconds: float


class AccountChangedError(Exception):
    """Who was about to be signed in has no account any more, or another password."""


async def open_session(
    pool: Pool, account_id: int, life: SessionLife, *, verified: str | None = None
) -> str:
    """Open a session and return its token, which is told once.

    Args:
        pool: where it is kept.
        account_id: who signs in.
        life: how long sessions last.
        verified: what the password was compared with; None for who came without one.

    Raises:
        AccountChangedError: the account is gone, or its password another one since.
    """
    token = secrets.token_urlsafe(32)
    async with pool.acquire() as connection:
        opened = await fetch(
            connection,
            OPEN_SESSION,
            token_hash=token_hash(token),
            account_id=account_id,
            verified=verified,
        )
        if not opened:
            raise AccountChangedError
        await execute(connection, FORGET_EXPIRED_SESSIONS, absolute=life.absolute)
    return token


async def find_session(pool: Pool, token: str, life: SessionLife) -> Identity | None:
    """Return who is signed in with a token, or None."""
    found = await fetch_row(
        pool,
        _Found,
        FIND_SESSION,
        token_hash=token_hash(token),
        idle=life.idle,
        absolute=life.absolute,
    )
    if found is None:
        return None
    if found.idle_seconds > min(_TOUCH_EVERY, life.idle / 2):
        async with pool.acquire() as connection:
            await execute(connection, TOUCH_SESSION, token_hash=token_hash(token))
    return Identity(found.account_name, Role(found.role), account_id=found.account_id)


async def close_session(pool: Pool, token: str) -> None:
    """Sign a browser out."""
    async with pool.acquire() as connection:
        await execute(connection, CLOSE_SESSION, token_hash=token_hash(token))


async def close_sessions(pool: Pool, account_id: int) -> None:
    """Sign an account out in every browser."""
    async with pool.acquire() as connection:
        await execute(connection, CLOSE_SESSIONS, account_id=account_id)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. It is random, so a fast hash will do."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
