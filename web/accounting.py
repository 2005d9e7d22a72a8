"""What is said of a request when it is over: its line in the log, and the numbers of `/metrics`."""

import logging
from http import HTTPStatus

from aiohttp import web

from web.database.tally import Tally
from web.inputs import id_from
from web.keys import IDENTITY, REQUEST_ID
from web.logs import parameter_names
from web.metrics import BROKEN_OFF, GONE, NO_ROUTE, count_request

_LOG = logging.getLogger("hangtag.requests")


def account(
    request: web.Request, status: int | None, seconds: float, tally: Tally, *, is_broken: bool
) -> None:
    """Count a request, and write its line.

    The line has the path without its query, and of that the names alone: a value may be a token.
    So may a path that names nothing; then the route is there in its place.

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
    path = request.rel_url.raw_path if _names_something(request, status) else route
    _LOG.info("%s %s %s", request.method, path, said, extra=fields)


def _names_something(request: web.Request, status: int | None) -> bool:
    """Return whether a path is one of the desk's own, and not whatever somebody typed."""
    if request.match_info.route.resource is None:
        return False
    is_found = status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}  # a file, say
    # Somebody may paste a key where an id belongs.
    return is_found or all(id_from(value) is not None for value in request.match_info.values())
