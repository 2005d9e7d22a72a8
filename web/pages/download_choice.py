"""What somebody wants to download, as the panel's form says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from web.catalog.brand_choice import choose_brand
from web.catalog.skus import SkuFilter
from web.database.pool import Pool
from web.inputs import MAX_QUERY_TEXT, id_from, is_storable, only_value, shown
from web.languages import gettext

WHATS: Final = ("skus", "products", "brands")
FORMS: Final = ("csv", "excel", "ndjson")
# Which fields count for what; the others are kept in the form and change nothing.
_FIELDS: Final = {
    "skus": ("brand_id", "product_id", "color_id", "size_id"),
    "products": ("q", "brand_id"),
    "brands": ("q",),
}
_ALL_FIELDS: Final = ("q", "brand_id", "product_id", "color_id", "size_id")


@dataclass(frozen=True, slots=True)
class DownloadChoice:
    """A download that can be built, or why it cannot: `problems` has a sentence for each field."""

    what: str = "skus"
    form: str = "csv"
    typed: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def q(self) -> str | None:
        """What names are to contain, where that counts."""
        return (self.typed["q"] or None) if "q" in _FIELDS[self.what] else None

    @property
    def wanted(self) -> SkuFilter:
        """The ids that count, as the filter of SKUs."""
        counting = {name: self.ids.get(name) for name in _FIELDS[self.what] if name != "q"}
        return SkuFilter(**counting)

    @property
    def route(self) -> str:
        """The name of the route that gives the download."""
        return f"{self.what}_{'ndjson' if self.form == 'ndjson' else 'csv'}"

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the download's address."""
        query = {
            name: str(self.ids[name])
            for name in _FIELDS[self.what]
            if name != "q" and name in self.ids
        }
        if self.q is not None:
            query["q"] = self.q
        if self.form == "excel":
            query["excel"] = "1"
        return query


async def download_choice(request: web.Request, pool: Pool) -> DownloadChoice:
    """Read the panel's form.

    Raises:
        web.HTTPBadRequest: a parameter is given twice.
    """
    problems: dict[str, str] = {}
    what = _one_of(request, "what", WHATS, problems)
    form = _one_of(request, "form", FORMS, problems)
    if form == "ndjson" and what != "skus" and not problems:
        problems["form"] = gettext("Only SKUs come as NDJSON. Choose one of the CSV forms.")
        form = "csv"
    typed = {name: (only_value(request, name) or "").strip() for name in _ALL_FIELDS}
    ids: dict[str, int] = {}
    for name in _FIELDS[what]:
        text = typed[name]
        if not text:
            continue
        if not is_storable(text) or len(text) > MAX_QUERY_TEXT:
            problems[name] = gettext("This is too long, or holds characters that are not text.")
            typed[name] = shown(text)
        elif name != "q":
            number = id_from(text)
            if number is None and name == "brand_id":
                number = await _brand_of_name(pool, text)
            if number is None:
                problems[name] = _problem(name) % {"text": text}
            else:
                ids[name] = number
    return DownloadChoice(what, form, typed, ids, problems)


async def _brand_of_name(pool: Pool, name: str) -> int | None:
    found = await choose_brand(pool, name, None, most=1)
    return found.brands[0].brand_id if found.are_exact and len(found.brands) == 1 else None


def _problem(name: str) -> str:
    return {
        "brand_id": gettext("There is no brand “%(text)s”. Type a brand’s name or its number."),
        "product_id": gettext("“%(text)s” is not a product’s number."),
        "color_id": gettext("“%(text)s” is not a color’s number."),
        "size_id": gettext("“%(text)s” is not a size’s number."),
    }[name]


def _one_of(
    request: web.Request, name: str, known: tuple[str, ...], problems: dict[str, str]
) -> str:
    text = only_value(request, name) or known[0]
    if text in known:
        return text
    problems[name] = gettext("“%(text)s” is none of: %(known)s.") % {
        "text": shown(text),
        "known": ", ".join(known),
    }
    return known[0]
