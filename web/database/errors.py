"""What can go wrong between Hangtag and PostgreSQL, in the words of the rest of the code.

Drivers and servers report the same mishap in many ways. Here they become a few
exceptions, so that one place can turn each into an answer for a person.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg
from asyncpg.exceptions import InternalClientError


class DatabaseUnavailableError(Exception):
    """PostgreSQL cannot be reached, or the connection was lost: trying again later may help."""


class DatabaseBusyError(DatabaseUnavailableError):
    """No connection became free in time, or a query ran longer than it may."""


class DatabaseReadOnlyError(DatabaseUnavailableError):
    """PostgreSQL takes no changes just now: it is a standby, during a switch-over."""


class CommitUnknownError(DatabaseUnavailableError):
    """The connection was lost during a COMMIT: it may have happened or not."""


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
    asyncpg.InsufficientResourcesError,  # class 53: disk full, too many connections
    asyncpg.InvalidCatalogNameError,  # 3D000: the database was dropped
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
# The same as asyncpg and the system say it. They say mistakes of ours in the same way,
# so these count only when the connection is indeed gone.
_LOST = (OSError, asyncpg.InterfaceError, InternalClientError)
# TimeoutError is an OSError too.
_BUSY = (
    TimeoutError,
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
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
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKeyError(error.constraint_name or "") from error
    except asyncpg.ForeignKeyViolationError as error:
        raise BrokenReferenceError(error.constraint_name or "") from error
    except _REFUSED_VALUES as error:
        raise RefusedValueError(error.constraint_name or error.column_name or "") from error
    except asyncpg.ReadOnlySQLTransactionError as error:  # 25006
        raise DatabaseReadOnlyError(str(error)) from error
    except _BUSY as error:
        raise DatabaseBusyError(str(error) or type(error).__name__) from error
    except _REFUSED as error:
        raise DatabaseUnavailableError(str(error)) from error
    except _LOST as error:
        if not is_lost():
            raise
        raise DatabaseUnavailableError(str(error) or type(error).__name__) from error
