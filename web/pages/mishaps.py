"""What goes wrong between a request and the database, as a status and a sentence for a person.

The one place that says so: error pages and forms both ask here.
"""

from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from web.changes.idempotency import KeyInUseError, KeyReusedError
from web.database.errors import (
    BrokenReferenceError,
    CommitUnknowableError,
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    DatabaseUnavailableError,
    DuplicateKeyError,
    RefusedError,
    RefusedValueError,
)
from web.languages import gettext, marked


@dataclass(frozen=True, slots=True)
class Mishap:
    """What to answer: the status, a sentence, and when trying again makes sense, in seconds."""

    status: int
    sentence: str
    retry_after: int | None = None
    is_unsaved: bool = True

    @property
    def of_form(self) -> str:
        """The sentence for somebody who was saving."""
        unsaved = gettext("Nothing was saved.")
        return f"{self.sentence} {unsaved}" if self.is_unsaved else self.sentence


# The first that fits counts. Their sentences are translated by `mishap`.
_MISHAPS: list[tuple[type[Exception], Mishap]] = [
    (
        KeyInUseError,
        Mishap(
            409,
            marked("The same form is still being saved. Wait a moment, then send it again."),
            3,
            is_unsaved=False,
        ),
    ),
    (
        KeyReusedError,
        Mishap(422, marked("This Idempotency-Key was sent before with other content.")),
    ),
    (
        CommitUnknowableError,
        Mishap(
            503,
            marked(
                "The connection to the database broke while it was saving, and it is not certain "
                "whether that was done. Look whether it is there before you send it again."
            ),
            5,
            is_unsaved=False,
        ),
    ),
    (
        CommitUnknownError,
        Mishap(
            503,
            marked(
                "The connection to the database broke while it was saving, and it is not certain "
                "whether that was done. Send the form again: nothing will be done twice."
            ),
            5,
            is_unsaved=False,
        ),
    ),
    (DatabaseReadOnlyError, Mishap(503, marked("The catalog can only be read just now."), 10)),
    (
        DatabaseFullError,
        Mishap(
            503,
            marked(
                "The database has no room left on its disk. Tell whoever looks after it: "
                "until there is room, the catalog can only be read."
            ),
            60,
        ),
    ),
    (DatabaseBusyError, Mishap(503, marked("The database is busy."), 5)),
    (DatabaseUnavailableError, Mishap(503, marked("The database cannot be reached just now."), 5)),
    (
        DuplicateKeyError,
        Mishap(409, marked("Something of the same name or number exists already.")),
    ),
    (
        BrokenReferenceError,
        Mishap(
            409,
            marked("Something it belongs to is gone, or something else still belongs to it."),
        ),
    ),
    (RefusedValueError, Mishap(422, marked("A value is not possible there."))),
]
# All that `mishap` knows, for an except clause.
MISHAPS = tuple(dict.fromkeys(error for error, _ in _MISHAPS))

_TOO_LONG: Final = marked("The name is too long.")
_NO_NAME: Final = marked("The name is missing.")
# What a person understands of what PostgreSQL refused, by the name of the constraint or, of
# a value that is missing, of the column. A foreign key is the same from both of its sides.
_SENTENCES: Final = {
    "brand_name_key": marked("A brand of this name exists already."),
    "product_color_name_key": marked("A color of this name exists already."),
    "product_size_name_key": marked("A size of this name exists already."),
    "account_name_key": marked("An account of this name exists already."),
    "brand_name_length": _TOO_LONG,
    "product_name_length": _TOO_LONG,
    "product_color_name_length": _TOO_LONG,
    "product_size_name_length": _TOO_LONG,
    "account_name_length": _TOO_LONG,
    "brand_name": _NO_NAME,
    "product_name": _NO_NAME,
    "product_color_name": _NO_NAME,
    "product_size_name": _NO_NAME,
    "product_color_hex_form": marked("The color’s hex value is not of the form #0b5c56."),
    "product_brand_id_fkey": marked(
        "The brand was deleted just now, or a product was added to it."
    ),
    "sku_product_id_fkey": marked("The product was deleted just now, or a SKU was added to it."),
    "sku_product_color_id_fkey": marked(
        "The color was deleted just now, or a SKU was added in it."
    ),
    "sku_product_size_id_fkey": marked("The size was deleted just now, or a SKU was added in it."),
}


def mishap(error: Exception) -> Mishap:
    """Return what to answer to one of `MISHAPS`.

    Raises:
        LookupError: it is none of them.
    """
    for known, answer in _MISHAPS:
        if isinstance(error, known):
            if isinstance(error, RefusedError) and error.constraint in _SENTENCES:
                return replace(answer, sentence=gettext(_SENTENCES[error.constraint]))
            return replace(answer, sentence=gettext(answer.sentence))
    raise LookupError(type(error).__name__)


def set_retry_after(response: web.Response, answer: Mishap) -> web.Response:
    """Say in a response when trying again makes sense, if it does, and return it."""
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
