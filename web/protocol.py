"""What the desk says to bytes that are no HTTP request, and how a connection is read.

aiohttp answers them before there is a request that the application could see: with a traceback
in the log, and without the headers that every answer is to have. It waits an hour for a head
that does not come to its end, and ten seconds for the rest of a body that nobody wants.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

from web.middlewares import SECURITY_HEADERS, SERVER, STRICT_TRANSPORT_SECURITY

# Whether a runner is to unpack bodies. A body of 1 MB would be unpacked to 1 GB, if only to be
# thrown away; here nobody sends compressed bodies, and who does is told so (web/bodies.py).
AUTO_DECOMPRESS: Final = False
# Of a reason that quotes what was sent.
_MOST_REASON: Final = 300
# An answer can come before the rest of its request, which is then read and thrown away, since
# closing at once would take the answer from a client that is still sending (RFC 9112, 9.6). As
# long as it sends, aiohttp goes on for ten seconds: an upload of 30 MB is told that it is too
# long. One that is silent for two has its answer, and one that had its time gets no more.
_MOST_SILENCE: Final = 2.0
_AFTER_TIMEOUT: Final = 1.0

_LOG = logging.getLogger("hangtag.requests")


class DeskProtocol(web.RequestHandler):
    """A connection. What a client sent wrongly is its mistake: a line in the log, no traceback.

    The head of a request has to be there within `head_timeout` seconds of the connection, or of
    its own first byte, however steadily it drips. A connection may rest between requests, but not
    in the middle of a body whose request was answered already.
    """

    __slots__ = ("_head_timeout", "_head_timer", "_silence_timer", "_unread_body")

    def __init__(self, manager: web.Server, *, head_timeout: float, **settings: Any) -> None:  # noqa: ANN401 - as it is there
        super().__init__(manager, **settings)
        self._head_timeout = head_timeout
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_body: StreamReader | None = None
        self._silence_timer: asyncio.TimerHandle | None = None

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
        if self._silence_timer is not None:
            self._listen_to_silence()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_listening()
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; when it comes before the rest of the request, do not wait long for it.

        aiohttp (3.14) looks at its lingering time right behind this.
        """
        is_late = resp.status == HTTPStatus.REQUEST_TIMEOUT
        if is_late:
            resp.force_close()
        self._unread_body = request.content
        answered = await super().finish_response(request, resp, start_time)
        if not request.content.is_eof():
            self._listen_to_silence()
            if is_late:
                self._hang_up()
        return answered

    def _hang_up(self) -> None:
        """Say that nothing more will be answered, and throw away what still comes for a moment."""
        self._lingering_time = _AFTER_TIMEOUT
        self.close()
        transport = cast("asyncio.WriteTransport | None", self.transport)
        if transport is not None and transport.can_write_eof():  # TLS cannot be closed by half
            transport.write_eof()

    def _listen_to_silence(self) -> None:
        self._stop_listening()
        if self._unread_body is not None and not self._unread_body.is_eof():
            self._silence_timer = asyncio.get_running_loop().call_later(
                _MOST_SILENCE, self.force_close
            )

    def _stop_listening(self) -> None:
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None

    def _break_body(self) -> None:
        """Tell whoever reads a body, if only to throw it away, that it cannot go on.

        aiohttp (3.14) queues its answer to broken chunks behind the request that they belong to,
        whose handler would go on waiting for its body. One that has all come is not spoiled.
        """
        request = self._current_request
        body = self._unread_body if request is None else request.content
        if body is not None and self._messages and not body.is_eof():
            mistake = getattr(self._messages[-1][0], "exc", None)
            if isinstance(mistake, HttpProcessingError):
                body.set_exception(web.RequestPayloadError(type(mistake).__name__))

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
        if request.scheme == "https":
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
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

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as it is there
        """Let connections end within `timeout` seconds, in all.

        aiohttp (3.14) waits as long again for what does not end when it is cancelled.
        """
        try:
            async with asyncio.timeout(timeout):
                await super().shutdown(timeout)
        except TimeoutError:
            for connection in self.connections:
                connection.force_close()


def answer_mistakes(server: web.Server | None, head_timeout: float = 60.0) -> None:
    """Let a server that was set up, and has no connection yet, make connections of the kind above.

    By its class, since aiohttp has no other way to say of which class they are to be.
    """
    if server is None:
        raise ValueError("the runner is not set up")
    server.__class__ = _DeskServer
    server.request_factory = _without_odd_expectations(server.request_factory)
    cast("_DeskServer", server).head_timeout = head_timeout
