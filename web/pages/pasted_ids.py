"""Lists of ids, pasted into the search: SKUs or products, which are there and which are not.

The list is sent with each form, downloads included: nothing is kept between two requests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from aiohttp import web

from web.catalog.pasted import MOST_ROWS, PASTED_NOUNS, PastedNoun, known_ids, look_up
from web.catalog.pasted import PRODUCTS as PASTED_PRODUCTS
from web.catalog.pasted import SKUS as PASTED_SKUS
from web.catalog.search import names_like
from web.database.concurrently import concurrently
from web.forms import form_fields
from web.inputs import MAX_QUERY_TEXT, id_from, is_storable, shown
from web.keys import POOL
from web.languages import gettext, thousands
from web.templates import render

MAX_PASTED: Final = 5_000

_SEPARATORS: Final = re.compile(r"[\s,;]+")
_NUMBERS: Final = re.compile(r"\s*[0-9]+(?:[\s,;]+[0-9]+)+[\s,;]*")


class PastedListError(Exception):
    """A list cannot be looked up; `text` is what was typed, `problem` a sentence."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(problem)
        self.text = text
        self.problem = problem


@dataclass(frozen=True, slots=True)
class NoId:
    """What stands in the list, first in this place (from 1), and is no id."""

    place: int
    text: str


@dataclass(frozen=True)
class PastedList:
    """A list as it was pasted: `places` has where each entry first stands, `size` counts all."""

    text: str
    places: Mapping[str, int]
    size: int

    @classmethod
    def from_text(cls, text: str) -> "PastedList":
        """Read what was pasted: ids with white space, commas or semicolons between them.

        Raises:
            PastedListError: there is none, there are too many, or it is not text.
        """
        if not is_storable(text):
            raise PastedListError(text, gettext("The list holds characters that are not text."))
        entries = [entry for entry in _SEPARATORS.split(text) if entry]
        if not entries:
            raise PastedListError(text, gettext("The list is empty: paste some ids."))
        if len(entries) > MAX_PASTED:
            problem = gettext("The list has %(count)s ids; at most %(most)s are possible.") % {
                "count": thousands(len(entries)),
                "most": thousands(MAX_PASTED),
            }
            raise PastedListError(text, problem)
        places: dict[str, int] = {}
        for place, entry in enumerate(entries, start=1):
            places.setdefault(entry, place)
        return cls(text, places, len(entries))

    @cached_property
    def ids(self) -> list[int]:
        """The ids, each once, in their order."""
        return [number for entry in self.places if (number := id_from(entry)) is not None]

    @cached_property
    def no_ids(self) -> list[NoId]:
        """What is no id, each once."""
        return [
            NoId(place, shown(entry))
            for entry, place in self.places.items()
            if id_from(entry) is None
        ]

    @property
    def repeated(self) -> int:
        """How many entries repeat an earlier one."""
        return self.size - len(self.places)

    def unknown(self, known: frozenset[int]) -> list[str]:
        """Return the entries that are none of the known ids, in their order."""
        return [entry for entry in self.places if id_from(entry) not in known]


def holds_ids(q: str) -> bool:
    """Whether a search is a list: several numbers and nothing else, which a name seldom is."""
    return _NUMBERS.fullmatch(q) is not None


async def pasted_form(request: web.Request) -> tuple[PastedList, PastedNoun | None]:
    """Return the list of a form, and what it is said to be of, if anything.

    Raises:
        PastedListError: the list cannot be looked up.
        web.HTTPBadRequest: it is said to be of something else than SKUs or products.
        Whatever `form_fields` raises.
    """
    fields = await form_fields(request)
    name = fields.get("noun", "")
    if name and name not in PASTED_NOUNS:
        raise web.HTTPBadRequest(text=gettext("The field “noun” is neither “skus” nor “products”."))
    return PastedList.from_text(fields.get("ids", "")), PASTED_NOUNS.get(name)


async def look_up_pasted(request: web.Request) -> web.Response:
    """Show which ids of a list are known, or ask what they are the ids of."""
    try:
        pasted, noun = await pasted_form(request)
    except PastedListError as error:
        return show_pasted_problem(request, error)
    if noun is None:
        return await _choice(request, pasted)
    found = await look_up(request.app[POOL], noun, pasted.ids)
    return render(
        request,
        "search/pasted.html",
        {
            "pasted": pasted,
            "noun": noun.name,
            "rows": found.rows,
            "totals": found.totals,
            "known_count": len(found.known),
            "unknown": pasted.unknown(found.known),
            "most_rows": MOST_ROWS,
        },
    )


async def show_choice(request: web.Request, q: str) -> web.Response:
    """Ask what the ids that stand in the search box are the ids of."""
    try:
        pasted = PastedList.from_text(q)
    except PastedListError as error:
        return show_pasted_problem(request, error)
    return await _choice(request, pasted, q if len(q) <= MAX_QUERY_TEXT else None)


def show_pasted_problem(request: web.Request, error: PastedListError) -> web.Response:
    """Show the form again with what was typed and why it cannot be looked up."""
    context = {"problem": error.problem, "typed": error.text}
    return render(request, "search/refused.html", context, status=422)


async def _choice(request: web.Request, pasted: PastedList, q: str | None = None) -> web.Response:
    """Ask, with how many there are of each; of a search, also who has it in the name."""
    pool = request.app[POOL]
    skus, products, named = await concurrently(
        known_ids(pool, PASTED_SKUS, pasted.ids),
        known_ids(pool, PASTED_PRODUCTS, pasted.ids),
        names_like(pool, q),
    )
    return render(
        request,
        "search/choice.html",
        {
            "pasted": pasted,
            "choices": [("skus", len(skus)), ("products", len(products))],
            "q": q,
            "named": named,
        },
    )
