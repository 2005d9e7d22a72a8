"""Every component of the pages on one page, for those who build them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web
from yarl import URL

from web.keys import SETTINGS
from web.pages.lists import Pager, SortLink
from web.templates import render

_HERE: Final = URL("/styleguide")
_DYES: Final = (
    *("Black", "Blue", "Brown", "Gray", "Green", "Orange"),
    *("Pink", "Purple", "Red", "White", "Yellow"),
)
_TOKENS: Final = ("paper", "card", "line", "ink", "soft", "thread", "danger", "ok", "warn")


async def show_styleguide(request: web.Request) -> web.Response:
    """Show every component, in development only."""
    if not request.app[SETTINGS].development:
        raise web.HTTPNotFound
    now = datetime.now(UTC)
    return render(
        request,
        "styleguide/show.html",
        {
            "here_url": _HERE,
            "sorts": {
                "name": SortLink(_HERE, "ascending"),
                "skus": SortLink(_HERE, None),
                "changed": SortLink(_HERE, None),
            },
            "rows": [
                ("Levis", 1204, now - timedelta(hours=2)),
                ("Ripstop & Daughters", 310, now - timedelta(days=3)),
                ("", 0, now - timedelta(days=400)),
            ],
            "pager": Pager(_HERE, _HERE),
            "dyes": _DYES,
            "tokens": _TOKENS,
        },
    )
