"""The one parsing layer: what a client sent becomes typed values, or a 4xx that says why.

A path that names nothing is a 404; a parameter or a body that cannot be
understood is a 400 whose text is a sentence for the person who reads it. Here are
paths, queries and headers; forms are in web/forms.py, JSON in web/json_bodies.py, and
both read their bodies with web/bodies.py.
"""

import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from web.catalog.skus import SkuFilter
from web.database.keyset import Order
from web.languages import gettext, marked, ngettext, thousands

MAX_ID: Final = 2**63 - 1
MAX_QUERY_TEXT: Final = 200

_ID = re.compile(r"[1-9][0-9]{0,18}")
_WATCH = re.compile(r"[A-Za-z0-9_-]{16,64}")
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
    return without_nul(text[:40].encode(errors="replace").decode())


def without_nul(text: str) -> str:
    """Return what was typed as a page can hold it: HTML has no NUL, and shows U+FFFD for one."""
    return text.replace("\0", "\ufffd")


def is_id(value: object) -> bool:
    """Whether a value from JSON is an id: a bool or a float never is."""
    return type(value) is int and 1 <= value <= MAX_ID
