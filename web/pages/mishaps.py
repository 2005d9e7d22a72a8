"""What goes wrong between a request and the database, as a status and a sentence for a person.

The one place that says so: error pages and forms both ask here.
"""

from dataclasses import dataclass

from web.changes.idempotency import KeyInUseError, KeyReusedError
from web.database.errors import (
    BrokenReferenceError,
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseReadOnlyError,
    DatabaseUnavailableError,
    DuplicateKeyError,
    RefusedValueError,
)


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
        return f"{self.sentence} Nothing was saved." if self.is_unsaved else self.sentence


# The first that fits counts.
_MISHAPS: list[tuple[type[Exception], Mishap]] = [
    (
        KeyInUseError,
        Mishap(
            409, "The same form is still being saved. Wait a moment, then send it again.", 3, False
        ),
    ),
    (
        KeyReusedError,
        Mishap(422, "This Idempotency-Key was sent before with another content."),
    ),
    (
        CommitUnknownError,
        Mishap(
            503,
            "The connection to the database broke while it was saving, and it is not certain "
            "whether that was done. Send the form again: nothing will be done twice.",
            5,
            is_unsaved=False,
        ),
    ),
    (DatabaseReadOnlyError, Mishap(503, "The catalog can only be read just now.", 10)),
    (DatabaseBusyError, Mishap(503, "The database is busy.", 5)),
    (DatabaseUnavailableError, Mishap(503, "The database cannot be reached just now.", 5)),
    (
        DuplicateKeyError,
        Mishap(409, "Something of the same name or number exists already."),
    ),
    (
        BrokenReferenceError,
        Mishap(
            409,
            "Something it belongs to is gone, or something else still belongs to it.",
        ),
    ),
    (RefusedValueError, Mishap(422, "A value is not possible there.")),
]
# All that `mishap` knows, for an except clause.
MISHAPS = tuple(dict.fromkeys(error for error, _ in _MISHAPS))


def mishap(error: Exception) -> Mishap:
    """Return what to answer to one of `MISHAPS`.

    Raises:
        LookupError: it is none of them.
    """
    for known, answer in _MISHAPS:
        if isinstance(error, known):
            return answer
    raise LookupError(type(error).__name__)
