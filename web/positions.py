"""Positions in lists: what `after` and `before` say, and how links to the next page say it."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from aiohttp import web

from web.database.keyset import Key, Order, Position
from web.inputs import MAX_ID, id_from, is_id, is_storable, only_value, shown
from web.languages import gettext

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


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


def _one_of_two(request: web.Request) -> tuple[str | None, str | None]:
    after = only_value(request, "after")
    before = only_value(request, "before")
    if after is not None and before is not None:
        raise web.HTTPBadRequest(text=gettext("Only one of “after” and “before” can be given."))
    return after, before


def _decoded_key(token: str | None, sort: str, order: Order, name: str) -> Key | None:
    if token is None:
        return None
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        named, first, row_id = json.loads(text)
        key = _typed_key(first, order)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        key = None
    if key is None or named != sort or not is_id(row_id):
        raise web.HTTPBadRequest(
            text=gettext(
                "The parameter “%(name)s” is no position in this list. Start at its first page."
            )
            % {"name": name}
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


def _sku_key(token: str | None, name: str) -> Key | None:
    if token is None:
        return None
    product_id, comma, sku_id = token.partition(",")
    key = id_from(product_id), id_from(sku_id)
    if not comma or key[0] is None or key[1] is None:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is not <product_id>,<sku_id>: %(text)s")
            % {"name": name, "text": shown(token)}
        )
    return key[0], key[1]
