"""The database that a command works on: running, migrated, and stopped again behind it."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from web.database.embedded import embedded_server
from web.database.migrations import migrate
from web.settings import Settings

_DATABASE = "products"


@contextmanager
def migrated_database(settings: Settings) -> Iterator[str]:
    """Yield the URL of the migrated database, external or embedded.

    Raises:
        EmbeddedServerError: the embedded PostgreSQL cannot run.
        MigrationError: the database cannot be brought to this schema.
    """
    exit_on_sigterm()
    if settings.database_url is not None:
        asyncio.run(migrate(settings.migrate_url or settings.database_url))
        yield settings.database_url
        return
    with embedded_server(settings.data_dir) as server:
        url = server.url(_DATABASE)
        asyncio.run(migrate(url))
        yield url


def exit_on_sigterm() -> None:
    """Make SIGTERM end the program as an exception does, so that everything is put away.

    An event loop takes the signal over and drops it at its end: call again after one.
    """
    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
