"""`python run.py serve`: the desk itself."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Annotated

import typer

from web.catalog.sample import CatalogNotEmptyError, SampleSize
from web.cli.database import migrated_database
from web.cli.sample import fill
from web.cli.workers import hold_port, supervise
from web.database.connections import check_connections
from web.server import close, listen_on, log_to_stderr, run, serve_desk, url_of
from web.settings import Settings, load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer together.")] = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty catalog with the sample.")] = False,
) -> None:
    """Serve the desk until Ctrl-C or SIGTERM."""
    settings = load_settings(host=host, port=port, workers=workers)
    log_to_stderr()
    with migrated_database(settings) as url:
        asyncio.run(check_connections(settings, url))
        if demo:
            with contextlib.suppress(CatalogNotEmptyError):
                asyncio.run(fill(url, settings, SampleSize(), seed=1, append=False))
        with _port(settings) as sockets:

            def announce() -> None:
                for bound in sockets:
                    typer.echo(f"Hangtag is at {url_of(bound)}")

            if settings.workers == 1:
                run(serve_desk(settings, url, sockets, listening=announce))
            else:
                # Not on uvloop: a process that it starts does not keep the signals blocked.
                asyncio.run(supervise(settings, url, sockets, listening=announce))


@contextlib.contextmanager
def _port(settings: Settings) -> Iterator[list[socket.socket]]:
    """Yield the sockets that serve, or with workers those that hold the port for them."""
    take = listen_on if settings.workers == 1 else hold_port
    try:
        sockets = take(settings.host, settings.port)
    except OSError as error:
        typer.echo(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}.", err=True
        )
        raise typer.Exit(1) from None
    try:
        yield sockets
    finally:
        close(sockets)
