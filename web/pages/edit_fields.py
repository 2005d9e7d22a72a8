"""The fields of the edit forms: what each is called, and what may be typed there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from web.catalog.colors import normal_hex
from web.catalog.edits import Editable
from web.catalog.names import name_problem, trimmed
from web.changes.merging import Fields
from web.inputs import id_from, is_storable
from web.languages import gettext, marked


@dataclass(frozen=True, slots=True)
class FieldForm:
    """A field of a form: its label and a hint, both still to be translated, and `clean`.

    `clean` returns what was typed as it is saved, and why it cannot be, or None if it can.
    """

    label: str
    clean: Callable[[str], tuple[str, str | None]]
    hint: str | None = None
    input_mode: str = "text"


@dataclass(frozen=True, slots=True)
class Entry:
    """What came in a form: as typed, as it is to be saved, and what is wrong with it, by field."""

    typed: Fields
    yours: Fields
    problems: Mapping[str, str]


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


def clean_brand_id(typed: str) -> tuple[str, str | None]:
    """Return a brand's number, and why it cannot be one."""
    value = trimmed(typed)
    if id_from(value) is None:
        return value, gettext("It is not a brand’s number, such as 12.")
    return value, None


_NAME: Final = FieldForm(marked("Name"), clean_name)
FIELD_FORMS: Final = {
    "brand_name": _NAME,
    "product_name": _NAME,
    "product_color_name": _NAME,
    "product_size_name": _NAME,
    "brand_id": FieldForm(
        marked("Brand’s number"),
        clean_brand_id,
        marked("With another number the product moves to that brand, its SKUs with it."),
        "numeric",
    ),
    "product_color_hex": FieldForm(
        marked("Swatch"), clean_hex, marked("Such as #0b5c56; empty when it is not known.")
    ),
}


def read_entry(editable: Editable, form: Mapping[str, str]) -> Entry:
    """Return what came in the form. The name has to be there; what else is not, stays as it is."""
    typed: dict[str, str] = {}
    yours: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in editable.fields:
        if field not in form and field != editable.fields[0]:
            continue
        typed[field] = form.get(field, "")
        if is_storable(typed[field]):
            yours[field], problem = FIELD_FORMS[field].clean(typed[field])
        else:
            problem = gettext("It holds characters that are not text.")
        if problem is not None:
            problems[field] = problem
    return Entry(typed, yours, problems)
