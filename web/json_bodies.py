"""Lists in JSON: what a program sent, or a 4xx that says why not."""

import json
import re
from typing import Any

from aiohttp import web

from web.bodies import read_body
from web.inputs import MAX_ID, is_id
from web.languages import gettext, thousands

# A text of JSON as a whole, or the sign before a value.
_VALUE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[,\[{]', re.DOTALL)


async def json_ids(request: web.Request, name: str, *, most: int) -> list[int]:
    """Return the ids in a body `{name: [1, 2, …]}` of JSON, in order, repetitions included.

    Raises:
        web.HTTPUnsupportedMediaType: the body is not JSON by its own account.
        web.HTTPRequestEntityTooLarge: more than `most` ids, or a body longer than the server takes.
        web.HTTPBadRequest: the body is anything else.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text=gettext("Send the ids as application/json."))
    ids = await _json_list(request, name, "[1, 2, …]", most=most)
    if len(ids) > most:
        raise web.HTTPRequestEntityTooLarge(
            most,
            len(ids),
            text=gettext("The body has %(count)s ids; at most %(most)s are possible.")
            % {"count": thousands(len(ids)), "most": thousands(most)},
        )
    for number, value in enumerate(ids, start=1):
        if not is_id(value):
            raise web.HTTPBadRequest(
                text=gettext(
                    "What is in place %(number)s of “%(name)s” is not an id: "
                    "a whole number from 1 to %(most)s."
                )
                % {"number": thousands(number), "name": name, "most": MAX_ID}
            )
    return ids


async def json_texts(request: web.Request, name: str, *, most: int, most_bytes: int) -> list[str]:
    """Return the texts in a body `{name: ["…", …]}` of JSON, in order.

    Raises:
        web.HTTPUnsupportedMediaType: the body is not JSON by its own account.
        web.HTTPRequestEntityTooLarge: more than `most` texts, or a body longer than `most_bytes`.
        web.HTTPBadRequest: the body is anything else.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text=gettext("Send the texts as application/json."))
    texts = await _json_list(request, name, '["…", …]', most=most, most_bytes=most_bytes)
    if len(texts) > most:
        raise web.HTTPRequestEntityTooLarge(
            most,
            len(texts),
            text=gettext("The body has %(count)s texts; at most %(most)s are possible.")
            % {"count": thousands(len(texts)), "most": thousands(most)},
        )
    for number, value in enumerate(texts, start=1):
        if not isinstance(value, str):
            raise web.HTTPBadRequest(
                text=gettext("What is in place %(number)s of “%(name)s” is not a text.")
                % {"number": thousands(number), "name": name}
            )
    return texts


async def _json_list(
    request: web.Request, name: str, example: str, *, most: int, most_bytes: int | None = None
) -> list[Any]:
    """Return the list in a body `{name: […]}`, or raise what the functions above raise."""
    sent = await read_body(request, most_bytes or request.client_max_size)
    if len(sent) > request.client_max_size:
        _refuse_many_values(sent, most)
    try:
        # Not bytes: from those json.loads would take UTF-16 and UTF-32, too.
        body = json.loads(sent.decode(), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text=gettext("The body is not UTF-8.")) from None
    except (ValueError, RecursionError):
        # A number of more than 4,300 digits and lists within lists within lists are among these.
        raise web.HTTPBadRequest(text=gettext("The body is not JSON that can be read.")) from None
    found = body[name] if isinstance(body, dict) and body.keys() == {name} else None
    if not isinstance(found, list):
        raise web.HTTPBadRequest(
            text=gettext("The body is not of the form %(form)s.")
            % {"form": f'{{"{name}": {example}}}'}
        )
    return found


def _refuse_many_values(sent: bytearray, most: int) -> None:
    """Refuse what would be millions of values, before they are made: 24 MB of `[]` took 700 MB."""
    for number, _ in enumerate(_VALUE.finditer(sent), start=1):
        # A text and its comma each, and what is around them.
        if number > 2 * most + 10:
            raise web.HTTPRequestEntityTooLarge(
                most, number, text=gettext("The body has more values than are possible.")
            )


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object that the pairs make; JSON leaves open which of two equal keys counts."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)
