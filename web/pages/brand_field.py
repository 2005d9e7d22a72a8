"""The field that takes a brand: its number or its exact name, and a choice where it is neither.

A list of all brands would be of no use with 100,000 of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from web.catalog.brand_choice import BrandChoice, choose_brand, find_brand
from web.catalog.brands import get_brand
from web.catalog.names import name_problem, trimmed
from web.database.pool import Connection, Pool
from web.inputs import id_from, is_storable, without_nul
from web.languages import gettext

_MOST_CHOICES: Final = 20


@dataclass(frozen=True, slots=True)
class BrandEntry:
    """What a form says of the brand: its id, or else what was typed into the field.

    A choice among candidates (`brand_id`) counts only while the text that they were offered
    for (`brand_asked`) is still the one in the field.
    """

    typed: str
    brand_id: int | None
    problem: str | None

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "BrandEntry":
        """Read the fields `brand_id`, or `brand`."""
        typed, number = fields.get("brand", ""), fields.get("brand_id", "")
        if number and fields.get("brand_asked", typed) == typed:
            brand_id = id_from(number)
            problem = None if brand_id else gettext("It is not a brand’s number.")
            return cls(typed, brand_id, problem)
        return cls(typed, None, _problem(typed))

    async def find(self, connection: Connection) -> int:
        """Return the id of the brand that is meant, which may be gone.

        Raises:
            UnclearBrandError: what was typed is no brand's name or number, or those of two.
        """
        if self.brand_id is not None:
            return self.brand_id
        name = trimmed(self.typed)
        return await find_brand(connection, name, id_from(name))


@dataclass(frozen=True, slots=True)
class BrandField:
    """The brand in a form that goes out: `chosen`, or a field with what was typed and why not.

    `choices` are brands to choose from; `is_cut` says that there are more.
    """

    typed: str = ""
    chosen: BrandChoice | None = None
    problem: str | None = None
    choices: Sequence[BrandChoice] = ()
    is_cut: bool = False
    is_gone: bool = False


async def brand_field(pool: Pool, entry: BrandEntry) -> BrandField:
    """Return the field for what a form said of the brand."""
    typed = without_nul(entry.typed)
    if entry.problem is not None:
        return BrandField(typed, problem=entry.problem)
    if entry.brand_id is not None:
        brand = await get_brand(pool, entry.brand_id)
        if brand is None:
            problem = gettext("There is no brand %(id)s any more. Name another one.") % {
                "id": entry.brand_id
            }
            return BrandField(typed, problem=problem, is_gone=True)
        return BrandField(chosen=BrandChoice(brand.brand_id, brand.brand_name))
    name = trimmed(entry.typed)
    found = await choose_brand(pool, name, id_from(name), most=_MOST_CHOICES)
    if found.are_exact and len(found.brands) == 1:
        return BrandField(typed)
    if not found.brands:
        problem = gettext("No brand’s name contains “%(text)s”.") % {"text": name}
        return BrandField(typed, problem=problem)
    question = (
        gettext("“%(text)s” is the name of one brand and the number of another. Which is it?")
        if found.are_exact
        else gettext("“%(text)s” is no brand’s name. Is it one of these?")
    )
    return BrandField(
        typed, problem=question % {"text": name}, choices=found.brands, is_cut=found.is_cut
    )


def unasked_brand_field(entry: BrandEntry) -> BrandField:
    """Return the field without asking the database, which cannot be reached."""
    typed = without_nul(entry.typed)
    if entry.brand_id is not None:
        name = gettext("Brand %(id)s") % {"id": entry.brand_id}
        return BrandField(typed, chosen=BrandChoice(entry.brand_id, name))
    return BrandField(typed, problem=entry.problem)


def _problem(typed: str) -> str | None:
    """Return why what was typed can be no brand's name or number, or None if it can."""
    if not is_storable(typed):
        return gettext("It holds characters that are not text.")
    name = trimmed(typed)
    return name_problem(name) if name else gettext("Type the brand’s name or number.")
