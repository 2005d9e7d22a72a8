"""Idempotency keys: what is sent twice is done once, and answered the same.

The key and its outcome are written in the transaction of the change itself. So a
double click, a reload or a retry after a lost answer finds the outcome, or waits
for the first one that is still running; and what was rolled back leaves no key.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

import asyncpg

from web.database.pool import Connection, execute, fetch
from web.database.queries import load_queries

_QUERIES = load_queries("idempotency")
WAIT_SHORTLY = _QUERIES["wait_shortly"]
WAIT_AS_USUAL = _QUERIES["wait_as_usual"]
CLAIM_KEY = _QUERIES["claim_key"]
GET_OUTCOME = _QUERIES["get_outcome"]
RECORD_OUTCOME = _QUERIES["record_outcome"]
FORGET_EXPIRED_KEYS = _QUERIES["forget_expired_keys"]


class KeyInUseError(Exception):
    """A write with the same key is still running."""


class KeyReusedError(Exception):
    """A program sent a key again with another content."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key as the table has it: whose it is, the key, and of what content.

    A key belongs to its owner, so that nobody meets the outcome of somebody else's.
    """

    owner: str
    key: str
    fingerprint: str
    is_known: bool = True
    """Whether whoever sent the write can send it again under the same key."""

    @classmethod
    def from_form(cls, owner: str, key: str, content: object) -> "IdempotencyKey":
        """Return the key of a form. With other content (after Back) it is another form."""
        fingerprint = _fingerprint(content)
        return cls(owner, f"form {key} {fingerprint}", fingerprint)

    @classmethod
    def from_program(cls, owner: str, key: str, content: object) -> "IdempotencyKey":
        """Return the key that a program sent; with other content it is a mistake."""
        return cls(owner, f"program {key}", _fingerprint(content))

    @classmethod
    def generate(cls, owner: str) -> "IdempotencyKey":
        """Return a key for a write that came without one, known to this request alone.

        By it a write whose COMMIT got no answer is found again.
        """
        return cls(owner, f"own {secrets.token_hex(16)}", "", is_known=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a write: the change set, where to read of it, and what else the answer needs.

    There is no change set when nothing changed. `detail` is of JSON's types.
    """

    change_set_id: int | None
    location: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever the page needs


class KeyTurns:
    """Lets the writes of this process that have the same key through one after another.

    A repeat waits here, and holds no connection while it does: twenty clicks on a slow
    form would otherwise take the pool away from every page.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: IdempotencyKey, *, until: float) -> AsyncIterator[None]:
        """Wait for one's turn, until a moment of the event loop's clock, and take it.

        Raises:
            KeyInUseError: a write with the same key was still running then.
        """
        lock = self._locks.setdefault((key.owner, key.key), asyncio.Lock())
        try:
            async with asyncio.timeout_at(until):
                await lock.acquire()
        except TimeoutError:
            raise KeyInUseError from None
        try:
            yield
        finally:
            lock.release()


async def claim(
    connection: Connection, key: IdempotencyKey, *, ttl: float, patience: float
) -> Outcome | None:
    """Take a key for the transaction under way; or return what came of the write that has it.

    Args:
        connection: in the transaction of the write.
        key: the key.
        ttl: after how many seconds a key counts as new again.
        patience: how long to wait for a write of another process that has it, in seconds.

    Raises:
        KeyInUseError: the write that has it is still running.
        KeyReusedError: it has another content.
    """
    # Not 0: PostgreSQL takes that for no limit.
    milliseconds = max(1, round(patience * 1000))
    await execute(connection, WAIT_SHORTLY, milliseconds=str(milliseconds))
    try:
        claimed = await fetch(
            connection,
            CLAIM_KEY,
            owner=key.owner,
            key=key.key,
            fingerprint=key.fingerprint,
            ttl=ttl,
        )
    except asyncpg.LockNotAvailableError as error:
        raise KeyInUseError from error
    await execute(connection, WAIT_AS_USUAL)
    if claimed:
        return None
    known = (await fetch(connection, GET_OUTCOME, owner=key.owner, key=key.key))[0]
    if known["fingerprint"] != key.fingerprint:
        raise KeyReusedError
    return Outcome(**json.loads(known["outcome"]))


async def record(
    connection: Connection, key: IdempotencyKey, outcome: Outcome, *, ttl: float
) -> None:
    """Write down what came of the write, to be committed with it."""
    await execute(
        connection,
        RECORD_OUTCOME,
        owner=key.owner,
        key=key.key,
        outcome=json.dumps(asdict(outcome)),
    )
    await execute(connection, FORGET_EXPIRED_KEYS, ttl=ttl)


def _fingerprint(content: object) -> str:
    return blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
