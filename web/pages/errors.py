"""Error pages: what went wrong in a sentence, the request's id, and a way onward."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from web.keys import REQUEST_ID
from web.languages import gettext, marked
from web.templates import render

# The sentences for errors that come without one, from the framework.
_SENTENCES: Final = {
    400: marked("The request could not be understood."),
    403: marked("This is not allowed."),
    404: marked("There is nothing at this address."),
    405: marked("This address does not take such a request."),
    413: marked("What was sent is larger than Hangtag takes."),
    500: marked("Something went wrong here. It has been noted."),
    503: marked("Hangtag is busy just now."),
}
# What a status is called above the sentence.
_TITLES: Final = {
    400: marked("Bad request"),
    401: marked("Not signed in"),
    403: marked("Not allowed"),
    404: marked("Not found"),
    405: marked("Not possible here"),
    409: marked("Conflict"),
    412: marked("Changed meanwhile"),
    413: marked("Too large"),
    415: marked("Unknown form of content"),
    421: marked("Not served here"),
    422: marked("Not possible this way"),
    426: marked("Another protocol is needed"),
    429: marked("Too many requests"),
    500: marked("Something went wrong"),
    503: marked("Not available just now"),
}
# Those of the framework's own text, which is not sent.
_DROPPED_HEADERS = {"Content-Type", "Content-Length"}


def error_response(
    request: web.Request,
    status: int,
    sentence: str | None,
    *,
    headers: Mapping[str, str] | None = None,
    retry_after: int | None = None,
) -> web.Response:
    """Return an error as a page in the site's layout, as JSON for a program.

    Args:
        request: the request that failed.
        status: the HTTP status, 400 or above.
        sentence: what a person should know; None for the status's own sentence.
        headers: the headers of the error.
        retry_after: after how many seconds trying again makes sense.
    """
    # The framework's own errors have a text such as "404: Not Found".
    if not sentence or sentence.startswith(f"{status}:"):
        known = _SENTENCES.get(status)
        sentence = gettext(known) if known else HTTPStatus(status).phrase + "."
    request_id = request.get(REQUEST_ID, "")
    if is_program(request):
        response = web.json_response(
            {"error": {"status": status, "reason": sentence, "request_id": request_id}},
            status=status,
        )
    else:
        response = render(
            request,
            "errors/error.html",
            {
                "status": status,
                "title": _title(status),
                "sentence": sentence,
                "request_id": request_id,
                "retry_after": retry_after,
            },
            status=status,
        )
    response.headers.update(
        {name: value for name, value in (headers or {}).items() if name not in _DROPPED_HEADERS}
    )
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _title(status: int) -> str:
    known = _TITLES.get(status)
    return gettext(known) if known else HTTPStatus(status).phrase.capitalize()


def is_program(request: web.Request) -> bool:
    """Whether a program asks, and no person's browser: below /api, or with a key."""
    return request.path.startswith("/api/") or "Authorization" in request.headers
