"""The cookie of a session: set when somebody signs in, taken back when they sign out."""

from aiohttp import web

from web.access.allowances import forget_old
from web.access.guard import SESSION_COOKIE, session_life
from web.access.roles import Identity
from web.access.sessions import close_session, open_session
from web.keys import IDENTITY, POOL


async def begin_session(
    request: web.Request, response: web.Response, identity: Identity
) -> web.Response:
    """Sign a browser in: always with a new token, and whatever it had is closed."""
    if identity.account_id is None:
        raise web.HTTPForbidden
    pool = request.app[POOL]
    if (known := request.cookies.get(SESSION_COOKIE)) is not None:
        await close_session(pool, known)
    token = await open_session(pool, identity.account_id, session_life(request))
    await forget_old(pool)
    request[IDENTITY] = identity
    response.set_cookie(SESSION_COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def end_session(response: web.Response) -> web.Response:
    """Let the browser forget its token."""
    response.del_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response
