"""What happens around every request, whoever sends it; web/app.py says in which order.

A request id and a log line, the language, error pages, the check of the Host header and
of where a form came from. The security headers go on every response when its headers are
sent, streams included. Who may, the deadline and how a page is delivered are in modules
of their own.
"""

import asyncio
import logging
import secrets
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from web.accounting import account
from web.database.tally import begin_tally
from web.downloads.reader import DownloadBrokenOffError
from web.downloads.slots import NoSlotError
from web.keys import CLIENT_SCHEME, LIMITER, PAGE_TURN, REQUEST_ID, RUNNING
from web.languages import choose_language, gettext, use_language
from web.logs import bind_request
from web.networks import is_loopback
from web.pages.errors import error_response
from web.pages.mishaps import MISHAPS, mishap

# The response whose headers are out; from then on an error can only break the connection.
_PREPARED = web.RequestKey("prepared", web.StreamResponse)

_LOG = logging.getLogger("hangtag.requests")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with it Chromium posts forms with the Origin "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # What frame-ancestors says, for browsers that do not know it.
    "X-Frame-Options": "DENY",
}

# Behind TLS only (RFC 6797, 7.2): for a year.
STRICT_TRANSPORT_SECURITY = "max-age=31536000"

# Which software answers, and of which version, is nobody's business.
SERVER = "Hangtag"


async def send_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the request id and the security headers on a response (signal on_response_prepare)."""
    request[_PREPARED] = response
    if (request_id := request.get(REQUEST_ID)) is not None:
        response.headers["X-Request-ID"] = request_id
    response.headers["Server"] = SERVER
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.get(CLIENT_SCHEME, request.scheme) == "https":
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"


@web.middleware
async def request_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, and write one line about it when it is over."""
    request[REQUEST_ID] = secrets.token_hex(8)
    running, task = request.app[RUNNING], asyncio.current_task()
    assert task is not None, "a handler runs in a task"  # noqa: S101  # for the type checker
    running.add(task)
    tally = begin_tally()
    bind_request(request[REQUEST_ID])
    started = time.perf_counter()
    status, is_broken = None, False  # of a client that left before there was an answer
    try:
        response = await handler(request)
        status = response.status
        is_broken = request.transport is None or request.transport.is_closing()
    except web.HTTPException as answer:
        status = answer.status
        raise
    except Exception:
        status = 500  # of an error while an error page was made
        raise
    finally:
        running.discard(task)
        seconds = time.perf_counter() - started
        account(request, status, seconds, tally, is_broken=is_broken)
    return response


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the texts be in the language that was chosen, or that the browser asks for."""
    use_language(
        choose_language(request.cookies.get("language"), request.headers.get("Accept-Language", ""))
    )
    return await handler(request)


@web.middleware
async def page_turn(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let downloads give way while the request is handled; a download counts itself out."""
    turn = request[PAGE_TURN] = request.app[LIMITER].begin_page()
    try:
        return await handler(request)
    finally:
        turn.end()


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a page, or, once a body has begun, into a broken connection."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = error_response(request, error.status, error.text, headers=error.headers)
    except NoSlotError:
        response = error_response(
            request, 503, gettext("All downloads that can run at once are running."), retry_after=10
        )
    except MISHAPS as error:
        _LOG.warning("%s: %s, request %s", type(error).__name__, error, request[REQUEST_ID])
        answer = mishap(error)
        # Below /api a POST only asks.
        is_form = request.method == "POST" and not request.path.startswith("/api/")
        response = error_response(
            request,
            answer.status,
            answer.of_form if is_form else answer.sentence,
            retry_after=answer.retry_after,
        )
    except DownloadBrokenOffError as error:
        _LOG.warning("download broken off: %s, request %s", error, request[REQUEST_ID])
        response = error_response(
            request, 503, gettext("The download was broken off."), retry_after=10
        )
    except Exception:  # noqa: BLE001  # the last place where an error can become an answer
        _LOG.exception("unexpected error, request %s", request[REQUEST_ID])
        response = error_response(request, 500, None)
    begun: web.StreamResponse | None = request.get(_PREPARED)
    if begun is None:
        return response
    # The body has begun: ending it properly would pass a part off as the whole, and
    # a second status line would stand in the middle of it.
    if request.transport is not None:
        request.transport.abort()
    return begun


def host_check(allowed: frozenset[str]) -> Middleware:
    """Return a middleware that answers only requests for one of the `allowed` hosts.

    On a loopback address this is the defense against DNS rebinding: a foreign
    page whose name was made to point here still sends its own name as Host.
    """

    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _host_name(request.headers.get("Host", "")) not in allowed:
            raise web.HTTPMisdirectedRequest(text=gettext("Hangtag is not served under this name."))
        return await handler(request)

    return check_host


def loopback_names(host: str) -> frozenset[str] | None:
    """Return the names under which a server on `host` is reached, or None if not on loopback."""
    return frozenset({host, "localhost", "127.0.0.1", "::1"}) if is_loopback(host) else None


@web.middleware
async def same_origin_check(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page made a browser send.

    `Sec-Fetch-Site` says it where it is sent; plain HTTP on a LAN does not send it,
    there `Origin` says it. A request with neither comes from a program.
    """
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not _is_own(request):
        raise web.HTTPForbidden(
            text=gettext("This form was sent from another site. Nothing was saved.")
        )
    return await handler(request)


def _is_own(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        parsed = URL(origin)
        # With the scheme of the page: a proxy may end TLS, and 443 need not be written there.
        own = URL(f"{parsed.scheme}://{request.host}")
        return bool(parsed.host) and parsed.origin() == own.origin()
    except ValueError:
        return False


def _host_name(host: str) -> str | None:
    try:
        return URL(f"//{host}").host
    except ValueError:
        return None
