"""`python run.py worker`: one of the processes of `serve --workers`, which starts it.

What it has to do comes on its standard input, from its parent, and when that ends the parent has
ended. That is so even after kill -9, when nobody is left to tell it anything. On its standard
output it says that it listens. Until it is told what to do it makes ready, and waits as the spare.
"""

import logging
import os
import sys
from contextlib import suppress
from typing import Final

import typer
from pydantic import BaseModel

from web.app import create_app
from web.database.errors import DatabaseUnavailableError
from web.logs import log_to_stderr
from web.server import bind, run, serve_desk
from web.settings import Settings, load_settings

# The first line that a parent writes; a person who calls the command writes none.
GREETING: Final = b"wait for an order\n"
LISTENING: Final = b"listening\n"
# It is worth trying again: PostgreSQL is away, and nothing is wrong with the worker.
UNAVAILABLE: Final = os.EX_TEMPFAIL

_LOG = logging.getLogger("hangtag.worker")


class Order(BaseModel):
    """What a worker has to do. It holds passwords: no environment and no argument carries it."""

    settings: dict[str, object]
    database_url: str
    addresses: list[tuple[str, int]]

    def line(self) -> bytes:
        """Return it as one line."""
        return self.model_dump_json().encode() + b"\n"


def worker() -> None:
    """Serve as one of several processes. It is for `serve --workers` to call."""
    parent = sys.stdin.buffer
    if parent.readline() != GREETING:
        typer.echo("Workers are started by: serve --workers.", err=True)
        raise typer.Exit(2)
    log_to_stderr()
    # Compiles the templates, which the application that serves finds compiled then.
    create_app(Settings.model_construct(), "")
    _LOG.info("ready for an order")
    line = parent.readline()
    if not line:
        return  # the parent has ended and never needed this one
    order = Order.model_validate_json(line)
    settings = load_settings(**order.settings)
    sockets = [bound for each in order.addresses for bound in bind(*each, shared=True)]
    try:
        run(
            serve_desk(
                settings,
                order.database_url,
                sockets,
                listening=_tell_parent,
                parent=parent.fileno(),
            )
        )
    except DatabaseUnavailableError as error:
        _LOG.error("the database cannot be reached: %s", error)
        raise typer.Exit(UNAVAILABLE) from None


def _tell_parent() -> None:
    with suppress(BrokenPipeError):  # the parent has just ended, and this process is about to
        os.write(sys.stdout.fileno(), LISTENING)
