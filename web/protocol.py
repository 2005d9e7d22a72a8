"""What the desk says to bytes that are no HTTP request, and how a connection is read.

aiohttp answers them before there is a request that the application could see: with a traceback
in the log, and without the headers that every answer is to have. And it waits an hour for a head
that does not come to its end.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy

from web.middlewares import SECURITY_HEADERS, SERVER

# Whether a runner is to unpack bodies. A body of 1 MB would be unpacked to 1 GB, if only to be
# thrown away; here nobody sends compressed bodies, and who does is told so (web/bodies.py).
AUTO_DECOMPRESS: Final = False
# Of a reason that quotes what was sent.
_MOST_REASON: Final = 300

_LOG = logging.getLogger("hangtag.requests")


class DeskProtocol(web.RequestHandler):
    """A connection. What a client sent wrongly is its mistake: a line in the log, no traceback.

    The head of a request has to be there within `head_timeout` seconds of the connection, or of
    its own first byte, however steadily it drips. A connection may rest between requests.
    """

    __slots__ = ("_head_timeout", "_head_timer")

    def __init__(self, manager: web.Server, *, head_timeout: float, **settings: Any) -> None:  # noqa: ANN401 - as it is there
        super().__init__(manager, **settings)
        self._head_timeout = head_timeout
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and begin or stop waiting for the rest of a head."""
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._stop_waiting()
        elif self._waiter is not None and not self._waiter.done():
            # No request is being handled, so this is a part of the next one's head.
            self._wait_for_head()
        self._break_body()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _break_body(self) -> None:
        """Tell whoever reads a body that it cannot go on.

        aiohttp (3.14) queues its answer to broken chunks behind the request that they belong to,
        whose handler would go on waiting for its body. One that has all come is not spoiled.
        """
        request = self._current_request
        if request is not None and self._messages and not request.content.is_eof():
            mistake = getattr(self._messages[-1][0], "exc", None)
            if isinstance(mistake, HttpProcessingError):
                request.content.set_exception(web.RequestPayloadError(type(mistake).__name__))

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = asyncio.get_running_loop().call_later(
                self._head_timeout, self._give_up
            )

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        _LOG.info("the head of a request took too long")
        self.force_close()

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401 - as it is there
        """Log an exception of ours with its traceback, a mistake of the client's as one line."""
        error = kw.get("exc_info")
        if isinstance(error, (HttpProcessingError, web.RequestPayloadError)):
            _LOG.info("what was sent is no HTTP: %s", type(error).__name__)
        else:
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return what is answered instead of a page, with the headers that pages have."""
        reason = message[:_MOST_REASON] if message else message
        response = super().handle_error(request, status, exc, reason)
        response.headers.update(SECURITY_HEADERS)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Server"] = SERVER
        return response


def _without_odd_expectations(
    make: Callable[..., web.BaseRequest],
) -> Callable[..., web.BaseRequest]:
    """Pass over what a client expects other than to be asked for its body (RFC 9110, 10.1.1).

    aiohttp (3.14) would refuse it by repeating it, and fail where it is no text.
    """

    def made(message: Any, *rest: Any) -> web.BaseRequest:  # noqa: ANN401 - as it is there
        if message.headers.get("Expect", "100-continue").lower() != "100-continue":
            headers = CIMultiDict(message.headers)
            headers.popall("Expect")
            message = message._replace(headers=CIMultiDictProxy(headers))
        return make(message, *rest)

    return made


class _DeskServer(web.Server):
    head_timeout: float

    def __call__(self) -> web.RequestHandler:
        return DeskProtocol(self, head_timeout=self.head_timeout, loop=self._loop, **self._kwargs)


def answer_mistakes(server: web.Server | None, head_timeout: float = 60.0) -> None:
    """Let a server that was set up, and has no connection yet, make connections of the kind above.

    By its class, since aiohttp has no other way to say of which class they are to be.
    """
    if server is None:
        raise ValueError("the runner is not set up")
    server.__class__ = _DeskServer
    server.request_factory = _without_odd_expectations(server.request_factory)
    cast("_DeskServer", server).head_timeout = head_timeout
