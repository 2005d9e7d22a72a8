"""The one parsing layer: what a client sent becomes typed values, or a 4xx that says why.

A path that names nothing is a 404; a parameter or a body that cannot be
understood is a 400 whose text is a sentence for the person who reads it.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from web.catalog.skus import SkuFilter
from web.database.keyset import Key, Order, Position

MAX_ID: Final = 2**63 - 1
MAX_QUERY_TEXT: Final = 200
MAX_FORM_FIELDS: Final = 100

_ID = re.compile(r"[1-9][0-9]{0,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def path_id(request: web.Request, name: str) -> int:
    """Return the id in the path.

    Raises:
        web.HTTPNotFound: it is not an id.
    """
    value = _id(request.match_info[name])
    if value is None:
        noun = name.removesuffix("_id").replace("_", " ")
        raise web.HTTPNotFound(text=f"There is no such {noun}.")
    return value


def query_text(request: web.Request, name: str) -> str | None:
    """Return a parameter of the query, trimmed; None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: given twice, too long, or not text that a database can hold.
    """
    value = (_only_value(request, name) or "").strip()
    if not is_storable(value):
        raise web.HTTPBadRequest(text=f"The parameter “{name}” holds characters that are not text.")
    if len(value) > MAX_QUERY_TEXT:
        raise web.HTTPBadRequest(
            text=f"The parameter “{name}” is {len(value)} characters long; "
            f"at most {MAX_QUERY_TEXT} are possible."
        )
    return value or None


def query_id(request: web.Request, name: str) -> int | None:
    """Return an id in the query, or None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: it is not an id, or given twice.
    """
    text = _only_value(request, name)
    if text is None:
        return None
    value = _id(text)
    if value is None:
        raise web.HTTPBadRequest(text=f"The parameter “{name}” is not an id: {_shown(text)}")
    return value


def query_flag(request: web.Request, name: str) -> bool:
    """Return whether a parameter is 1; not given and 0 are False.

    Raises:
        web.HTTPBadRequest: it is anything else.
    """
    text = query_text(request, name)
    if text not in {None, "0", "1"}:
        raise web.HTTPBadRequest(text=f"The parameter “{name}” is neither 1 nor 0.")
    return text == "1"


def query_sort(request: web.Request, sorts: Mapping[str, Order], default: str) -> tuple[str, Order]:
    """Return the name of the sort in the query, `-` before it included, and its order.

    Raises:
        web.HTTPBadRequest: the list has no such sort.
    """
    name = query_text(request, "sort") or default
    order = sorts.get(name.removeprefix("-"))
    if order is None:
        known = ", ".join(sorts)
        raise web.HTTPBadRequest(text=f"The parameter “sort” is none of: {known}.")
    return name, order.reversed() if name.startswith("-") else order


def query_position(request: web.Request, sort: str, order: Order) -> Position:
    """Return the position in a list that `after` or `before` names.

    Raises:
        web.HTTPBadRequest: it is no position of a list in this sort, or both are given.
    """
    after, before = _one_of_two(request)
    return Position(
        after=_decoded_key(after, sort, order, "after"),
        before=_decoded_key(before, sort, order, "before"),
    )


def encoded_key(key: Key, sort: str) -> str:
    """Return a position in a list as the opaque text that `query_position` reads."""
    first, row_id = key
    if isinstance(first, datetime):
        first = (first - _EPOCH) // timedelta(microseconds=1)
    text = json.dumps([sort, first, row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def query_sku_position(request: web.Request) -> Position:
    """Return the position in the list of SKUs: `after` or `before` is `<product_id>,<sku_id>`.

    Raises:
        web.HTTPBadRequest: it is anything else, or both are given.
    """
    after, before = _one_of_two(request)
    return Position(after=_sku_key(after, "after"), before=_sku_key(before, "before"))


def encoded_sku_key(key: Key) -> str:
    """Return a position in the list of SKUs as `query_sku_position` reads it."""
    return f"{key[0]},{key[1]}"


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


async def form_fields(request: web.Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        web.HTTPUnsupportedMediaType: the body is not an HTML form without files.
        web.HTTPRequestEntityTooLarge: the body is longer than the server takes.
        web.HTTPBadRequest: the body is not UTF-8, or a field is given twice.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(
            text="Send the form as application/x-www-form-urlencoded."
        )
    body = await request.read()
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text="The form is not UTF-8.") from None
    except ValueError:
        raise web.HTTPBadRequest(text=f"The form has more than {MAX_FORM_FIELDS} fields.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise web.HTTPBadRequest(text="The form gives a field twice.")
    return fields


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _id(text: str) -> int | None:
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        return None
    return int(text)


def _one_of_two(request: web.Request) -> tuple[str | None, str | None]:
    after = _only_value(request, "after")
    before = _only_value(request, "before")
    if after is not None and before is not None:
        raise web.HTTPBadRequest(text="Only one of “after” and “before” can be given.")
    return after, before


def _only_value(request: web.Request, name: str) -> str | None:
    """Return a parameter as it came; None if it is not given or empty."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise web.HTTPBadRequest(text=f"The parameter “{name}” is given {len(values)} times.")
    return values[0] if values and values[0] else None


def _shown(text: str) -> str:
    """Return the start of what was sent, in a form that a page can hold."""
    return text[:40].encode(errors="replace").decode()


def _decoded_key(token: str | None, sort: str, order: Order, name: str) -> Key | None:
    if token is None:
        return None
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        named, first, row_id = json.loads(text)
        key = _typed_key(first, order)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        key = None
    if key is None or named != sort or not _is_id(row_id):
        raise web.HTTPBadRequest(
            text=f"The parameter “{name}” is no position in this list. Start at its first page."
        )
    return key, row_id


def _typed_key(first: object, order: Order) -> str | int | datetime | None:
    if order.key_type is str:
        return first if isinstance(first, str) and is_storable(first) else None
    if type(first) is not int or first < 0:
        return None
    if order.key_type is int:
        return first if first <= MAX_ID else None
    return _EPOCH + timedelta(microseconds=first) if first <= _LAST_MICROSECOND else None


def _is_id(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_ID


def _sku_key(token: str | None, name: str) -> Key | None:
    if token is None:
        return None
    product_id, comma, sku_id = token.partition(",")
    key = _id(product_id), _id(sku_id)
    if not comma or key[0] is None or key[1] is None:
        raise web.HTTPBadRequest(
            text=f"The parameter “{name}” is not <product_id>,<sku_id>: {_shown(token)}"
        )
    return key[0], key[1]
