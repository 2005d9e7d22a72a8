"""What a search matched in a name, marked for the reader.

The database decides what matches, over folded names (`fold_name` in sql/migrations): "STRASSE"
finds "Straße", "fi" finds "ﬁne". To mark the part in the name as it was typed, the name is
folded here once more, each folded character with the place that it came from.

Python and PostgreSQL know different versions of Unicode, and before PostgreSQL 18 case was
folded in another way: a part is marked only if it folds to what was searched, by itself. A mark
too few is a pity; a wrong one would lie about why the name was found.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from unicodedata import combining, normalize

from markupsafe import Markup, escape

# What `fold_name` takes for white space once NFKC has been at work.
_WHITE: Final = "\t\n\v\f\r \x85\u1680\u2028\u2029"
_WHITE_RUN: Final = re.compile(f"[{_WHITE}]+")


class _Folded(NamedTuple):
    """A folded text, and where each of its characters begins and ends in the text itself."""

    text: str
    starts: list[int]
    ends: list[int]


def folded(text: str) -> str:
    """Return a text as `fold_name` would, as far as Python can tell."""
    return _WHITE_RUN.sub(" ", normalize("NFKC", text)).strip(" ").casefold()


def highlighted(text: str, q: str | None) -> str | Markup:
    """Return a name as HTML in which what `q` matched is marked; the name itself without one."""
    spans = list(matches(text, q)) if q else []
    if not spans:
        return text
    html, done = Markup(), 0  # all that is added to it is escaped
    for start, end in spans:
        html += escape(text[done:start]) + Markup("<mark>%s</mark>") % text[start:end]
        done = end
    return html + escape(text[done:])


def matches(text: str, q: str) -> Iterator[tuple[int, int]]:
    """Yield where in `text` the parts begin and end that fold to what `q` does, one after another.

    A part that ends inside a character ("f" in "ﬁ") is none.
    """
    wanted = _wanted(q)
    if not wanted:
        return
    name = _ascii_folded(text) if text.isascii() else _folded_with_places(text)
    at, done = name.text.find(wanted), 0
    while at >= 0:
        start, end = name.starts[at], name.ends[at + len(wanted) - 1]
        if start >= done and folded(text[start:end]) == wanted:
            yield start, end
            done, at = end, at + len(wanted) - 1
        at = name.text.find(wanted, at + 1)


# A page marks fifty names for one search.
@lru_cache(maxsize=64)
def _wanted(q: str) -> str:
    return folded(q)


def _ascii_folded(text: str) -> _Folded:
    places = range(len(text))
    if _WHITE_RUN.search(text) is None or " ".join(text.split()) == text:
        return _Folded(text.lower(), list(places), [place + 1 for place in places])
    return _folded_with_places(text)


def _folded_with_places(text: str) -> _Folded:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _pieces(text):
        for character in normalize("NFKC", text[start:end]):
            if character not in _WHITE:
                folds = character.casefold()
            elif characters and characters[-1] == " ":
                ends[-1] = end  # a run of white space is one space
                continue
            else:
                folds = " "
            characters.extend(folds)
            starts.extend([start] * len(folds))
            ends.extend([end] * len(folds))
    return _Folded("".join(characters), starts, ends)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a text that NFKC changes each by itself: a letter and its accents."""
    start = 0
    for place in range(1, len(text)):
        if _parts(text[start:place], text[place]):
            yield start, place
            start = place
    if text:
        yield start, len(text)


def _parts(piece: str, character: str) -> bool:
    """Whether a piece ends before a character, which neither joins nor follows it as an accent."""
    if character.isascii():
        return True
    if combining(normalize("NFKD", character)[0]):
        return False
    return normalize("NFKC", piece + character) == normalize("NFKC", piece) + normalize(
        "NFKC", character
    )
