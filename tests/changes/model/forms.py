"""What each form does, by the promises of the desk.

A form is given to the model together with the answer that the desk gave to it. The model says
whether that answer keeps the promises, and does what was acknowledged. Of the answer it takes the
numbers of new rows and of the change set, which the desk chooses, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.changes.model.rows import Effects, Key, Row, Rows
from tests.changes.model.undo import undo

# How many SKUs of a color and a size.
Grid = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class CreateBrands:
    """All of these, or none."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class CreateProduct:
    """A product with its SKUs."""

    values: tuple[str, int]
    grid: Grid


@dataclass(frozen=True)
class AddSkus:
    """SKUs for a product."""

    product_id: int
    grid: Grid


@dataclass(frozen=True)
class RemoveSkus:
    """All of these, or none."""

    product_id: int
    sku_ids: tuple[int, ...]


@dataclass(frozen=True)
class Edit:
    """An edit of a brand or a product that began from a version of it."""

    key: Key
    version: int
    values: tuple[object, ...]


@dataclass(frozen=True)
class Delete:
    """A delete of a version of a brand or a product, and of so many products and SKUs with it."""

    key: Key
    version: int
    counts: tuple[int, int]


@dataclass(frozen=True)
class Undo:
    """An undo of a change set."""

    change_id: int


Content = CreateBrands | CreateProduct | AddSkus | RemoveSkus | Edit | Delete | Undo


@dataclass(frozen=True)
class Form:
    """A form with its idempotency key."""

    idempotency_key: str
    content: Content


@dataclass(frozen=True)
class Answer:
    """What the desk answered, and what its history says of the change set, if there is one."""

    status: int
    location: str | None = None
    change_id: int | None = None
    effects: Effects = field(default_factory=dict)


class RefusedError(Exception):
    """Nothing is done, and the answer has this status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass
class Model:
    """The catalog, and the locations to which forms were answered, by their keys."""

    catalog: Rows = field(default_factory=Rows)
    locations: dict[str, str | None] = field(default_factory=dict)

    def copy(self) -> "Model":
        """Return a model of its own that stands where this one does."""
        return Model(self.catalog.copy(), dict(self.locations))

    def send(self, form: Form, answer: Answer) -> bool:
        """Do what was acknowledged; return whether the answer keeps the promises."""
        key, content = form.idempotency_key, form.content
        if answer.status == 503:  # it was not saved, and may be sent again
            return True
        if key in self.locations:
            return (answer.status, answer.location) == (303, self.locations[key])
        try:
            effects = self._effects(content, answer.effects)
        except RefusedError as refused:
            return answer.status == refused.status
        if answer.status != 303 or effects != answer.effects:
            return False
        self.locations[key] = answer.location
        self.catalog.change(effects)
        if answer.change_id is not None:
            self.catalog.sets[answer.change_id] = effects
        if isinstance(content, Undo):
            restored = self.catalog.undone.get(content.change_id, frozenset())
            self.catalog.undone[content.change_id] = restored | effects.keys()
        return True

    def _effects(self, content: Content, chosen: Effects) -> Effects:  # noqa: PLR0911 - one a form
        """Return what a form does; its new rows have the numbers that were `chosen`.

        Raises:
            RefusedError: it does nothing.
        """
        match content:
            case CreateBrands():
                return self._create_brands(content, chosen)
            case CreateProduct(values, grid):
                self._demand(Key("brand", values[1]))
                made = _created("product", [values], chosen)
                product_id = next((key.row_id for key in made), 0)
                return {**made, **_skus(product_id, grid, chosen)}
            case AddSkus(product_id, grid):
                self._demand(Key("product", product_id))
                return _skus(product_id, grid, chosen)
            case RemoveSkus(product_id, sku_ids):
                keys = [Key("sku", sku_id) for sku_id in sku_ids]
                if not set(keys) <= set(self.catalog.dependents(Key("product", product_id))[1]):
                    raise RefusedError(409)
                return self._without(keys)
            case Edit():
                return self._edit(content)
            case Delete():
                return self._delete(content)
            case Undo(change_id):
                return undo(self.catalog, change_id) or _nothing()

    def _create_brands(self, content: CreateBrands, chosen: Effects) -> Effects:
        folded = {name.casefold() for name in content.names}
        if len(folded) < len(content.names) or not all(map(self.catalog.is_free, content.names)):
            raise RefusedError(409)
        return _created("brand", [(name,) for name in content.names], chosen)

    def _edit(self, edit: Edit) -> Effects:
        self._demand(edit.key)
        row, values = self.catalog.rows[edit.key], edit.values
        if edit.version != row.version:
            original = self.catalog.images[edit.key, edit.version]
            values = tuple(map(_merged, original, row.values, edit.values))
        if values == row.values:
            return {}
        if edit.key.noun == "brand":
            if not self.catalog.is_free(values[0], but=edit.key):
                raise RefusedError(409)
        elif ("brand", values[1]) not in self.catalog.rows:
            raise RefusedError(422)
        return {edit.key: (row, Row(row.version + 1, values))}

    def _delete(self, delete: Delete) -> Effects:
        row = self.catalog.rows.get(delete.key)
        if row is None:
            raise RefusedError(404)
        products, skus = self.catalog.dependents(delete.key)
        if (row.version, (len(products), len(skus))) != (delete.version, delete.counts):
            raise RefusedError(409)
        return self._without([*skus, *products, delete.key])

    def _demand(self, key: Key) -> None:
        if key not in self.catalog.rows:
            raise RefusedError(409)

    def _without(self, keys: Sequence[Key]) -> Effects:
        return {key: (self.catalog.rows[key], None) for key in keys}


def _nothing() -> Effects:
    raise RefusedError(409)


def _merged(original: object, theirs: object, yours: object) -> object:
    if yours in (theirs, original):
        return theirs
    if theirs == original:
        return yours
    raise RefusedError(409)


def _created(noun: str, values: Sequence[tuple[object, ...]], chosen: Effects) -> Effects:
    """Return the effect of creating rows, with the numbers chosen for them in their order."""
    keys = sorted(key for key in chosen if key.noun == noun)
    if len(keys) != len(values):
        raise RefusedError(0)  # which is no answer at all
    version = 0 if noun == "sku" else 1
    return {key: (None, Row(version, one)) for key, one in zip(keys, values, strict=True)}


def _skus(product_id: int, grid: Grid, chosen: Effects) -> Effects:
    values = [(product_id, color, size) for color, size, count in grid for _ in range(count)]
    return _created("sku", sorted(values), chosen)
