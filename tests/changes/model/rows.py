"""The rows of the model's catalog, every version of them, and what each change set did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Key(NamedTuple):
    """Which row: its noun, and its id."""

    noun: str
    row_id: int


class Row(NamedTuple):
    """A version of a row: a brand's name; a product's name and brand; a SKU's product and variant.

    SKUs are never edited: their version is 0.
    """

    version: int
    values: tuple[object, ...]


# What a change set made of a row: as it was, and as it is.
Effect = tuple[Row | None, Row | None]
Effects = Mapping[Key, Effect]


@dataclass
class Rows:
    """The rows that there are.

    `images` are the values of every version that a row ever had, `sets` what each change set
    did, and `undone` the rows of a change set that undoing it has restored.
    """

    rows: dict[Key, Row] = field(default_factory=dict)
    images: dict[tuple[Key, int], tuple[object, ...]] = field(default_factory=dict)
    sets: dict[int, Effects] = field(default_factory=dict)
    undone: dict[int, frozenset[Key]] = field(default_factory=dict)

    def copy(self) -> "Rows":
        """Return rows of their own that are the same."""
        return Rows(dict(self.rows), dict(self.images), dict(self.sets), dict(self.undone))

    def change(self, effects: Effects) -> None:
        """Change the rows."""
        for key, (_, after) in effects.items():
            if after is None:
                del self.rows[key]
            else:
                self.rows[key] = after
                self.images[key, after.version] = after.values

    def of(self, noun: str) -> list[tuple[Key, Row]]:
        """Return the rows of a noun."""
        return [(key, row) for key, row in self.rows.items() if key.noun == noun]

    def dependents(self, key: Key) -> tuple[list[Key], list[Key]]:
        """Return the products and the SKUs that belong to a brand, or the SKUs of a product."""
        products = [one for one, row in self.of("product") if ("brand", row.values[1]) == key]
        owners = {one.row_id for one in products if key.noun == "brand"}
        if key.noun == "product":
            owners = {key.row_id}
        return products, [one for one, row in self.of("sku") if row.values[0] in owners]

    def is_free(self, name: object, *, but: Key | None = None) -> bool:
        """Return whether no brand has the name, other than `but`."""
        folded = str(name).casefold()
        return all(
            str(row.values[0]).casefold() != folded for key, row in self.of("brand") if key != but
        )
