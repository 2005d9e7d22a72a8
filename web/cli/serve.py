"""`python run.py serve`: the desk itself."""

import asyncio
import contextlib
import logging
import signal
from typing import Annotated

import typer
from aiohttp import web

from web.app import create_app
from web.catalog.sample import CatalogNotEmptyError, SampleSize
from web.cli.database import exit_on_sigterm, migrated_database
from web.cli.sample import fill
from web.keys import DRAINING
from web.settings import Settings, load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty catalog with the sample.")] = False,
) -> None:
    """Serve the desk until Ctrl-C or SIGTERM."""
    settings = load_settings(host=host, port=port)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    with migrated_database(settings) as url:
        if demo:
            with contextlib.suppress(CatalogNotEmptyError):
                asyncio.run(fill(url, settings, SampleSize(), seed=1, append=False))
        try:
            asyncio.run(_serve(settings, url))
        finally:
            exit_on_sigterm()


async def _serve(settings: Settings, url: str) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    app = create_app(settings, url)
    # handler_cancellation: a client that leaves frees its connection at once.
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=settings.shutdown_timeout,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            typer.echo(
                f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}.",
                err=True,
            )
            raise typer.Exit(1) from None
        for address in runner.addresses:
            typer.echo(f"Hangtag is at {_url(address)}")
        await stopping.wait()
        # Whoever sends requests here sees that it is not ready before it stops listening.
        app[DRAINING].set()
        await asyncio.sleep(settings.drain_delay)
    finally:
        await runner.cleanup()


def _url(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    host, port = address[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
