"""What is said of a request when it is over: its line in the log, and the numbers of `/metrics`."""

import logging
from typing import Final

from aiohttp import web

from web.database.tally import Tally
from web.keys import IDENTITY, REQUEST_ID
from web.logs import parameter_names
from web.metrics import BROKEN_OFF, GONE, NO_ROUTE, count_request

# As much of a path as the log keeps.
_MOST_PATH: Final = 200

_LOG = logging.getLogger("hangtag.requests")


def account(
    request: web.Request, status: int | None, seconds: float, tally: Tally, *, is_broken: bool
) -> None:
    """Count a request, and write its line.

    The line has the path without its query, and of that the names alone: a value may be a token.

    Args:
        request: it is over.
        status: of the answer; None when the client left before there was one.
        seconds: from the request to the end of its handler.
        tally: what it asked of the database.
        is_broken: whether the connection ended before the answer did.
    """
    resource = request.match_info.route.resource
    route = NO_ROUTE if resource is None else resource.canonical
    said = GONE if status is None else f"{status} {BROKEN_OFF}" if is_broken else str(status)
    count_request(route, request.method, BROKEN_OFF if is_broken and status else said, seconds)
    if not _LOG.isEnabledFor(logging.INFO):
        return
    path = request.rel_url.raw_path[:_MOST_PATH]
    fields: dict[str, object] = {
        "request_id": request.get(REQUEST_ID, ""),
        "route": route,
        "status": GONE if status is None else status,
        "ms": round(seconds * 1000, 1),
        "queries": tally.query_count,
        "database_ms": round(tally.query_seconds * 1000, 1),
    }
    if (identity := request.get(IDENTITY)) is not None:
        fields["person"] = identity.person
    if request.rel_url.raw_query_string:
        fields["parameters"] = parameter_names(request.rel_url.query)
    if tally.byte_count is not None:
        fields["rows"], fields["bytes"] = tally.row_count, tally.byte_count
    _LOG.info("%s %s %s", request.method, path, said, extra=fields)
