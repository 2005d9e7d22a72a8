"""Where the pages of a noun are, and what they say of it: brand, product, color, size."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web
from yarl import URL

from web.languages import gettext, marked


@dataclass(frozen=True, slots=True)
class NounTexts:
    """What is said of a row of a noun: a whole sentence each, since nouns have genders."""

    missing: str
    edit: str
    collided: str
    gone: str
    changed: str
    all: str


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun as the addresses have it; `has_page` says whether each of its rows has a page."""

    name: str
    has_page: bool
    texts: NounTexts

    @property
    def id_name(self) -> str:
        """The part of a path that is the id."""
        return f"{self.name}_id"

    def not_found(self, row_id: int) -> str:
        """Return the sentence for an id that nobody has."""
        return gettext(self.texts.missing) % {"id": row_id}

    def route(self, request: web.Request, action: str, row_id: int) -> URL:
        """Return where a row is edited (`edit`) or deleted (`delete`)."""
        resource = request.app.router[f"{action}_{self.name}"]
        return resource.url_for(**{self.id_name: str(row_id)})

    def list_url(self, request: web.Request) -> URL:
        """Return where all of the noun are."""
        return request.app.router[f"{self.name}s"].url_for()

    def row_url(self, request: web.Request, row_id: int) -> URL:
        """Return the row's page; where rows have none, the list."""
        if not self.has_page:
            return self.list_url(request)
        return request.app.router[self.name].url_for(**{self.id_name: str(row_id)})


BRAND: Final = Noun(
    "brand",
    has_page=True,
    texts=NounTexts(
        missing=marked("There is no brand %(id)s."),
        edit=marked("Edit the brand"),
        collided=marked(
            "Somebody else saved this brand while you edited it, and changed the same as you. "
            "Nothing of yours was saved yet."
        ),
        gone=marked("Somebody deleted this brand while you edited it. Nothing was saved."),
        changed=marked("Somebody changed this brand since you opened it."),
        all=marked("All brands"),
    ),
)
PRODUCT: Final = Noun(
    "product",
    has_page=True,
    texts=NounTexts(
        missing=marked("There is no product %(id)s."),
        edit=marked("Edit the product"),
        collided=marked(
            "Somebody else saved this product while you edited it, and changed the same as you. "
            "Nothing of yours was saved yet."
        ),
        gone=marked("Somebody deleted this product while you edited it. Nothing was saved."),
        changed=marked("Somebody changed this product since you opened it."),
        all=marked("All products"),
    ),
)
COLOR: Final = Noun(
    "color",
    has_page=False,
    texts=NounTexts(
        missing=marked("There is no color %(id)s."),
        edit=marked("Edit the color"),
        collided=marked(
            "Somebody else saved this color while you edited it, and changed the same as you. "
            "Nothing of yours was saved yet."
        ),
        gone=marked("Somebody deleted this color while you edited it. Nothing was saved."),
        changed=marked("Somebody changed this color since you opened it."),
        all=marked("All colors"),
    ),
)
SIZE: Final = Noun(
    "size",
    has_page=False,
    texts=NounTexts(
        missing=marked("There is no size %(id)s."),
        edit=marked("Edit the size"),
        collided=marked(
            "Somebody else saved this size while you edited it, and changed the same as you. "
            "Nothing of yours was saved yet."
        ),
        gone=marked("Somebody deleted this size while you edited it. Nothing was saved."),
        changed=marked("Somebody changed this size since you opened it."),
        all=marked("All sizes"),
    ),
)
