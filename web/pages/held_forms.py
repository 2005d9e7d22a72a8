"""Forms that cannot be handled yet, since nobody can say who sends them: held, not lost.

Held means folded into the page that is the answer, to be sent once more with one press. The desk
itself keeps nothing of them.
"""

import json
import logging
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from web.database.errors import DatabaseUnavailableError
from web.forms import form_lists
from web.inputs import is_storable
from web.keys import REQUEST_ID
from web.languages import gettext
from web.pages.errors import is_program
from web.pages.mishaps import Mishap, mishap, set_retry_after
from web.pages.paths import path_here
from web.templates import render

# 10,000 brands of usual names.
_HELD_FIELDS: Final = 20_000
HELD_BYTES: Final = 4 * 1024 * 1024
# Packed into a field of another form, in which quotes and line breaks take twice as much.
PACKED_BYTES: Final = 2 * HELD_BYTES
# What is never written into a page, whatever form it comes with.
_SECRETS: Final = frozenset({"password"})

_LOG = logging.getLogger("hangtag.requests")

# The fields of a form that waits, each with all of its values.
Held = Mapping[str, list[str]]


async def held_fields(request: web.Request) -> Held:
    """Return the fields of a form that is to wait, without its secrets.

    Raises:
        web.HTTPRequestEntityTooLarge: it is larger than a page can hold, which is no more than
            that: the address itself may take it.
        Whatever else `form_lists` raises.
    """
    fields = await form_lists(request, most=_HELD_FIELDS, most_bytes=HELD_BYTES)
    return {name: values for name, values in fields.items() if name not in _SECRETS}


async def hold_form(request: web.Request, error: DatabaseUnavailableError) -> web.Response:
    """Answer a form while the database cannot say who sends it: a 503 that holds what was typed.

    Raises:
        DatabaseUnavailableError: `error`, when nothing was typed that a page could hold.
        web.HTTPRequestTimeout: the form was not all there in time.
    """
    if request.method != "POST" or is_program(request):
        raise error
    try:
        fields = await held_fields(request)
    except (
        web.HTTPBadRequest,
        web.HTTPRequestEntityTooLarge,
        web.HTTPUnsupportedMediaType,
    ):
        raise error from None
    answer = log_mishap(request, error)
    response = show_held(
        request,
        "access/away.html",
        path_here(request.rel_url.raw_path_qs) or "/",
        fields,
        sentence=answer.of_form,
        status=answer.status,
    )
    return set_retry_after(response, answer)


def show_too_large(request: web.Request) -> web.Response:
    """Return the answer to a form of nobody that a page cannot hold; the browser still has it."""
    response = render(request, "access/too_large.html", {}, status=413)
    response.headers["Cache-Control"] = "no-store"
    return response


def log_mishap(request: web.Request, error: DatabaseUnavailableError) -> Mishap:
    """Return what to answer to an error, which the log is told of."""
    _LOG.warning("%s: %s, request %s", type(error).__name__, error, request[REQUEST_ID])
    return mishap(error)


def show_held(
    request: web.Request,
    template: str,
    action: str,
    held: Held,
    *,
    sentence: str = "",
    status: int = 200,
) -> web.Response:
    """Return a page with a form that waits, to be sent to `action` with one press."""
    pairs = [(name, value) for name, values in held.items() for value in values]
    response = render(
        request,
        template,
        {"action": action, "fields": pairs, "sentence": sentence},
        status=status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def pack_form(held: Held) -> str:
    """Return a form that waits as the text of one field, as `unpack_form` reads it."""
    return json.dumps(held, ensure_ascii=False)


def unpack_form(text: str) -> Held | None:
    """Return the form that waits in a field; None if the field is empty.

    Raises:
        web.HTTPBadRequest: there is something else in it.
    """
    if not text:
        return None
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or not all(map(_is_field, held.items())):
        raise web.HTTPBadRequest(text=gettext("The form that was waiting cannot be read any more."))
    return held


def _is_field(pair: tuple[str, object]) -> bool:
    name, values = pair
    return isinstance(values, list) and all(
        # A NUL that somebody sent is theirs to be told of; half of a pair no page can hold.
        isinstance(text, str) and is_storable(text.replace("\0", ""))
        for text in (name, *values)
    )
