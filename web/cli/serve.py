"""`python run.py serve`: the desk itself."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from web.access.protection import check_accounts, check_way_in
from web.catalog.sample import CatalogNotEmptyError, SampleSize
from web.cli.database import migrated_database
from web.cli.sample import fill
from web.cli.workers import hold_port, supervise
from web.database.connections import check_connections
from web.logs import log_to_stderr
from web.server import close, listen_on, run, serve_desk, url_of
from web.settings import Settings, load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer together.")] = None,
    *,
    tls_cert: Annotated[Path | None, typer.Option(help="The certificate for HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key.")] = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty catalog with the sample.")] = False,
) -> None:
    """Serve the desk until Ctrl-C or SIGTERM."""
    settings = load_settings(
        host=host, port=port, workers=workers, tls_cert=tls_cert, tls_key=tls_key
    )
    check_way_in(settings)
    log_to_stderr()
    with migrated_database(settings) as url:
        asyncio.run(check_connections(settings, url))
        asyncio.run(check_accounts(settings, url))
        if demo:
            with contextlib.suppress(CatalogNotEmptyError):
                asyncio.run(fill(url, settings, SampleSize(), seed=1, append=False))
        with _port(settings) as sockets, _metrics_port(settings) as metrics:

            def announce() -> None:
                for bound in sockets:
                    scheme = "http" if settings.tls_cert is None else "https"
                    typer.echo(f"Hangtag is at {url_of(bound, scheme=scheme)}")

            if settings.workers == 1:
                run(serve_desk(settings, url, sockets, listening=announce, metrics=metrics))
            else:
                # Not on uvloop: a process that it starts does not keep the signals blocked.
                asyncio.run(supervise(settings, url, sockets, listening=announce, metrics=metrics))


@contextlib.contextmanager
def _port(settings: Settings) -> Iterator[list[socket.socket]]:
    """Yield the sockets that serve, or with workers those that hold the port for them."""
    take = listen_on if settings.workers == 1 else hold_port
    with _hold_sockets(take, settings.host, settings.port) as sockets:
        yield sockets


@contextlib.contextmanager
def _metrics_port(settings: Settings) -> Iterator[list[socket.socket]]:
    """Yield the sockets that answer `/metrics` alone; none unless there is a port for them."""
    if settings.metrics_port == 0:
        yield []
        return
    with _hold_sockets(listen_on, settings.metrics_host, settings.metrics_port) as sockets:
        yield sockets


@contextlib.contextmanager
def _hold_sockets(
    take: Callable[[str, int], list[socket.socket]], host: str, port: int
) -> Iterator[list[socket.socket]]:
    try:
        sockets = take(host, port)
    except OSError as error:
        typer.echo(f"Cannot listen on {host} port {port}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    try:
        yield sockets
    finally:
        close(sockets)
