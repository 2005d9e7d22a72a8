"""A real PostgreSQL for the tests: the embedded one, or the one that DATABASE_URL names.

A test that asks for `database_url` gets a database of its own with the schema in it: a clone of a
template that is migrated once a session. Under pytest-xdist every worker has its own embedded
server, or its own template on the server that DATABASE_URL names.
"""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from web.database.embedded import embedded_server
from web.database.migrations import migrate

pytest_plugins = ["tests.desk", "tests.figures"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it gets a name that nobody can guess
_ROOM = 4 * 1024**3


@pytest.fixture(autouse=True)
def _signals_reach_who_is_started() -> Iterator[None]:
    """See that no test leaves signals blocked: processes that are started inherit it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def database_url_on(server_url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path="/" + quote(name, safe="")))


async def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Create a database, empty or as a clone, and return its URL."""
    connection = await asyncpg.connect(server_url)
    try:
        if template is None:
            source = "template template0 encoding 'UTF8' lc_collate 'C'"
        else:
            # A clone and its end took 24 to 40 ms on PostgreSQL 18 and 115 ms on 15. With wal_log
            # they took 28 to 74 ms and 130 ms: dropping has to look through the shared buffers.
            source = f'template "{template}" strategy = file_copy'
        for _ in range(50):
            try:
                await connection.execute(f'create database "{name}" {source}')
                break
            except asyncpg.ObjectInUseError:  # the last connection to the template is just ending
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
    return database_url_on(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await connection.close()


def unique_name(prefix: str) -> str:
    """A database name that no other test, worker or run has."""
    return f"{prefix}_{secrets.token_hex(6)}"


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder whose path is short enough for a socket and that PostgreSQL's own user can reach.

    pytest's own tmp_path is neither: it is long, and closed to other users.
    """
    yield from short_folder()


def short_folder(*, in_memory: bool = False) -> Iterator[Path]:
    """Yield such a folder once, for fixtures that live longer than a test.

    With `in_memory` it is there when there is room: cloning a database took 40 ms in memory, and
    250 ms on a slow disk.
    """
    roomy = in_memory and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="ht-", dir=_MEMORY if roomy else None))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a database from which other databases can be created and dropped."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    for folder in short_folder(in_memory=True):
        with embedded_server(folder, settings={"fsync": "off"}) as server:
            yield server.url("postgres")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template_database(server_url: str) -> AsyncIterator[str]:
    """The name of a database that has the schema, to clone and never to connect to."""
    name = unique_name("hangtag_template")
    await migrate(database_url_on(server_url, name))
    yield name
    await drop_database(server_url, name)


@pytest_asyncio.fixture
async def database_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """The URL of a database with the schema and nothing else in it, for one test."""
    name = unique_name("hangtag_test")
    yield await create_database(server_url, name, template_database)
    await drop_database(server_url, name)
