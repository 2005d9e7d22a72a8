"""Passwords: hashed by Argon2id, checked in the same time whether the account exists or not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_LENGTH: Final = 200

# The first of the choices in OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
# What a password is compared with when there is no account of the name.
_NOBODY: Final = _HASHER.hash("nobody has this password")
# 19 MiB each: so many are hashed at the same time in a process.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def password_problem(password: str) -> str | None:
    """Return why a password cannot be one, as a sentence, or None if it can."""
    if len(password) < MIN_PASSWORD_LENGTH:
        return f"The password is shorter than {MIN_PASSWORD_LENGTH} characters."
    if len(password) > MAX_PASSWORD_LENGTH:
        return f"The password is longer than {MAX_PASSWORD_LENGTH} characters."
    return None


async def hash_password(password: str) -> str:
    """Return what is kept of a password, made off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether a password is the one that was hashed; of None it never is.

    It takes as long either way, so that the time does not tell which accounts there are.
    """
    matches = await asyncio.get_running_loop().run_in_executor(
        _THREADS, _matches, password, password_hash or _NOBODY
    )
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return whether a password was hashed with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
