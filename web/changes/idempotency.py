"""Idempotency keys: what is sent twice is done once, and answered the same.

The key and its outcome are written in the transaction of the change itself. So a
double click, a reload or a retry after a lost answer finds the outcome, or waits
for the first one that is still running; and what was rolled back leaves no key.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any, Final

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

# How long a repeat waits for the first one, in seconds.
_WAIT: Final = 3


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
        return cls(owner, f"own {secrets.token_hex(16)}", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a write: the change set, where to read of it, and what else the answer needs.

    `detail` is of JSON's types.
    """

    change_set_id: int
    location: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever the page needs


async def claim(connection: Connection, key: IdempotencyKey, *, ttl: float) -> Outcome | None:
    """Take a key for the transaction under way; or return what came of the write that has it.

    Args:
        connection: in the transaction of the write.
        key: the key.
        ttl: after how many seconds a key counts as new again.

    Raises:
        KeyInUseError: the write that has it is still running.
        KeyReusedError: it has another content.
    """
    await execute(connection, WAIT_SHORTLY, seconds=str(_WAIT))
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
