"""The page of partners' keys: an admin makes them, sees each once, and revokes them."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from web.access.partner_keys import (
    add_partner_key,
    list_partner_keys,
    revoke_partner_key,
)
from web.catalog.names import name_problem, trimmed
from web.forms import form_fields
from web.inputs import id_from, is_storable, path_id, without_nul
from web.keys import POOL
from web.languages import gettext, thousands
from web.templates import render

_MOST_REQUESTS: Final = 10_000
_MOST_ROWS: Final = 1_000_000_000
_DEFAULTS: Final = {"requests_per_minute": "60", "rows_per_day": "1000000"}


async def show_partner_keys(request: web.Request) -> web.Response:
    """Show all keys and the form that makes one."""
    return await _page(request, {})


async def save_partner_key(request: web.Request) -> web.Response:
    """Make a key, and show it this once."""
    fields = await form_fields(request)
    name = trimmed(fields.get("partner_key_name", ""))
    requests, rows = (
        id_from(fields.get(field, default).strip()) for field, default in _DEFAULTS.items()
    )
    problem = _name_problem(name)
    if problem is not None:
        return await _page(request, fields, problem=(problem, "partner_key_name"))
    if requests is None or requests > _MOST_REQUESTS:
        sentence = gettext("The requests a minute are not a number from 1 to %(most)s.")
        problem = sentence % {"most": thousands(_MOST_REQUESTS)}
        return await _page(request, fields, problem=(problem, "requests_per_minute"))
    if rows is None or rows > _MOST_ROWS:
        sentence = gettext("The rows a day are not a number from 1 to %(most)s.")
        problem = sentence % {"most": thousands(_MOST_ROWS)}
        return await _page(request, fields, problem=(problem, "rows_per_day"))
    key = await add_partner_key(
        request.app[POOL], name, requests_per_minute=requests, rows_per_day=rows
    )
    return await _page(request, {}, key=key, key_name=name)


async def revoke(request: web.Request) -> web.Response:
    """Revoke a key; programs that show it are refused from now on."""
    key_id = path_id(request, "partner_key_id")
    name = await revoke_partner_key(request.app[POOL], key_id)
    if name is None:
        raise web.HTTPNotFound(text=gettext("There is no key %(id)s in use.") % {"id": key_id})
    location = request.app.router["partner_keys"].url_for()
    return web.Response(status=303, headers={"Location": str(location)})


async def _page(
    request: web.Request,
    fields: Mapping[str, str],
    *,
    key: str | None = None,
    key_name: str = "",
    problem: tuple[str, str] | None = None,
) -> web.Response:
    """Return the page; a problem is a sentence and the field that it stands against."""
    response = render(
        request,
        "access/partner_keys.html",
        {
            "keys": await list_partner_keys(request.app[POOL]),
            "key": key,
            "key_name": key_name,
            "typed": {
                name: without_nul(value)
                for name, value in {"partner_key_name": "", **_DEFAULTS, **fields}.items()
            },
            "problem": problem and problem[0],
            "problem_field": problem and problem[1],
        },
        status=200 if problem is None else 422,
    )
    # A key that is shown once must not stay in a cache.
    response.headers["Cache-Control"] = "no-store"
    return response


def _name_problem(name: str) -> str | None:
    if not name:
        return gettext("Type the partner’s name.")
    if not is_storable(name):
        return gettext("The name holds characters that are not text.")
    return name_problem(name)
