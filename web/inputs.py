"""The one parsing layer: what a client sent becomes typed values, or a 4xx that says why.

A path that names nothing is a 404; a parameter or a body that cannot be
understood is a 400 whose text is a sentence for the person who reads it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from web.bodies import read_body
from web.catalog.skus import SkuFilter
from web.database.keyset import Order
from web.languages import gettext, marked, ngettext, thousands
from web.urlencoded import TooManyFieldsError, parse_form

MAX_ID: Final = 2**63 - 1
MAX_QUERY_TEXT: Final = 200
MAX_FORM_FIELDS: Final = 100

_ID = re.compile(r"[1-9][0-9]{0,18}")
_WATCH = re.compile(r"[A-Za-z0-9_-]{16,64}")
# A text of JSON as a whole, or the sign before a value.
_VALUE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[,\[{]', re.DOTALL)
# What to say of a path whose id is none.
_NOTHING_SUCH: Final = {
    "brand_id": marked("There is no such brand."),
    "product_id": marked("There is no such product."),
    "color_id": marked("There is no such color."),
    "size_id": marked("There is no such size."),
    "change_id": marked("There is no such change."),
    "partner_key_id": marked("There is no such partner’s key."),
}


def path_id(request: web.Request, name: str) -> int:
    """Return the id in the path.

    Raises:
        web.HTTPNotFound: it is not an id.
    """
    value = id_from(request.match_info[name])
    if value is None:
        raise web.HTTPNotFound(text=gettext(_NOTHING_SUCH[name]))
    return value


def query_text(request: web.Request, name: str, *, most: int = MAX_QUERY_TEXT) -> str | None:
    """Return a parameter of the query, trimmed; None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: given twice, too long, or not text that a database can hold.
    """
    value = (only_value(request, name) or "").strip()
    if not is_storable(value):
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” holds characters that are not text.")
            % {"name": name}
        )
    if len(value) > most:
        raise web.HTTPBadRequest(
            text=gettext(
                "The parameter “%(name)s” is %(count)s characters long; "
                "at most %(most)s are possible."
            )
            % {"name": name, "count": thousands(len(value)), "most": thousands(most)}
        )
    return value or None


def query_id(request: web.Request, name: str) -> int | None:
    """Return an id in the query, or None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: it is not an id, or given twice.
    """
    text = only_value(request, name)
    if text is None:
        return None
    value = id_from(text)
    if value is None:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is not an id: %(text)s")
            % {"name": name, "text": shown(text)}
        )
    return value


def query_flag(request: web.Request, name: str) -> bool:
    """Return whether a parameter is 1; not given and 0 are False.

    Raises:
        web.HTTPBadRequest: it is anything else.
    """
    text = query_text(request, name)
    if text not in {None, "0", "1"}:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is neither 1 nor 0.") % {"name": name}
        )
    return text == "1"


def query_watch(request: web.Request) -> str | None:
    """Return the token that names the record of a download; None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: it cannot be one, or is given twice.
    """
    text = only_value(request, "watch")
    if text is not None and not _WATCH.fullmatch(text):
        raise web.HTTPBadRequest(
            text=gettext("The parameter “watch” is not 16 to 64 letters, digits, “-” and “_”.")
        )
    return text


def query_sort(request: web.Request, sorts: Mapping[str, Order], default: str) -> tuple[str, Order]:
    """Return the name of the sort in the query, `-` before it included, and its order.

    Raises:
        web.HTTPBadRequest: the list has no such sort.
    """
    name = query_text(request, "sort") or default
    order = sorts.get(name.removeprefix("-"))
    if order is None:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is none of: %(known)s.")
            % {"name": "sort", "known": ", ".join(sorts)}
        )
    return name, order.reversed() if name.startswith("-") else order


def sku_filter(request: web.Request) -> SkuFilter:
    """Return which SKUs the query asks for.

    Raises:
        web.HTTPBadRequest: a filter is not an id, or given twice.
    """
    return SkuFilter(
        product_id=query_id(request, "product_id"),
        brand_id=query_id(request, "brand_id"),
        color_id=query_id(request, "color_id"),
        size_id=query_id(request, "size_id"),
    )


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


def accepts_gzip(request: web.Request) -> bool:
    """Whether the client takes a body compressed with gzip (RFC 9110, 12.5.3)."""
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in {"gzip", "x-gzip"}:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def wanted_versions(request: web.Request) -> frozenset[int] | None:
    """Return the versions of the catalog that `If-Match` names; None if any will do.

    A tag that is no version, a weak one included, names none.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    return frozenset(
        int(version) for version in re.findall(r'(?<![^\s,])"([0-9]{1,18})"(?![^\s,])', header)
    )


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def id_from(text: str) -> int | None:
    """Return the id that a text is, or None if it is none."""
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        return None
    return int(text)


def only_value(request: web.Request, name: str) -> str | None:
    """Return a parameter as it came; None if it is not given or empty."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise web.HTTPBadRequest(
            text=ngettext(
                "The parameter “%(name)s” is given %(count)s time.",
                "The parameter “%(name)s” is given %(count)s times.",
                len(values),
            )
            % {"name": name, "count": thousands(len(values))}
        )
    return values[0] if values and values[0] else None


def shown(text: str) -> str:
    """Return the start of what was sent, in a form that a page can hold."""
    return text[:40].encode(errors="replace").decode()


def is_id(value: object) -> bool:
    """Whether a value from JSON is an id: a bool or a float never is."""
    return type(value) is int and 1 <= value <= MAX_ID


async def _form_pairs(
    request: web.Request, most: int, most_bytes: int | None = None
) -> list[tuple[str, str]]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(
            text=gettext("Send the form as application/x-www-form-urlencoded.")
        )
    body = await read_body(request, most_bytes or request.client_max_size)
    try:
        return parse_form(body, most_fields=most)
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text=gettext("The form is not UTF-8.")) from None
    except TooManyFieldsError:
        raise web.HTTPBadRequest(
            text=gettext("The form has more than %(most)s fields.") % {"most": thousands(most)}
        ) from None


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


def _each_once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise web.HTTPBadRequest(text=gettext("The form gives a field twice."))
    return fields


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object that the pairs make; JSON leaves open which of two equal keys counts."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)
