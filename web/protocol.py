"""What the desk says to bytes that are no HTTP request, and how a connection is read.

aiohttp answers them before there is a request that the application could see: with a traceback
in the log, and without the headers that every answer is to have.
"""

import logging
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from web.middlewares import SECURITY_HEADERS, SERVER

# Whether a runner is to unpack bodies. A body of 1 MB would be unpacked to 1 GB, if only to be
# thrown away; here nobody sends compressed bodies, and who does is told so (web/bodies.py).
AUTO_DECOMPRESS: Final = False
# Of a reason that quotes what was sent.
_MOST_REASON: Final = 300

_LOG = logging.getLogger("hangtag.requests")


class DeskProtocol(web.RequestHandler):
    """A connection. What a client sent wrongly is its mistake: a line in the log, no traceback."""

    __slots__ = ()

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


class _DeskServer(web.Server):
    def __call__(self) -> web.RequestHandler:
        protocol = super().__call__()
        protocol.__class__ = DeskProtocol
        return protocol


def answer_mistakes(server: web.Server | None) -> None:
    """Let a server that was set up, and has no connection yet, make connections of the kind above.

    By their class, since aiohttp has no other way to say of which class they are to be.
    """
    if server is None:
        raise ValueError("the runner is not set up")
    server.__class__ = _DeskServer
