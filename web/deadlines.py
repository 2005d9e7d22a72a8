"""How long a page may take: a person who waits is better told than kept waiting.

Each query has a limit of its own, but a page asks for a connection, who is asking, and several
queries one after another: on a PostgreSQL that is frozen they would add up.
"""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from web.access.roles import Access
from web.database.errors import DatabaseBusyError
from web.keys import ACCESS, SETTINGS

# They wait for the provider, as long as oidc.py says, and open a session.
_SLOWER: Final = frozenset({"sign_in_elsewhere", "oidc_callback"})


@web.middleware
async def page_deadline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Break off a page that takes too long; what streams or saves takes its own time.

    Raises:
        DatabaseBusyError: the page was broken off.
    """
    if not _is_page(request):
        return await handler(request)
    deadline = asyncio.timeout(request.app[SETTINGS].page_timeout)
    try:
        async with deadline:
            return await handler(request)
    except TimeoutError:
        if not deadline.expired():
            raise
        raise DatabaseBusyError("the page took too long") from None


def _is_page(request: web.Request) -> bool:
    route = request.match_info.route
    access = request.app[ACCESS].get(("GET", route.resource.canonical if route.resource else ""))
    return (
        request.method in {"GET", "HEAD"}
        # Where nothing matches the page says so, to somebody who may be signed in.
        and access not in {Access.PROGRAM, Access.PROBE}
        and route.name not in _SLOWER
    )
