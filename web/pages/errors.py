"""Error pages: what went wrong in a sentence, the request's id, and a way onward."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from web.keys import REQUEST_ID
from web.templates import render

# The sentences for errors that come without one, from the framework.
_SENTENCES = {
    400: "The request could not be understood.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This address does not take such a request.",
    413: "What was sent is larger than Hangtag takes.",
    500: "Something went wrong here. It has been noted.",
    503: "Hangtag is busy just now.",
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
    """Return an error as a page in the site's layout, as JSON below /api.

    Args:
        request: the request that failed.
        status: the HTTP status, 400 or above.
        sentence: what a person should know; None for the status's own sentence.
        headers: the headers of the error.
        retry_after: after how many seconds trying again makes sense.
    """
    # The framework's own errors have a text such as "404: Not Found".
    if not sentence or sentence.startswith(f"{status}:"):
        sentence = _SENTENCES.get(status, HTTPStatus(status).phrase + ".")
    request_id = request.get(REQUEST_ID, "")
    if request.path.startswith("/api/"):
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
                "phrase": HTTPStatus(status).phrase,
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
