"""One process that serves: its event loop, its listening sockets, its end.

`run.py serve` is this process, or with --workers several of them under a parent (see
web/cli/workers.py), each with sockets of its own on the same port.
"""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

from aiohttp import web

from web.access.protection import tls_context
from web.api.metrics import metrics_port
from web.app import create_app
from web.database.checkpoint import write_checkpoint
from web.ending import CLOSE_SECONDS
from web.keys import DRAINING, ENDING, RUNNING
from web.memory import give_back_large_blocks, keep_what_is_there
from web.protocol import AUTO_DECOMPRESS, answer_mistakes
from web.settings import Settings

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_BACKLOG: Final = 128
# What still runs when its time is over is cancelled, and has this long to end.
_CANCELLED_SECONDS: Final = 0.2
_NO_SUCH_ADDRESS: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run what serves, on uvloop where it is installed: product pages went from 640 to 1,080/s."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - there is none for Windows
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of `host`, on a port that nobody else has.

    Raises:
        OSError: the port is in use, or the host is none of this machine.
    """
    sockets = bind(host, port)
    try:
        for each in sockets:
            each.listen(_BACKLOG)  # of two that bind at the same moment, one fails here
    except OSError:
        close(sockets)
        raise
    return sockets


def bind(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Return a socket for each address of `host`, bound and not yet listening.

    Args:
        host: a name or an address; addresses that this machine does not have are left out.
        port: 0 takes a free one, another one for each address.
        shared: other processes of this user may bind to the same port, if all say so.

    Raises:
        OSError: the port is in use, or the host is none of this machine.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sockets.append(_bind(family, address, shared=shared))
        except OSError as error:
            if error.errno not in _NO_SUCH_ADDRESS:
                close(sockets)
                raise
            missing = error  # "localhost" is ::1, too, on machines without IPv6
    if missing is not None and not sockets:
        raise missing
    return sockets


def _bind(family: int, address: tuple[Any, ...], *, shared: bool) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # The connections of a server that has just ended keep the port for a minute.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def close(sockets: Sequence[socket.socket]) -> None:
    """Close sockets."""
    for each in sockets:
        each.close()


def url_of(bound: socket.socket, *, scheme: str = "http") -> str:
    """Return the URL under which a socket is reached."""
    host, port = bound.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def stop_at_signals(stopping: asyncio.Event) -> None:
    """Set `stopping` at the first Ctrl-C or SIGTERM; later ones do nothing, until the very end.

    A terminal sends Ctrl-C to the parent and its workers, and the parent tells its workers, too.
    With handlers there is always a moment, before a loop has them or after it drops them, in
    which the second signal kills. So the signals are blocked, for good, in this thread and all
    that it starts, workers included, and a thread waits for them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    loop = asyncio.get_running_loop()

    def wait() -> NoReturn:
        while True:
            signal.sigwait(_STOP_SIGNALS)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(stopping.set)

    threading.Thread(target=wait, name="signals", daemon=True).start()


async def serve_desk(
    settings: Settings,
    url: str,
    sockets: Sequence[socket.socket],
    *,
    listening: Callable[[], None],
    parent: int | None = None,
    metrics: Sequence[socket.socket] = (),
) -> None:
    """Serve on bound sockets until Ctrl-C, SIGTERM or the end of the parent, and then drain.

    Args:
        settings: of this process; a worker has its share of what is promised for all.
        url: the migrated database.
        sockets: they are closed in the end.
        listening: called when requests are answered.
        parent: the reading end of a pipe whose other end only the parent holds.
        metrics: bound sockets that answer `/metrics` and nothing else.

    Raises:
        DatabaseUnavailableError: PostgreSQL cannot be reached.
        OSError: somebody else listens there.
        SettingsError: the certificate or its key cannot be used.
    """
    give_back_large_blocks()
    stopping, orphaned = asyncio.Event(), asyncio.Event()
    stop_at_signals(stopping)
    if parent is not None:
        _notice_end(parent, orphaned, stopping)
    tls = tls_context(settings)
    app = create_app(settings, url)
    # handler_cancellation: a client that leaves frees its connection at once.
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        auto_decompress=AUTO_DECOMPRESS,
        # For what does not end when it is cancelled, below.
        shutdown_timeout=settings.shutdown_timeout + _CANCELLED_SECONDS,
    )
    await runner.setup()
    answer_mistakes(runner.server, settings.request_timeout)
    begun: list[asyncio.Task[None]] = []
    try:
        async with metrics_port(metrics, app=app):
            keep_what_is_there()
            for bound in sockets:
                await web.SockSite(runner, bound, backlog=_BACKLOG, ssl_context=tls).start()
            listening()
            await stopping.wait()
            if settings.database_url is None and parent is None:
                begun.append(asyncio.create_task(write_checkpoint(url)))
            # Whoever sends requests here sees that it is not ready before it stops listening.
            # Without a parent the port is needed: by the server that is started in its place.
            app[DRAINING].set()
            with suppress(TimeoutError):
                await asyncio.wait_for(orphaned.wait(), settings.drain_delay)
    finally:
        app[ENDING].begin(settings.shutdown_timeout + CLOSE_SECONDS)
        # Sooner than aiohttp would, so that there is time to end.
        asyncio.get_running_loop().call_later(settings.shutdown_timeout, _cancel, app[RUNNING])
        await runner.cleanup()
        # A frozen PostgreSQL has kept them waiting until the pools were closed.
        if ending := {*begun, *app[RUNNING]}:
            await asyncio.wait(ending, timeout=app[ENDING].time_for(settings.shutdown_timeout))


def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in list(tasks):
        task.cancel()


def _notice_end(parent: int, *events: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(parent)
        for event in events:
            event.set()

    loop.add_reader(parent, ended)
