"""The entries of a change set, row by row, in words of people: names, not columns and ids."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries
from web.languages import gettext, marked

_QUERIES = load_queries("changes")
LIST_ENTRIES = _QUERIES["list_entries"]
LIST_NAMES = _QUERIES["list_names"]

# What the fields of a row are called, of those that a person can change.
_FIELDS: Final = {
    "brand_name": marked("Name"),
    "product_name": marked("Name"),
    "brand_id": marked("Brand"),
    "product_color_name": marked("Name"),
    "product_color_hex": marked("Color value"),
    "product_size_name": marked("Name"),
}
# The fields that refer to a row of another noun.
_REFERENCES: Final = {
    "brand_id": "brand",
    "product_id": "product",
    "product_color_id": "color",
    "product_size_id": "size",
}
_NAMES: Final = {
    "brand": "brand_name",
    "product": "product_name",
    "color": "product_color_name",
    "size": "product_size_name",
}

RowKey: TypeAlias = tuple[str, int]
Image: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history: a row before and after, as JSON."""

    noun: str
    row_id: int | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RowName:
    """What a row is called, or was called before it went (`is_there` says which)."""

    noun: str
    row_id: int
    row_name: str | None
    is_there: bool


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a row before and after; None where it was empty."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to one row: `kind` is created, changed or deleted.

    `name` is that of then. A SKU has none, but a product, a color and a size.
    """

    noun: str
    kind: str
    row: RowName
    name: str | None
    fields: list[FieldChange]
    product: RowName | None = None
    color: RowName | None = None
    size: RowName | None = None


async def list_row_changes(
    pool: Pool, change_set_id: int, *, most: int, most_skus: int
) -> list[RowChange]:
    """Return what a change set did row by row, up to so many rows of each noun.

    The brands come first and the SKUs last, each in the order of the changes.
    """
    entries = [
        (entry, entry.row_id)
        for entry in await fetch_rows(
            pool,
            Entry,
            LIST_ENTRIES,
            change_set_id=change_set_id,
            most=most,
            most_skus=most_skus,
        )
        if entry.row_id is not None
    ]
    images = [(_image(entry.before), _image(entry.after)) for entry, _ in entries]
    keys = {(entry.noun, row_id) for entry, row_id in entries if entry.noun != "sku"}
    for pair in images:
        keys.update(_references(pair))
    names = await name_rows(pool, keys)
    return [
        _row_change(entry.noun, row_id, before, after, names)
        for (entry, row_id), (before, after) in zip(entries, images, strict=True)
    ]


async def name_rows(pool: Pool, keys: Iterable[RowKey]) -> Mapping[RowKey, RowName]:
    """Return what rows are called, each known by its noun and its id; a SKU has no name."""
    wanted = list(keys)
    rows = await fetch_rows(
        pool,
        RowName,
        LIST_NAMES,
        nouns=[noun for noun, _ in wanted],
        row_ids=[row_id for _, row_id in wanted],
    )
    return {(row.noun, row.row_id): row for row in rows}


def _image(text: str | None) -> Image | None:
    return None if text is None else json.loads(text)


def _references(images: Iterable[Image | None]) -> set[RowKey]:
    return {
        (noun, value)
        for image in images
        if image is not None
        for field, noun in _REFERENCES.items()
        if isinstance(value := image.get(field), int)
    }


def _row_change(
    noun: str,
    row_id: int,
    before: Image | None,
    after: Image | None,
    names: Mapping[RowKey, RowName],
) -> RowChange:
    kind = "created" if before is None else "deleted" if after is None else "changed"
    image = after or before or {}
    if noun == "sku":
        related = {
            _REFERENCES[field]: value for field, value in image.items() if field in _REFERENCES
        }
        product, color, size = (
            names.get((of, value)) if isinstance(value := related.get(of), int) else None
            for of in ("product", "color", "size")
        )
        row = RowName(noun, row_id, None, is_there=kind == "created")
        return RowChange(noun, kind, row, None, [], product, color, size)
    fields = _field_changes(before, after, names) if before and after else []
    name = image.get(_NAMES[noun])
    return RowChange(noun, kind, names[noun, row_id], str(name), fields)


def _field_changes(
    before: Image, after: Image, names: Mapping[RowKey, RowName]
) -> list[FieldChange]:
    return [
        FieldChange(
            gettext(label),
            _value(field, before.get(field), names),
            _value(field, after.get(field), names),
        )
        for field, label in _FIELDS.items()
        if before.get(field) != after.get(field)
    ]


def _value(field: str, value: object, names: Mapping[RowKey, RowName]) -> str | None:
    """Return a field as a person reads it: a brand by its name."""
    if value is None:
        return None
    noun = _REFERENCES.get(field)
    row = names.get((noun, value)) if noun is not None and isinstance(value, int) else None
    return str(value) if row is None or row.row_name is None else row.row_name
