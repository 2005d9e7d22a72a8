"""What a change set did in words, from its numbers: "renamed Levis to Levi’s".

A phrase is a sequence of texts and names. They stay apart so that a page can show a
name of any script as one. Each sentence is a whole with places in it, since languages
put words in an order of their own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from web.changes.tallies import Tally
from web.languages import gettext, marked, marked_plural, ngettext, thousands

# In the order in which they are told.
_NOUNS: Final = ("brand", "product", "color", "size", "sku")
_KINDS: Final = ("created", "changed", "deleted")
_PLACE: Final = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a row in a phrase."""

    text: str


Phrase: TypeAlias = tuple[str | Name, ...]


@dataclass(frozen=True, slots=True)
class _Telling:
    """How something that was done is told: as a deed, as an event, above a list of the rows."""

    deed: str
    event: tuple[str, str]
    title: str = ""


_OF_ROWS: Final = {
    "created": _Telling(
        marked("created %(rows)s"),
        marked_plural("%(rows)s was created", "%(rows)s were created"),
        marked("%(rows)s created"),
    ),
    "brought back": _Telling(
        marked("brought back %(rows)s"),
        marked_plural("%(rows)s was brought back", "%(rows)s were brought back"),
        marked("%(rows)s brought back"),
    ),
    "changed": _Telling(
        marked("changed %(rows)s"),
        marked_plural("%(rows)s was changed", "%(rows)s were changed"),
        marked("%(rows)s changed"),
    ),
    "deleted": _Telling(
        marked("deleted %(rows)s"),
        marked_plural("%(rows)s was deleted", "%(rows)s were deleted"),
        marked("%(rows)s deleted"),
    ),
}
# One row by its name, with rows of other nouns that belong to it.
_OF_ONE: Final = {
    "created": _Telling(
        marked("created %(name)s with %(rows)s"),
        marked_plural("%(name)s was created with %(rows)s", "%(name)s was created with %(rows)s"),
    ),
    "brought back": _Telling(
        marked("brought back %(name)s with %(rows)s"),
        marked_plural(
            "%(name)s was brought back with %(rows)s", "%(name)s was brought back with %(rows)s"
        ),
    ),
    "deleted": _Telling(
        marked("deleted %(name)s with %(rows)s"),
        marked_plural("%(name)s was deleted with %(rows)s", "%(name)s was deleted with %(rows)s"),
    ),
}
_RENAMED: Final = _Telling(
    marked("renamed %(old)s to %(new)s"),
    marked_plural("%(old)s was renamed to %(new)s", "%(old)s was renamed to %(new)s"),
)
_ADDED: Final = _Telling(
    marked("added %(rows)s"), marked_plural("%(rows)s was added", "%(rows)s were added")
)
_ADDED_TO: Final = _Telling(
    marked("added %(rows)s to %(product)s"),
    marked_plural("%(rows)s was added to %(product)s", "%(rows)s were added to %(product)s"),
)
_REMOVED: Final = _Telling(
    marked("removed %(rows)s"), marked_plural("%(rows)s was removed", "%(rows)s were removed")
)
_REMOVED_FROM: Final = _Telling(
    marked("removed %(rows)s from %(product)s"),
    marked_plural(
        "%(rows)s was removed from %(product)s", "%(rows)s were removed from %(product)s"
    ),
)
_LOADED: Final = _Telling(
    marked("bulk load: %(rows)s"),
    marked_plural("%(rows)s was loaded", "%(rows)s were loaded"),
)
# How many rows.
_AMOUNTS: Final = {
    "brand": marked_plural("%(count)s brand", "%(count)s brands"),
    "product": marked_plural("%(count)s product", "%(count)s products"),
    "color": marked_plural("%(count)s color", "%(count)s colors"),
    "size": marked_plural("%(count)s size", "%(count)s sizes"),
    "sku": marked_plural("%(count)s SKU", "%(count)s SKUs"),
}


@dataclass(frozen=True, slots=True)
class _Clause:
    """One thing that was done to `number` rows."""

    telling: _Telling
    number: int
    parts: dict[str, Phrase]

    def active(self) -> Phrase:
        return _filled(gettext(self.telling.deed), self.parts)

    def passive(self) -> Phrase:
        return _filled(ngettext(*self.telling.event, self.number), self.parts)


def deed(tallies: Sequence[Tally], undoes: int | None = None) -> Phrase:
    """Return what a change set did, as its author’s deed: "created 10,000 brands".

    Args:
        tallies: what it did.
        undoes: the change set that it undid.
    """
    clauses = [*_load(tallies), *_clauses(tallies, undoes)]
    told = _joined([clause.active() for clause in clauses]) or (gettext("changed nothing"),)
    if undoes is None:
        return told
    return _filled(
        gettext("undid change %(change)s: %(deed)s"), {"change": (str(undoes),), "deed": told}
    )


def event(tallies: Sequence[Tally], undoes: int | None = None) -> Phrase:
    """Return what a change set did, as what happened: "10,000 brands were created.".

    Args:
        tallies: what it did.
        undoes: the change set that it undid.
    """
    clauses = [*_load(tallies), *_clauses(tallies, undoes)]
    told = _joined([clause.passive() for clause in clauses]) or (gettext("Nothing was changed"),)
    if undoes is None:
        return (*told, ".")
    return _filled(
        gettext("Change %(change)s was undone: %(event)s."),
        {"change": (str(undoes),), "event": told},
    )


def title(number: int, noun: str, kind: str, undoes: int | None) -> str:
    """Return what was done to so many rows, above a list of them: "3 SKUs deleted"."""
    return gettext(_OF_ROWS[_verb(kind, undoes)].title) % {"rows": counted(number, noun)}


def counted(number: int, noun: str) -> str:
    """Return a number of rows in words: "1 SKU", "10,000 brands"."""
    return ngettext(*_AMOUNTS[noun], number) % {"count": thousands(number)}


def _verb(kind: str, undoes: int | None) -> str:
    """Return what was done to rows of a kind; an undo creates nothing new."""
    return "brought back" if kind == "created" and undoes is not None else kind


def _load(tallies: Iterable[Tally]) -> list[_Clause]:
    """Return what a bulk load brought; nothing if there was no load."""
    loads = [tally for tally in tallies if tally.noun == "catalog"]
    sums = {
        "brand": sum(tally.brands or 0 for tally in loads),
        "product": sum(tally.products or 0 for tally in loads),
        "sku": sum(tally.skus or 0 for tally in loads),
    }
    told: list[Phrase] = [(counted(number, noun),) for noun, number in sums.items() if number]
    rows = _listed(told) or (gettext("nothing"),)
    return [_Clause(_LOADED, sum(sums.values()) or 1, {"rows": rows})] if loads else []


def _clauses(tallies: Iterable[Tally], undoes: int | None) -> list[_Clause]:
    of_kind: dict[str, dict[str, Tally]] = {kind: {} for kind in _KINDS}
    for tally in tallies:
        if tally.noun != "catalog":
            of_kind[tally.kind][tally.noun] = tally
    return [
        _clause(_verb(kind, undoes), [found[noun] for noun in _NOUNS if noun in found])
        for kind, found in of_kind.items()
        if found
    ]


def _clause(verb: str, tallies: Sequence[Tally]) -> _Clause:
    """Return what was done to the rows of one kind: those that were created, for example."""
    amounts: list[Phrase] = [(counted(tally.entry_count, tally.noun),) for tally in tallies]
    first = tallies[0]
    if first.noun == "sku":
        return _sku_clause(first, amounts[0])
    number = first.entry_count + len(amounts) - 1
    name = first.new_name if first.new_name is not None else first.old_name
    if first.entry_count > 1 or name is None:
        return _Clause(_OF_ROWS[verb], number, {"rows": _listed(amounts)})
    if amounts[1:] and first.kind != "changed":
        return _Clause(_OF_ONE[verb], 1, {"name": (Name(name),), "rows": _listed(amounts[1:])})
    is_renamed = first.kind == "changed" and first.old_name not in {None, name}
    if is_renamed and first.old_name is not None and not amounts[1:]:
        return _Clause(_RENAMED, 1, {"old": (Name(first.old_name),), "new": (Name(name),)})
    return _Clause(_OF_ROWS[verb], number, {"rows": _listed([(Name(name),), *amounts[1:]])})


def _sku_clause(tally: Tally, amount: Phrase) -> _Clause:
    """Return what was done to SKUs alone, of one product or of several."""
    is_added = tally.kind == "created"
    if tally.product_name is None:
        telling = _ADDED if is_added else _REMOVED
        return _Clause(telling, tally.entry_count, {"rows": amount})
    telling = _ADDED_TO if is_added else _REMOVED_FROM
    parts: dict[str, Phrase] = {"rows": amount, "product": (Name(tally.product_name),)}
    return _Clause(telling, tally.entry_count, parts)


def _filled(text: str, parts: dict[str, Phrase]) -> Phrase:
    """Return a text with phrases in the places that name them."""
    filled: list[str | Name] = []
    for number, piece in enumerate(_PLACE.split(text)):
        if number % 2:
            filled.extend(parts[piece])
        elif piece:
            filled.append(piece)
    return tuple(filled)


def _listed(phrases: Sequence[Phrase]) -> Phrase:
    """Return phrases as a list in a sentence: "1 brand, 2 products and 3 SKUs"."""
    if len(phrases) < 2:
        return phrases[0] if phrases else ()
    first = _joined(phrases[:-1], by=", ")
    return _filled(gettext("%(first)s and %(last)s"), {"first": first, "last": phrases[-1]})


def _joined(phrases: Sequence[Phrase], *, by: str = "; ") -> Phrase:
    """Return phrases one behind another: "created Shirt; renamed Lee to Lees"."""
    joined: list[str | Name] = []
    for phrase in phrases:
        if joined:
            joined.append(by)
        joined.extend(phrase)
    return tuple(joined)
