"""The bodies of requests, as bytes: what would be refused anyway is not read first.

A body is plain. Compressed, a megabyte could be a gigabyte, and nobody who types or asks for
products needs it; so it is refused by what it says of itself.
"""

import asyncio
from typing import Final

from aiohttp import web
from babel.numbers import format_decimal

from web.body_room import FREE_BYTES, NoRoomError
from web.keys import BODY_ROOM, SETTINGS
from web.languages import current_language, gettext, thousands

# What UTF-8 is called (https://encoding.spec.whatwg.org/#names-and-labels), and a part of it.
_UTF_8: Final = frozenset({"utf-8", "utf8", "unicode-1-1-utf-8", "us-ascii", "ascii"})
# When there may be room again.
_RETRY_SECONDS: Final = 5
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


async def read_body(request: web.Request, most: int) -> bytearray:
    """Return the body; a client that waits to be asked for it is asked now.

    Raises:
        web.HTTPUnsupportedMediaType: by its own account it is compressed, or not UTF-8.
        web.HTTPRequestEntityTooLarge: it is longer than `most` bytes.
        web.HTTPBadRequest: it broke off, or its chunks are none.
        web.HTTPRequestTimeout: it was not all there in time.
        web.HTTPServiceUnavailable: there is no room for so much, beside others as large.
    """
    _refuse_by_headers(request)
    if (request.content_length or 0) > most:
        raise _too_long(most)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # as aiohttp does: the answer itself has not begun
    body, has_room = bytearray(), False
    try:
        # In all: whoever sends a byte now and then would stay for ever.
        async with asyncio.timeout(request.app[SETTINGS].request_timeout):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > most:
                    raise _too_long(most)
                if len(body) > FREE_BYTES and not has_room:
                    # Not before: what only says that it is large would keep others waiting.
                    await request.app[BODY_ROOM].take(request.content_length or most)
                    has_room = True
    except TimeoutError:
        raise web.HTTPRequestTimeout(
            text=gettext("What was sent did not arrive in time.")
        ) from None
    except NoRoomError:
        raise web.HTTPServiceUnavailable(
            text=gettext("Too much is being sent at the same time. Send it again in a moment."),
            headers={"Retry-After": str(_RETRY_SECONDS)},
        ) from None
    except web.RequestPayloadError:
        raise web.HTTPBadRequest(
            text=gettext("The body broke off, or is not sent as it says.")
        ) from None
    return body


async def ask_later(_request: web.Request) -> None:
    """Answer `Expect: 100-continue` only when the body is wanted: in `read_body`.

    aiohttp by itself asks for it before anybody has looked whether it can be taken at all.
    """


def _refuse_by_headers(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        raise web.HTTPUnsupportedMediaType(
            text=gettext("Send the body as it is, not compressed."),
            headers={"Accept-Encoding": "identity"},  # RFC 9110, 15.5.16
        )
    charset = request.charset
    if charset is not None and charset.strip().lower() not in _UTF_8:
        raise web.HTTPUnsupportedMediaType(text=gettext("Send the body in UTF-8."))


def _too_long(most: int) -> web.HTTPException:
    size = format_decimal(float(f"{most / 2**20:.3g}"), locale=current_language())
    return web.HTTPRequestEntityTooLarge(
        most,
        text=gettext(
            "What was sent is longer than %(size)s MiB (%(bytes)s bytes), "
            "the most that can be sent here."
        )
        % {"size": size, "bytes": thousands(most)},
    )
