"""The history as a list: who changed what and when, with filters that stand in the address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web
from yarl import URL

from web.changes.entries import RowName, name_rows
from web.changes.histories import HISTORY_ORDER, NOUNS, HistoryFilter, PastChange, list_history
from web.database.keyset import Page, Position
from web.inputs import only_value, query_id, query_text, shown
from web.keys import POOL
from web.languages import gettext, marked
from web.pages.lists import PAGE_SIZE, Pager
from web.positions import encoded_key, query_position
from web.templates import render

# The one sort of the list, as its positions name it.
_SORT: Final = "newest"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What the nouns are called where one is chosen.
NOUN_LABELS: Final = {
    "brand": marked("Brands"),
    "product": marked("Products"),
    "color": marked("Colors"),
    "size": marked("Sizes"),
    "sku": marked("SKUs"),
    "catalog": marked("Bulk loads"),
}


@dataclass(frozen=True, slots=True)
class HistoryList:
    """Which page of the history is asked for, and the links that lead on from it."""

    url: URL
    position: Position
    wanted: HistoryFilter

    @classmethod
    def from_request(cls, request: web.Request) -> "HistoryList":
        """Read the query of the history.

        Raises:
            web.HTTPBadRequest: a parameter cannot be understood.
        """
        return cls(
            request.rel_url.without_query_params("after", "before"),
            query_position(request, _SORT, HISTORY_ORDER),
            HistoryFilter(
                noun=_query_noun(request),
                person=query_text(request, "person"),
                since=_query_day(request, "since"),
                until=_query_day(request, "until"),
                brand_id=query_id(request, "brand_id"),
                product_id=query_id(request, "product_id"),
            ),
        )

    def pager(self, page: Page[PastChange]) -> Pager:
        """Return the links to the neighbors of `page`."""
        return Pager(
            self.url.update_query(before=encoded_key(page.previous, _SORT))
            if page.previous
            else None,
            self.url.update_query(after=encoded_key(page.next, _SORT)) if page.next else None,
        )

    def url_without(self, *names: str) -> URL:
        """Return the list's address without some of its parameters."""
        return self.url.without_query_params(*names)


async def show_history(request: web.Request) -> web.Response:
    """Show a page of the history, newest first, of all or of what the query asks for."""
    pool = request.app[POOL]
    shown_list = HistoryList.from_request(request)
    wanted = shown_list.wanted
    page, deeds = await list_history(pool, wanted, shown_list.position, size=PAGE_SIZE)
    ids = {("brand", wanted.brand_id), ("product", wanted.product_id)}
    names = await name_rows(pool, [(noun, row_id) for noun, row_id in ids if row_id is not None])
    return render(
        request,
        "history/list.html",
        {
            "changes": list(zip(page.rows, deeds, strict=True)),
            "wanted": wanted,
            "is_filtered": wanted != HistoryFilter(),
            "noun_labels": {noun: gettext(label) for noun, label in NOUN_LABELS.items()},
            "brand_name": _shown_name(names, "brand", wanted.brand_id),
            "product_name": _shown_name(names, "product", wanted.product_id),
            "list": shown_list,
            "pager": shown_list.pager(page),
            "is_first_page": shown_list.position == Position(),
        },
    )


def _shown_name(
    names: Mapping[tuple[str, int], RowName], noun: str, row_id: int | None
) -> str | None:
    if row_id is None:
        return None
    return names[noun, row_id].row_name or str(row_id)


def _query_noun(request: web.Request) -> str | None:
    noun = query_text(request, "noun")
    if noun is not None and noun not in NOUNS:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is none of: %(known)s.")
            % {"name": "noun", "known": ", ".join(NOUNS)}
        )
    return noun


def _query_day(request: web.Request, name: str) -> date | None:
    text = only_value(request, name)
    if text is None:
        return None
    try:
        # Python alone would also take "20261123" and "2026-W48-1".
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “%(name)s” is not a day such as 2026-11-23: %(text)s")
            % {"name": name, "text": shown(text)}
        )
    return day
