"""Who a request comes from, and whether they may: asked once, before any handler.

Every route names its access in web/routes.py. A program shows its key
(`Authorization: Bearer …`), a browser its session's cookie. On a loopback address
without any account, whoever comes is the local desk.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from web.access.allowances import AllowanceUsedUpError, use
from web.access.partner_keys import KnownKey, find_partner_key
from web.access.roles import LOCAL_DESK, Access, Identity, Role
from web.access.row_meter import row_meter
from web.access.sessions import SessionLife, find_session
from web.database.errors import DatabaseUnavailableError
from web.keys import ACCESS, IDENTITY, LOCAL_DESK_STATE, POOL, ROW_METER, SETTINGS
from web.languages import gettext

# __Host-: only this host, only all of it, only over TLS. Chromium (156) keeps it over plain HTTP
# on localhost and 127.0.0.1, too, which count as secure.
SESSION_COOKIE: Final = "__Host-hangtag"
_NEEDED_ROLE: Final = {
    Access.READ: Role.VIEWER,
    Access.PROGRAM: Role.VIEWER,
    Access.WRITE: Role.EDITOR,
    Access.ADMIN: Role.ADMIN,
}
# What a proxy adds. On the local desk it would open to everybody what is for this machine.
_FORWARDING: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
    }
)

# Handed to the guard, not imported by it: the answer is a page, and the pages import the guard. It
# gets the error, since a database that is full is told otherwise than one that is away.
Hold = Callable[[web.Request, DatabaseUnavailableError], Awaitable[web.StreamResponse]]


def guard(ask: Handler, hold: Hold, *, on_loopback: bool) -> Middleware:
    """Return the middleware that lets in who may, and tells the handler who it is.

    Args:
        ask: answers a request of nobody, by asking to sign in.
        hold: answers a request of which the database cannot say just now whose it is.
        on_loopback: whether only this machine reaches the desk.
    """

    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        access = access_of(request)
        if access is Access.PROBE:
            return await handler(request)
        if access is None or access is Access.PUBLIC:
            await _note_session(request)
            return await handler(request)
        if (key := bearer_key(request)) is not None:
            known = await find_partner_key(request.app[POOL], key)
            if known is None:
                return await ask(request)
            async with _partner(request, known, access):
                return await handler(request)
        try:
            identity = await session_of(request)
            if identity is None and on_loopback:
                identity = await _local(request)
        except DatabaseUnavailableError as error:
            return await hold(request, error)
        if identity is not None:
            request[IDENTITY] = identity
            check_role(identity, access)
        return await (ask if identity is None else handler)(request)

    return let_in


def session_life(request: web.Request) -> SessionLife:
    """Return how long the sessions of this desk last."""
    settings = request.app[SETTINGS]
    return SessionLife(settings.session_idle, settings.session_absolute)


def bearer_key(request: web.Request) -> str | None:
    """Return the key that a program shows, or None if it shows none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def too_many(text: str, error: AllowanceUsedUpError) -> web.HTTPTooManyRequests:
    """Return the answer to somebody whose allowance is used up."""
    return web.HTTPTooManyRequests(text=text, headers={"Retry-After": str(error.retry_after)})


def access_of(request: web.Request) -> Access | None:
    """Return who may use the route that matched; None if none did.

    Raises:
        web.HTTPForbidden: the route has no access in the URL map, so nobody has.
    """
    if request.match_info.http_exception is not None:
        return None
    resource = request.match_info.route.resource
    method = "GET" if request.method == "HEAD" else request.method
    access = request.app[ACCESS].get((method, resource.canonical if resource else ""))
    if access is None:
        raise web.HTTPForbidden
    return access


def check_role(identity: Identity, access: Access) -> None:
    """Let somebody pass whose role covers what the access needs.

    Raises:
        web.HTTPForbidden: it does not.
    """
    needed = _NEEDED_ROLE[access]
    if not identity.role.covers(needed):
        raise web.HTTPForbidden(
            text=gettext("This needs the role %(needed)s; yours is %(role)s.")
            % {"needed": needed, "role": identity.role}
        )


async def _local(request: web.Request) -> Identity | None:
    """Return the local desk, as long as it is open; None when there are accounts."""
    if not await request.app[LOCAL_DESK_STATE].is_open():
        return None
    _refuse_forwarded(request)
    return LOCAL_DESK


async def _note_session(request: web.Request) -> None:
    """Say who is signed in on a page for everybody; without the database nobody is."""
    try:
        known = await session_of(request)
    except DatabaseUnavailableError:
        return
    if known is not None:
        request[IDENTITY] = known


async def session_of(request: web.Request) -> Identity | None:
    """Return who is signed in with the browser's cookie, or None.

    Raises:
        DatabaseUnavailableError: the database cannot say it just now.
    """
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    return await find_session(request.app[POOL], token, session_life(request))


@asynccontextmanager
async def _partner(request: web.Request, known: KnownKey, access: Access) -> AsyncIterator[None]:
    """Let a partner's program in for a block, and count what it takes."""
    if access is not Access.PROGRAM:
        raise web.HTTPForbidden(text=gettext("A partner’s key is for downloads and batches only."))
    pool = request.app[POOL]
    try:
        await use(pool, known.requests)
    except AllowanceUsedUpError as error:
        sentence = gettext("The key has %(count)s requests a minute, and they are used up.")
        raise too_many(sentence % {"count": known.requests_per_minute}, error) from None
    request[IDENTITY] = Identity(
        f"key {known.partner_key_name}", Role.VIEWER, key_id=known.partner_key_id
    )
    try:
        async with row_meter(pool, known.rows) as request[ROW_METER]:
            yield
    except AllowanceUsedUpError as error:
        sentence = gettext("The key has %(count)s rows a day, and they are used up.")
        raise too_many(sentence % {"count": known.rows_per_day}, error) from None


def _refuse_forwarded(request: web.Request) -> None:
    names = {name.lower() for name in request.headers}
    if names & _FORWARDING or any(name.startswith("x-forwarded-") for name in names):
        raise web.HTTPForbidden(
            text=gettext(
                "This desk has no accounts and is for this machine only; the request came "
                "through a proxy. Add an account first: python run.py user add NAME --role admin"
            )
        )
