"""A page as a person meets it: its text, links, table rows, and what a form holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

_INLINE = {"a", "bdi", "code", "mark", "path", "span", "strong", "svg", "time"}


@dataclass
class Link:
    """A link with its text, or the label that stands for it."""

    href: str
    rel: str
    label: str
    text: str = ""


@dataclass
class Element:
    """The start of an element."""

    tag: str
    attributes: dict[str, str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.links: list[Link] = []
        self.elements: list[Element] = []
        self.rows: list[list[str]] = []
        self.textarea: str | None = None
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        # A template that loses the space between two attributes makes one of them, or none.
        glued = re.search(r'="[^"]*"[^\s/>]', self.get_starttag_text() or "")
        assert glued is None, self.get_starttag_text()
        self.elements.append(Element(tag, attributes))
        self._open.append(tag)
        if tag not in _INLINE:
            self.pieces.append(" ")
        if tag == "a":
            label = attributes.get("aria-label", "")
            self.links.append(Link(attributes["href"], attributes.get("rel", ""), label))
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "textarea":
            self.textarea = ""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if "textarea" in self._open:
            self.textarea = (self.textarea or "") + data
            return
        self.pieces.append(data)
        if "a" in self._open:
            self.links[-1].text += data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


@dataclass(frozen=True)
class Page:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    html: str = field(repr=False)

    @cached_property
    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.html)
        reader.close()
        return reader

    @cached_property
    def text(self) -> str:
        """What can be read, white space runs as one space; without what a field holds."""
        return _collapsed("".join(self._read.pieces))

    @property
    def typed(self) -> str | None:
        """What the form's text field holds. HTML drops the line break it begins with."""
        text = self._read.textarea
        return None if text is None else text.removeprefix("\n")

    @property
    def elements(self) -> list[Element]:
        """All elements."""
        return self._read.elements

    @property
    def links(self) -> list[Link]:
        """All links."""
        return self._read.links

    @property
    def hrefs(self) -> list[str]:
        """Where the links lead."""
        return [link.href for link in self.links]

    @property
    def rows(self) -> list[list[str]]:
        """The texts of the cells of all tables, row by row, heads included."""
        return [[_collapsed(cell) for cell in row] for row in self._read.rows]

    def link(self, text: str) -> str:
        """Return where the link with this text or label leads."""
        (href,) = {link.href for link in self.links if text in {link.text.strip(), link.label}}
        return href

    def hidden(self, name: str) -> list[str]:
        """Return what the hidden fields of this name hold, in all forms."""
        fields = [element.attributes for element in self.elements if element.tag == "input"]
        return [
            one["value"] for one in fields if one.get("type") == "hidden" and one["name"] == name
        ]

    def neighbor(self, rel: str) -> str | None:
        """Return the link to the previous (rel "prev") or next page."""
        return next((link.href for link in self.links if link.rel == rel), None)

    def ids(self, noun: str) -> list[int]:
        """Return the ids that links to `/<noun>/<id>` hold, in order, each once."""
        found = (re.fullmatch(rf"/{noun}/(\d+)(?:\?.*)?", href) for href in self.hrefs)
        return list(dict.fromkeys(int(match[1]) for match in found if match))


def _collapsed(text: str) -> str:
    return " ".join(text.split())
