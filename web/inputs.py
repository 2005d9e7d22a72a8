"""The one parsing layer: what a client sent becomes typed values, or a 4xx that says why.

A path that names nothing is a 404; a parameter or a body that cannot be
understood is a 400 whose text is a sentence for the person who reads it.
"""

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from web.catalog.skus import SkuFilter
from web.database.keyset import Order

MAX_ID: Final = 2**63 - 1
MAX_QUERY_TEXT: Final = 200
MAX_FORM_FIELDS: Final = 100

_ID = re.compile(r"[1-9][0-9]{0,18}")


def path_id(request: web.Request, name: str) -> int:
    """Return the id in the path.

    Raises:
        web.HTTPNotFound: it is not an id.
    """
    value = id_from(request.match_info[name])
    if value is None:
        noun = name.removesuffix("_id").replace("_", " ")
        raise web.HTTPNotFound(text=f"There is no such {noun}.")
    return value


def query_text(request: web.Request, name: str) -> str | None:
    """Return a parameter of the query, trimmed; None if it is not given or empty.

    Raises:
        web.HTTPBadRequest: given twice, too long, or not text that a database can hold.
    """
    value = (only_value(request, name) or "").strip()
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
    text = only_value(request, name)
    if text is None:
        return None
    value = id_from(text)
    if value is None:
        raise web.HTTPBadRequest(text=f"The parameter “{name}” is not an id: {shown(text)}")
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
    body = await _body(request)
    try:
        pairs = parse_qsl(
            body.decode(),
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


async def json_ids(request: web.Request, name: str, *, most: int) -> list[int]:
    """Return the ids in a body `{name: [1, 2, …]}` of JSON, in order, repetitions included.

    Raises:
        web.HTTPUnsupportedMediaType: the body is not JSON by its own account.
        web.HTTPRequestEntityTooLarge: more than `most` ids, or a body longer than the server takes.
        web.HTTPBadRequest: the body is anything else.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send the ids as application/json.")
    try:
        # Not bytes: from those json.loads would take UTF-16 and UTF-32, too.
        body = json.loads((await _body(request)).decode(), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text="The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        # A number of more than 4,300 digits and lists within lists within lists are among these.
        raise web.HTTPBadRequest(text="The body is not JSON that can be read.") from None
    ids = body[name] if isinstance(body, dict) and body.keys() == {name} else None
    if not isinstance(ids, list):
        raise web.HTTPBadRequest(text=f'The body is not of the form {{"{name}": [1, 2, …]}}.')
    if len(ids) > most:
        raise web.HTTPRequestEntityTooLarge(
            most, len(ids), text=f"The body has {len(ids):,} ids; at most {most:,} are possible."
        )
    for number, value in enumerate(ids, start=1):
        if not is_id(value):
            raise web.HTTPBadRequest(
                text=f"What is in place {number:,} of “{name}” is not an id: "
                f"a whole number from 1 to {MAX_ID}."
            )
    return ids


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
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def id_from(text: str) -> int | None:
    """Return the id that a text is, or None if it is none."""
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        return None
    return int(text)


def only_value(request: web.Request, name: str) -> str | None:
    """Return a parameter as it came; None if it is not given or empty."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise web.HTTPBadRequest(text=f"The parameter “{name}” is given {len(values)} times.")
    return values[0] if values and values[0] else None


def shown(text: str) -> str:
    """Return the start of what was sent, in a form that a page can hold."""
    return text[:40].encode(errors="replace").decode()


def is_id(value: object) -> bool:
    """Whether a value from JSON is an id: a bool or a float never is."""
    return type(value) is int and 1 <= value <= MAX_ID


async def _body(request: web.Request) -> bytes:
    """Return the body, unpacked if it came compressed, or raise what the functions above raise."""
    try:
        return await request.read()
    except web.RequestPayloadError:
        raise web.HTTPBadRequest(text="The body cannot be unpacked.") from None


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object that the pairs make; JSON leaves open which of two equal keys counts."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)
