"""Bringing a database to the schema of this code: created when missing, migrated when behind.

The migrations are plain SQL in sql/migrations, in dbmate's format, and dbmate applies them: anybody
can read them, and run them by hand. What stands here is what dbmate leaves open: many processes
that start at once create the database once; a database that a newer Hangtag has migrated is
refused, since this code does not know what it would break there; and a URL that asyncpg understands
becomes one that dbmate's driver does (see dbmate.py).
"""

import asyncio
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from web.database.dbmate import DbmateError, dbmate_migrate
from web.database.dsn import Address, addresses, database_name

if TYPE_CHECKING:
    from web.database.pool import Connection

MIGRATIONS_DIR = Path(__file__).parents[2] / "sql" / "migrations"

_OLDEST_MAJOR = 15
_CONNECT_SECONDS = 10.0
_MAINTENANCE_DATABASE = "postgres"
_CREATE_TRIES = 60
_CREATE_PAUSE_SECONDS = 0.25


class MigrationError(Exception):
    """The database cannot be brought to this schema; the text is a sentence for a person."""


class SchemaState(Enum):
    """How the schema of a database compares with the migrations of this code."""

    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"
    """It has migrations that this code does not know, whatever else it lacks."""


async def schema_state(
    connection: "Connection", migrations_dir: Path = MIGRATIONS_DIR
) -> SchemaState:
    """Compare the migrations that a database has with those of this code, in one query.

    Call it outside a transaction: on a database without any migration the query fails.

    Raises:
        asyncpg.PostgresError: the database does not let us read its migrations.
    """
    try:
        rows = await connection.fetch("select version from schema_migrations")
    except asyncpg.UndefinedTableError:
        rows = []
    applied = {str(row["version"]) for row in rows}
    known = await asyncio.to_thread(_known_versions, migrations_dir)
    if applied - known:
        return SchemaState.NEWER
    return SchemaState.BEHIND if known - applied else SchemaState.CURRENT


async def migrate(url: str, migrations_dir: Path = MIGRATIONS_DIR) -> list[str]:
    """Create the database of a URL when it is missing, and apply the migrations that it lacks.

    Any number of processes may do so at once: each migration is applied once, and every process
    returns when the schema is current.

    Returns:
        The versions that this call applied, in order.

    Raises:
        MigrationError: PostgreSQL cannot be reached or is older than 15, the database is not in
            UTF-8 or cannot be created, it is newer than this Hangtag, or a migration failed.
    """
    try:
        connection, address = await _connect_creating(url)
        try:
            _refuse_unfit(connection)
            state = await schema_state(connection, migrations_dir)
        finally:
            await connection.close()
        if state is SchemaState.NEWER:
            raise MigrationError(
                "The database is newer than this Hangtag: it has migrations that this version does"
                " not know. Start the Hangtag that migrated it, or a later one."
            )
        if state is SchemaState.CURRENT:
            return []
        return await dbmate_migrate(url, address, migrations_dir)
    except DbmateError as error:
        raise MigrationError(f"The database could not be migrated. {error}") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise MigrationError(f"The database could not be migrated: {reason}.") from error


def _known_versions(migrations_dir: Path) -> set[str]:
    names = (re.match(r"(\d+).*\.sql$", path.name) for path in migrations_dir.iterdir())
    return {match[1] for match in names if match}


def _refuse_unfit(connection: "Connection") -> None:
    version = connection.get_server_version()
    if version.major < _OLDEST_MAJOR:
        raise MigrationError(
            f"Hangtag needs PostgreSQL {_OLDEST_MAJOR} or later, and this is {version.major}."
        )
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise MigrationError(
            f"Hangtag needs a database with the encoding UTF8, and this one has {encoding}."
            " Create another one with: create database … template template0 encoding 'UTF8'."
        )


async def _connect_creating(url: str) -> "tuple[Connection, Address]":
    try:
        return await _connect(url)
    except asyncpg.InvalidCatalogNameError:
        maintenance, _ = await _connect(url, _MAINTENANCE_DATABASE)
        try:
            await _create_database(maintenance, database_name(url))
        finally:
            await maintenance.close()
        return await _connect(url)


async def _connect(url: str, database: str | None = None) -> "tuple[Connection, Address]":
    """Connect, and say by which address and whether over TLS, which asyncpg keeps to itself."""
    failure: Exception = OSError("the URL names no host")
    for address in addresses(url):
        try:
            connection = await asyncpg.connect(
                url,
                host=address.host,
                port=address.port,
                ssl=address.sslmode,
                database=database,
                timeout=_CONNECT_SECONDS,
                statement_cache_size=0,  # a pooler may be in between
            )
        except (OSError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            failure = error
            continue
        # Of several hosts only one takes writes.
        if getattr(connection.get_settings(), "in_hot_standby", "off") == "off":
            return connection, address
        await connection.close()
        failure = OSError(f"{address.host} is a standby, which takes no changes")
    raise failure


async def _create_database(maintenance: "Connection", name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    create = f"create database {quoted} template template0 encoding 'UTF8'"
    # Text sorts by code point, as everywhere in this schema, unless a query says otherwise.
    locale = " lc_collate 'C' lc_ctype 'C.UTF-8'"
    for _ in range(_CREATE_TRIES):
        try:
            await maintenance.execute(create + locale)
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return  # another process was faster
        except asyncpg.ObjectInUseError:
            # The template is in use while another process copies it.
            await asyncio.sleep(_CREATE_PAUSE_SECONDS)
        except (asyncpg.WrongObjectTypeError, asyncpg.InvalidParameterValueError):
            if not locale:
                raise
            locale = ""  # the server's system does not know C.UTF-8
        except asyncpg.InsufficientPrivilegeError as error:
            raise MigrationError(
                f"The database {name} does not exist, and this user may not create it. Let an"
                f" administrator run: create database {quoted} template template0 encoding 'UTF8'."
            ) from error
        else:
            return
    raise MigrationError(f"The database {name} could not be created: its template stays in use.")
