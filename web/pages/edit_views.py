"""What the edit forms look like: the form itself, two edits that collide, a row that is gone.

Nothing here asks the database, which may be what went wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from web.catalog.edits import NamedRow
from web.changes.merging import Collision, Fields, StaleVersionError
from web.inputs import id_from, without_nul
from web.languages import gettext
from web.pages.brand_field import BrandEntry, BrandField
from web.pages.edit_fields import BRAND_FIELD, FIELD_FORMS, label_of
from web.pages.nouns import Noun
from web.pages.saving import keep_key, new_key
from web.templates import render


@dataclass(frozen=True, slots=True)
class Form:
    """An edit form that goes out: what stands in it, and what stands against it.

    `version` is the one that the edit began from; `now` is shown beside what was typed. A brand
    stands in `brand`, with its name in `brand_now`, and not among the other fields.
    """

    row_id: int
    version: int
    typed: Fields
    key: str | None = None
    heading: str | None = None
    problem: str | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    existing: NamedRow | None = None
    now: Fields = field(default_factory=dict)
    brand: BrandField | None = None
    brand_now: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class _Value:
    """A field's text, and where two edits collided the name of the brand that it numbers."""

    text: str
    meaning: str | None = None

    @classmethod
    def of(cls, name: str, text: str, brands: Mapping[int, str]) -> "_Value":
        number = id_from(text) if name == BRAND_FIELD else None
        return cls(without_nul(text), None if number is None else brands.get(number))


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    value: _Value
    problem: str | None = None
    now: str | None = None
    is_focused: bool = False

    @property
    def id(self) -> str:
        return self.name.replace("_", "-")

    @property
    def described_by(self) -> str | None:
        """The ids of what stands around the field."""
        parts = {"problem": self.problem, "now": self.now, "hint": self.hint}
        return " ".join(f"{self.id}-{name}" for name, part in parts.items() if part) or None

    @property
    def label(self) -> str:
        return label_of(self.name)

    @property
    def hint(self) -> str | None:
        hint = FIELD_FORMS[self.name].hint
        return None if hint is None else gettext(hint)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A field that two people changed, and what it can be, by who wants it."""

    name: str
    sides: list[tuple[str, _Value]]

    @property
    def id(self) -> str:
        return self.name.replace("_", "-")

    @property
    def label(self) -> str:
        return label_of(self.name)


def form_page(request: web.Request, noun: Noun, form: Form) -> web.Response:
    """Show the form."""
    wrong = [name for name in form.typed if name in form.problems]
    if form.brand is not None and form.brand.problem is not None:
        wrong.append(BRAND_FIELD)
    focused = next(iter(wrong or form.typed))
    existing_url = None
    if form.existing is not None:
        existing_url = (
            noun.row_url(request, form.existing.row_id)
            if noun.has_page
            else noun.route(request, "edit", form.existing.row_id)
        )
    return _page(
        request,
        "edits/form.html",
        form.status,
        {
            "heading": form.heading,
            "edit_text": gettext(noun.texts.edit),
            "action": noun.route(request, "edit", form.row_id),
            "back": noun.row_url(request, form.row_id),
            "version": form.version,
            "key": keep_key(form.key),
            "problem": form.problem,
            "existing": form.existing,
            "existing_url": existing_url,
            "fields": [
                _Field(
                    name,
                    _Value(without_nul(text)),
                    form.problems.get(name),
                    form.now[name] if form.now.get(name, text) != text else None,
                    is_focused=name == focused,
                )
                for name, text in form.typed.items()
            ],
            "brand": form.brand,
            "brand_now": form.brand_now,
            "is_brand_focused": focused == BRAND_FIELD,
        },
    )


def collision_page(
    request: web.Request,
    noun: Noun,
    row_id: int,
    stale: StaleVersionError,
    brands: Mapping[int, str],
) -> web.Response:
    """Show theirs, yours and the original side by side, and the choice, as an edit of its own."""
    return _page(
        request,
        "edits/collision.html",
        409,
        {
            "heading": next(iter(stale.theirs.values())),
            "collided_text": gettext(noun.texts.collided),
            "action": noun.route(request, "edit", row_id),
            "back": noun.row_url(request, row_id),
            "version": stale.version,
            "key": new_key(),
            "choices": [_choice(collision, brands) for collision in stale.collisions],
            "merged": [
                _Field(name, _Value.of(name, text, brands)) for name, text in stale.merged.items()
            ],
        },
    )


def gone_page(
    request: web.Request,
    noun: Noun,
    typed: Fields,
    brand: BrandEntry | None,
    change_set_id: int | None,
) -> web.Response:
    """Say that somebody deleted the row, by which change set, and keep what was typed."""
    if brand is not None:
        typed = {**typed, BRAND_FIELD: brand.typed or str(brand.brand_id)}
    return _page(
        request,
        "edits/gone.html",
        409,
        {
            "edit_text": gettext(noun.texts.edit),
            "gone_text": gettext(noun.texts.gone),
            "all_text": gettext(noun.texts.all),
            "list_url": noun.list_url(request),
            "change_set_id": change_set_id,
            "fields": [_Field(name, _Value(without_nul(text))) for name, text in typed.items()],
        },
    )


def _page(
    request: web.Request, template: str, status: int, context: Mapping[str, object]
) -> web.Response:
    return render(request, template, {"status": status, **context}, status=status)


def _choice(collision: Collision, brands: Mapping[int, str]) -> _Choice:
    sides = [(gettext("Yours"), collision.yours), (gettext("Theirs"), collision.theirs)]
    if collision.original is not None:
        sides.append((gettext("Original"), collision.original))
    return _Choice(
        collision.field,
        [(who, _Value.of(collision.field, text, brands)) for who, text in sides],
    )
