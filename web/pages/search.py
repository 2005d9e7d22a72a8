"""The one search box: what a name, a part of one or an id leads to."""

from typing import Final

from aiohttp import web

from web.catalog.search import search
from web.inputs import id_from, query_text
from web.keys import POOL
from web.pages.pasted_ids import holds_ids, show_choice
from web.templates import render

# The box takes ids as well: as many as fit into an address.
MAX_SEARCH_TEXT: Final = 8_000


async def show_search(request: web.Request) -> web.Response:
    """Show what was found, or what can be searched; of several ids, ask what they are.

    One brand, product or SKU alone is the focus of the page and not a redirect: a page that
    moves on by itself surprises, and hides that nothing else was found.
    """
    text = query_text(request, "q", most=MAX_SEARCH_TEXT)
    if text is not None and holds_ids(text):
        return await show_choice(request, text)
    q = query_text(request, "q")
    number = id_from(q) if q else None
    found = await search(request.app[POOL], q, number) if q else None
    return render(
        request,
        "search/show.html",
        {
            "q": q,
            "number": number,
            "found": found,
            "is_only": found is not None and found.count == 1,
        },
    )
