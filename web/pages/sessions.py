"""The cookie of a session: set when somebody signs in, taken back when they sign out."""

from aiohttp import web

from web.access.guard import SESSION_COOKIE, session_life
from web.access.roles import Identity
from web.access.sessions import close_session, open_session
from web.keys import IDENTITY, POOL


async def begin_session(
    request: web.Request, identity: Identity, *, verified: str | None = None
) -> str:
    """Sign a browser in and return its token, for `keep_session`.

    It is always a new one, and whatever the browser had is closed.

    Args:
        request: what the browser sent.
        identity: who it is.
        verified: what the password was compared with; None for who came without one.

    Raises:
        AccountChangedError: the account is gone, or its password another one since.
        DatabaseUnavailableError: the database cannot be asked; nobody was signed in.
    """
    if identity.account_id is None:
        raise web.HTTPForbidden
    pool = request.app[POOL]
    token = await open_session(pool, identity.account_id, session_life(request), verified=verified)
    if (known := request.cookies.get(SESSION_COOKIE)) is not None:
        await close_session(pool, known)
    request[IDENTITY] = identity
    return token


def keep_session(response: web.Response, token: str) -> web.Response:
    """Let the browser keep its token."""
    response.set_cookie(SESSION_COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def end_session(response: web.Response) -> web.Response:
    """Let the browser forget its token."""
    response.del_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response
