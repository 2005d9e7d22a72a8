"""The fields of the edit forms: what each is called, and what may be typed there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from web.catalog.colors import normal_hex
from web.catalog.edits import Editable
from web.catalog.names import name_problem, trimmed
from web.changes.merging import Fields
from web.inputs import is_storable
from web.languages import gettext, marked
from web.pages.brand_field import BrandEntry


@dataclass(frozen=True, slots=True)
class FieldForm:
    """A field of a form: its label and a hint, both still to be translated, and `clean`.

    `clean` returns what was typed as it is saved, and why it cannot be, or None if it can.
    """

    label: str
    clean: Callable[[str], tuple[str, str | None]]
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What came in a form: as typed, as it is to be saved, and what is wrong with it, by field.

    Of a brand only the database knows which one is meant: it is in none of them.
    """

    typed: Fields
    yours: Fields
    problems: Mapping[str, str]
    brand: BrandEntry | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing stands against it that can be seen without the database."""
        return not self.problems and (self.brand is None or self.brand.problem is None)


def clean_name(typed: str) -> tuple[str, str | None]:
    """Return a name without the spaces around it, and why it cannot be one."""
    name = trimmed(typed)
    return name, name_problem(name) if name else gettext("Type a name.")


def clean_hex(typed: str) -> tuple[str, str | None]:
    """Return a color as `#rrggbb` in lower case, empty if none is given, and why it is none."""
    value = trimmed(typed)
    if not value:
        return "", None
    normal = normal_hex(value)
    if normal is None:
        return value, gettext("It is not a color such as #0b5c56.")
    return normal, None


# It holds a number, and people say a name.
BRAND_FIELD: Final = "brand_id"
_NAME: Final = FieldForm(marked("Name"), clean_name)
FIELD_FORMS: Final = {
    "brand_name": _NAME,
    "product_name": _NAME,
    "product_color_name": _NAME,
    "product_size_name": _NAME,
    "product_color_hex": FieldForm(
        marked("Swatch"), clean_hex, marked("Such as #0b5c56; empty when it is not known.")
    ),
}


def label_of(field: str) -> str:
    """Return what a field is called."""
    return gettext("Brand") if field == BRAND_FIELD else gettext(FIELD_FORMS[field].label)


def read_entry(editable: Editable, form: Mapping[str, str]) -> Entry:
    """Return what came in the form. The name has to be there; what else is not, stays as it is."""
    typed: dict[str, str] = {}
    yours: dict[str, str] = {}
    problems: dict[str, str] = {}
    brand: BrandEntry | None = None
    for field in editable.fields:
        if field == BRAND_FIELD:
            if "brand" in form or BRAND_FIELD in form:
                brand = BrandEntry.from_fields(form)
            continue
        if field not in form and field != editable.fields[0]:
            continue
        typed[field] = form.get(field, "")
        if is_storable(typed[field]):
            yours[field], problem = FIELD_FORMS[field].clean(typed[field])
        else:
            problem = gettext("It holds characters that are not text.")
        if problem is not None:
            problems[field] = problem
    return Entry(typed, yours, problems, brand)
