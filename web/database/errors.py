"""What can go wrong between Hangtag and PostgreSQL, in the words of the rest of the code.

Drivers and servers report the same mishap in many ways. Here they become a few
exceptions, so that one place can turn each into an answer for a person.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg
from asyncpg.exceptions import InternalClientError

from web.metrics import DATABASE_ERRORS


class DatabaseUnavailableError(Exception):
    """PostgreSQL cannot be reached, or the connection was lost: trying again later may help."""


class DatabaseBusyError(DatabaseUnavailableError):
    """No connection became free in time, or a query ran longer than it may."""


class DatabaseFullError(DatabaseUnavailableError):
    """PostgreSQL has no room left on its disk: it can be read, and takes no changes."""


class DatabaseReadOnlyError(DatabaseUnavailableError):
    """PostgreSQL takes no changes just now: it is a standby, during a switch-over."""


class CommitUnknownError(DatabaseUnavailableError):
    """The connection was lost during a COMMIT: it may have happened or not."""


class CommitUnknowableError(CommitUnknownError):
    """The same, for a write without a key: doing it again would not tell, but do it twice."""


class RefusedError(Exception):
    """PostgreSQL refused a row; nothing of the transaction was saved."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class DuplicateKeyError(RefusedError):
    """A unique index has the key already."""


class BrokenReferenceError(RefusedError):
    """A row refers to one that is gone, or is still referred to."""


class RefusedValueError(RefusedError):
    """A value breaks a check, is missing, or is none of its type."""


# A lost connection, or none to be had, as PostgreSQL says it.
_REFUSED = (
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.OperatorInterventionError,  # class 57: stopping, crashed, starting, dropped, idle
    asyncpg.InvalidAuthorizationSpecificationError,  # class 28: the password was changed
    asyncpg.InvalidCatalogNameError,  # 3D000: the database was dropped
    asyncpg.PostgresSystemError,  # class 58: its disk fails
)
# A value that no row may have.
_REFUSED_VALUES = (
    asyncpg.CheckViolationError,
    asyncpg.NotNullViolationError,
    # Of class 22 only what a value can be guilty of.
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.StringDataRightTruncationError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
)
# A row that PostgreSQL refuses for what it is, as the driver says it; another row may pass.
REFUSALS = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError, *_REFUSED_VALUES)
# The same as asyncpg and the system say it. They say mistakes of ours in the same way,
# so these count only when the connection is indeed gone.
_LOST = (OSError, asyncpg.InterfaceError, InternalClientError)
# TimeoutError is an OSError too.
_BUSY = (
    TimeoutError,
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
    asyncpg.IdleInTransactionSessionTimeoutError,  # 25P03
    asyncpg.TransactionTimeoutError,  # 25P04
    asyncpg.InsufficientResourcesError,  # class 53: out of connections or memory
    asyncpg.SerializationError,  # 40001
    asyncpg.DeadlockDetectedError,  # 40P01
)


@contextmanager
def translated_errors(is_lost: Callable[[], bool]) -> Iterator[None]:
    """Turn the driver's errors into the exceptions of this module.

    Args:
        is_lost: whether there is no connection (any more).
    """
    try:
        yield
    except Exception as error:
        raise_translated(error, is_lost)
        raise


def raise_translated(error: BaseException, is_lost: Callable[[], bool]) -> None:
    """Raise what an error of the driver is called here; return if it is none.

    Args:
        error: what was raised.
        is_lost: whether there is no connection (any more).
    """
    try:
        _raise_translated(error, is_lost)
    except Exception as translation:
        DATABASE_ERRORS.labels(type(translation).__name__).inc()
        raise


def _raise_translated(error: BaseException, is_lost: Callable[[], bool]) -> None:
    if isinstance(error, asyncpg.UniqueViolationError):
        raise DuplicateKeyError(error.constraint_name or "") from error
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        raise BrokenReferenceError(error.constraint_name or "") from error
    if isinstance(error, _REFUSED_VALUES):
        raise RefusedValueError(error.constraint_name or error.column_name or "") from error
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):  # 25006
        raise DatabaseReadOnlyError(str(error)) from error
    if isinstance(error, asyncpg.DiskFullError):  # 53100
        raise DatabaseFullError(str(error)) from error
    if isinstance(error, _BUSY):
        raise DatabaseBusyError(str(error) or type(error).__name__) from error
    if isinstance(error, _REFUSED):
        raise DatabaseUnavailableError(str(error)) from error
    if isinstance(error, _LOST) and is_lost():
        raise DatabaseUnavailableError(str(error) or type(error).__name__) from error
