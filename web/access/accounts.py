"""Accounts: who may sign in."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from web.access.passwords import hash_password, is_outdated, is_password
from web.access.roles import LOCAL_DESK, Identity, Role
from web.access.sessions import close_sessions
from web.database.pool import Pool, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("access")
HAS_ACCOUNTS = _QUERIES["has_accounts"]
ADD_ACCOUNT = _QUERIES["add_account"]
LIST_ACCOUNTS = _QUERIES["list_accounts"]
FIND_PASSWORD = _QUERIES["find_password"]
FIND_ACCOUNT = _QUERIES["find_account"]
FOLD_ACCOUNT_NAME = _QUERIES["fold_account_name"]
SET_PASSWORD = _QUERIES["set_password"]
SET_ROLE = _QUERIES["set_role"]
REMOVE_ACCOUNT = _QUERIES["remove_account"]


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


async def sign_in(pool: Pool, name: str, password: str) -> Identity | None:
    """Return who a name and a password are, or None; it takes as long either way.

    A password that was hashed with older parameters is hashed anew.
    """
    found = await fetch_row(pool, Credentials, FIND_PASSWORD, account_name=name)
    password_hash = None if found is None else found.password_hash
    if not await is_password(password, password_hash) or found is None or password_hash is None:
        return None
    if is_outdated(password_hash):
        await _set_password(pool, found.account_name, password)
    return Identity(found.account_name, Role(found.role), account_id=found.account_id)


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
    """Set the password of an account and sign it out everywhere; False if there is none."""
    account_id = await _set_password(pool, name, password)
    if account_id is None:
        return False
    await close_sessions(pool, account_id)
    return True


async def change_role(pool: Pool, name: str, role: Role) -> bool:
    """Set the role of an account; False if there is none of the name."""
    return bool(await fetch_rows(pool, int, SET_ROLE, account_name=name, role=role.value))


async def remove_account(pool: Pool, name: str) -> bool:
    """Remove an account and sign it out everywhere; False if there is none of the name."""
    return bool(await fetch_rows(pool, int, REMOVE_ACCOUNT, account_name=name))


async def _set_password(pool: Pool, name: str, password: str) -> int | None:
    rows = await fetch_rows(
        pool,
        int,
        SET_PASSWORD,
        account_name=name,
        password_hash=await hash_password(password),
    )
    return rows[0] if rows else None
