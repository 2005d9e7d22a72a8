"""`python run.py worker`: one of the processes of `serve --workers`, which starts it.

What it has to do comes on its standard input, from its parent, and when that ends the parent has
ended. That is so even after kill -9, when nobody is left to tell it anything. On its standard
output it says that it listens.
"""

import logging
import os
import sys
from contextlib import suppress
from typing import Final

import typer
from pydantic import BaseModel, ValidationError

from web.database.errors import DatabaseUnavailableError
from web.logs import log_to_stderr
from web.server import bind, run, serve_desk
from web.settings import load_settings

LISTENING: Final = b"listening\n"
# It is worth trying again: PostgreSQL is away, and nothing is wrong with the worker.
UNAVAILABLE: Final = os.EX_TEMPFAIL

_LOG = logging.getLogger("hangtag.worker")


class Order(BaseModel):
    """What a worker has to do. It holds passwords: no environment and no argument carries it."""

    settings: dict[str, object]
    database_url: str
    addresses: list[tuple[str, int]]
    metrics_dir: str | None = None
    """Where the workers write their numbers, so that one can answer for all."""

    def line(self) -> bytes:
        """Return it as one line."""
        return self.model_dump_json().encode() + b"\n"


def worker() -> None:
    """Serve as one of several processes. It is for `serve --workers` to call."""
    parent = sys.stdin.buffer
    try:
        order = Order.model_validate_json(parent.readline())
    except ValidationError:
        typer.echo("Workers are started by: serve --workers.", err=True)
        raise typer.Exit(2) from None
    log_to_stderr()
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
