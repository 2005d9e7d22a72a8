"""Accounts: who may sign in."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from web.access.passwords import hash_password, is_outdated, is_password
from web.access.roles import LOCAL_DESK, Identity, Role
from web.access.sessions import CLOSE_SESSIONS
from web.database.pool import Connection, Pool, execute, fetch, fetch_row, fetch_rows
from web.database.queries import load_queries
from web.database.transactions import Author, in_transaction

_QUERIES = load_queries("access")
HAS_ACCOUNTS = _QUERIES["has_accounts"]
ADD_ACCOUNT = _QUERIES["add_account"]
LIST_ACCOUNTS = _QUERIES["list_accounts"]
FIND_PASSWORD = _QUERIES["find_password"]
FIND_ACCOUNT = _QUERIES["find_account"]
FOLD_ACCOUNT_NAME = _QUERIES["fold_account_name"]
SET_PASSWORD = _QUERIES["set_password"]
REHASH_PASSWORD = _QUERIES["rehash_password"]
SET_ROLE = _QUERIES["set_role"]
REMOVE_ACCOUNT = _QUERIES["remove_account"]

# Somebody else hashed the password anew, or set another one, between reading and writing it.
_TRIES: Final = 2
# The history is of the catalog, and knows nothing of passwords.
_NOBODY: Final = Author("", "", "")


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and in how many browsers it is signed in."""

    account_id: int
    account_name: str
    role: str
    created_at: datetime
    session_count: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody who signs in is compared with."""

    account_id: int
    account_name: str
    role: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that somebody signs in to elsewhere."""

    account_id: int
    account_name: str
    role: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Who has shown the right password, and what it was compared with."""

    identity: Identity
    password_hash: str


def is_reserved(name: str) -> bool:
    """Whether the history would take a person of this name for somebody else."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return folded == LOCAL_DESK.person or folded.startswith("key ")


async def has_accounts(pool: Pool) -> bool:
    """Return whether there is any account."""
    return (await fetch_rows(pool, bool, HAS_ACCOUNTS))[0]


async def list_accounts(pool: Pool) -> list[Account]:
    """Return all accounts, by name."""
    return await fetch_rows(pool, Account, LIST_ACCOUNTS)


async def add_account(pool: Pool, name: str, role: Role, password: str | None) -> int:
    """Add an account and return its id; without a password it signs in elsewhere.

    Raises:
        DuplicateKeyError: there is an account of the name.
    """
    password_hash = "" if password is None else await hash_password(password)
    rows = await fetch_rows(
        pool, int, ADD_ACCOUNT, account_name=name, role=role.value, password_hash=password_hash
    )
    return rows[0]


async def verify(pool: Pool, name: str, password: str) -> Verified | None:
    """Return who a name and a password are, or None; it takes as long either way.

    A password that was hashed with older parameters is hashed anew, unless it is another one
    by then.
    """
    for _ in range(_TRIES):
        found = await fetch_row(pool, Credentials, FIND_PASSWORD, account_name=name)
        kept = None if found is None else found.password_hash
        if not await is_password(password, kept) or found is None or kept is None:
            return None
        identity = Identity(found.account_name, Role(found.role), account_id=found.account_id)
        if not is_outdated(kept):
            return Verified(identity, kept)
        anew = await hash_password(password)
        if await fetch_rows(
            pool,
            int,
            REHASH_PASSWORD,
            account_id=found.account_id,
            password_hash=anew,
            verified=kept,
        ):
            return Verified(identity, anew)
    return None


async def find_account(pool: Pool, name: str) -> Identity | None:
    """Return the account of a name that a provider vouches for, or None if there is none."""
    found = await fetch_row(pool, NamedAccount, FIND_ACCOUNT, account_name=name)
    if found is None:
        return None
    return Identity(found.account_name, Role(found.role), account_id=found.account_id)


async def fold_account_name(pool: Pool, name: str) -> str:
    """Return what a name is compared by, so that its spellings count as one."""
    return (await fetch_rows(pool, str, FOLD_ACCOUNT_NAME, account_name=name))[0]


async def change_password(pool: Pool, name: str, password: str) -> bool:
    """Set the password of an account and sign it out everywhere; False if there is none.

    Both or nothing. Whoever is just signing in with the password of before has a session by the
    second statement, which closes it, or gets none: see `open_session`.
    """
    password_hash = await hash_password(password)

    async def change(connection: Connection) -> bool:
        changed = await fetch(
            connection, SET_PASSWORD, account_name=name, password_hash=password_hash
        )
        for row in changed:
            await execute(connection, CLOSE_SESSIONS, account_id=row["account_id"])
        return bool(changed)

    return await in_transaction(pool, change, author=_NOBODY)


async def change_role(pool: Pool, name: str, role: Role) -> bool:
    """Set the role of an account; False if there is none of the name."""
    return bool(await fetch_rows(pool, int, SET_ROLE, account_name=name, role=role.value))


async def remove_account(pool: Pool, name: str) -> bool:
    """Remove an account and sign it out everywhere; False if there is none of the name."""
    return bool(await fetch_rows(pool, int, REMOVE_ACCOUNT, account_name=name))
