"""Forms: the fields that a browser or a program sent, or a 4xx that says why not."""

from typing import Final

from aiohttp import web

from web.bodies import read_body
from web.languages import gettext, thousands
from web.urlencoded import TooManyFieldsError, parse_form

MAX_FORM_FIELDS: Final = 100


async def form_fields(
    request: web.Request, *, most: int = MAX_FORM_FIELDS, most_bytes: int | None = None
) -> dict[str, str]:
    """Return the fields of a form.

    Args:
        request: the request that carries the form.
        most: how many fields there may be.
        most_bytes: how long the body may be; None for what the server takes everywhere.

    Raises:
        web.HTTPUnsupportedMediaType: the body is not an HTML form without files.
        web.HTTPRequestEntityTooLarge: the body is longer than that.
        web.HTTPBadRequest: the body is not UTF-8, has too many fields, or gives one twice.
    """
    return _each_once(await _form_pairs(request, most, most_bytes))


async def repeating_form_fields(
    request: web.Request, repeating: str, *, most: int
) -> tuple[dict[str, str], list[str]]:
    """Return the fields of a form, and the values of the one that may be given several times.

    Raises:
        Whatever `form_fields` raises.
    """
    pairs = await _form_pairs(request, most)
    fields = _each_once([pair for pair in pairs if pair[0] != repeating])
    return fields, [value for name, value in pairs if name == repeating]


async def form_lists(
    request: web.Request, *, most: int = MAX_FORM_FIELDS, most_bytes: int | None = None
) -> dict[str, list[str]]:
    """Return the fields of any form, each with all of its values, in order.

    Raises:
        Whatever `form_fields` raises, but for fields that are given twice.
    """
    fields: dict[str, list[str]] = {}
    for name, value in await _form_pairs(request, most, most_bytes):
        fields.setdefault(name, []).append(value)
    return fields


async def _form_pairs(
    request: web.Request, most: int, most_bytes: int | None = None
) -> list[tuple[str, str]]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(
            text=gettext("Send the form as application/x-www-form-urlencoded.")
        )
    body = await read_body(request, most_bytes or request.client_max_size)
    try:
        return await parse_form(body, most_fields=most)
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text=gettext("The form is not UTF-8.")) from None
    except TooManyFieldsError:
        raise web.HTTPBadRequest(
            text=gettext("The form has more than %(most)s fields.") % {"most": thousands(most)}
        ) from None


def _each_once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise web.HTTPBadRequest(text=gettext("The form gives a field twice."))
    return fields
