"""The page of a change set: all that one request changed."""

from typing import Final

from aiohttp import web

from web.changes.change_sets import get_change_set, list_entries
from web.database.pool import concurrently
from web.inputs import path_id
from web.keys import POOL
from web.templates import render

# What one form can create is shown in full.
_ENTRIES_SHOWN: Final = 10_000


async def show_change(request: web.Request) -> web.Response:
    """Show what a change set created."""
    pool = request.app[POOL]
    change_id = path_id(request, "change_id")
    change_set, entries = await concurrently(
        get_change_set(pool, change_id),
        list_entries(pool, change_id, most=_ENTRIES_SHOWN),
    )
    if change_set is None:
        raise web.HTTPNotFound(text=f"There is no change {change_id}.")
    return render(request, "changes/show.html", {"change_set": change_set, "entries": entries})
