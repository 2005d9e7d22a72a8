"""The page of a change set, all that one request changed, and its undo."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from aiohttp import web

from web.changes.change_sets import (
    ChangeSet,
    LeftAlone,
    count_left_alone,
    get_change_set,
    list_left_alone,
    list_undos,
)
from web.changes.entries import RowChange, list_row_changes, name_rows
from web.changes.idempotency import Outcome
from web.changes.phrases import event, title
from web.changes.tallies import Tally, tally_change_set
from web.changes.undo import BulkLoadError, NothingToUndoError, UnknownChangeSetError, undo
from web.database.concurrently import concurrently
from web.database.errors import BrokenReferenceError, DuplicateKeyError
from web.database.pool import Connection
from web.forms import form_fields
from web.inputs import path_id
from web.keys import POOL, SETTINGS
from web.languages import gettext
from web.pages.notices import undo_key
from web.pages.saving import save
from web.templates import render

# What one form can create is shown in full.
_ROWS_SHOWN: Final = 10_000
_SKUS_SHOWN: Final = 1_000
_LEFT_ALONE_SHOWN: Final = 1_000
# A name that somebody takes while an undo looks at it is left alone the next time.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Section:
    """What a change set did to the rows of a noun in one way; of `count` rows some are shown."""

    noun: str
    kind: str
    title: str
    rows: list[RowChange]
    count: int


async def show_change(request: web.Request) -> web.Response:
    """Show what a change set created, changed and deleted, and offer to undo it."""
    return await _page(request, path_id(request, "change_id"))


async def undo_change(request: web.Request) -> web.Response:
    """Undo a change set, and lead to the change set that this is."""
    change_id = path_id(request, "change_id")
    fields = await form_fields(request)

    async def work(connection: Connection) -> Outcome:
        undone_by = await undo(connection, change_id, request.app[SETTINGS].long_query_timeout)
        url = request.app.router["change"].url_for(change_id=str(undone_by))
        return Outcome(undone_by, str(url))

    for tries_left in reversed(range(_TRIES)):
        try:
            outcome = await save(request, fields, work)
        except (DuplicateKeyError, BrokenReferenceError):
            if not tries_left:
                raise
        except UnknownChangeSetError:
            raise _not_found(change_id) from None
        except BulkLoadError:
            return await _page(request, change_id, refusal=gettext("A bulk load cannot be undone."))
        except NothingToUndoError as error:
            return await _page(
                request, change_id, refusal=_refusal(error), left_alone=error.left_alone
            )
        else:
            raise web.HTTPSeeOther(outcome.location or "")
    raise AssertionError("the last try returns or raises")


def _refusal(error: NothingToUndoError) -> str:
    if error.left_alone:
        return gettext("Nothing of this change can be undone any more. Nothing was saved.")
    return gettext("There is nothing left to undo in this change. Nothing was saved.")


def _not_found(change_id: int) -> web.HTTPNotFound:
    return web.HTTPNotFound(text=gettext("There is no change %(id)s.") % {"id": change_id})


async def _page(
    request: web.Request,
    change_id: int,
    *,
    refusal: str | None = None,
    left_alone: Sequence[LeftAlone] | None = None,
) -> web.Response:
    """Show a change set; with `refusal`, why it could not be undone, as 409.

    Args:
        request: the request.
        change_id: which change set.
        refusal: why an undo of it was refused.
        left_alone: what an undo of it could not take back; None for what it left alone itself.
    """
    pool = request.app[POOL]
    change_set, tallies, rows, undos, left, left_count = await concurrently(
        get_change_set(pool, change_id),
        tally_change_set(pool, change_id),
        list_row_changes(pool, change_id, most=_ROWS_SHOWN, most_skus=_SKUS_SHOWN),
        list_undos(pool, change_id),
        list_left_alone(pool, change_id, most=_LEFT_ALONE_SHOWN),
        count_left_alone(pool, change_id),
    )
    if change_set is None:
        raise _not_found(change_id)
    if left_alone is not None:
        left, left_count = list(left_alone[:_LEFT_ALONE_SHOWN]), len(left_alone)
    names = await name_rows(pool, {(one.noun, one.row_id) for one in left})
    return render(
        request,
        "changes/show.html",
        {
            "change_set": change_set,
            "sentence": event(tallies, change_set.undoes),
            "sections": _sections(rows, tallies, change_set.undoes),
            "undos": undos,
            "left_alone": [(one, names[one.noun, one.row_id]) for one in left],
            "left_count": left_count,
            "refusal": refusal,
            "undo_key": undo_key(change_set),
            "undo_label": _undo_label(change_set),
        },
        status=200 if refusal is None else 409,
    )


def _undo_label(change_set: ChangeSet) -> str:
    if change_set.undo_count:
        return gettext("Undo the rest")
    return gettext("Undo the undo") if change_set.undoes is not None else gettext("Undo")


def _sections(
    rows: Sequence[RowChange], tallies: Sequence[Tally], undoes: int | None
) -> list[_Section]:
    """Return the rows by kind and noun, the SKUs last."""
    counts = Counter({(tally.noun, tally.kind): tally.entry_count for tally in tallies})
    kinds = ("created", "changed", "deleted")
    shown = sorted(rows, key=lambda row: (row.noun == "sku", kinds.index(row.kind)))
    sections = []
    for (noun, kind), group in groupby(shown, key=lambda row: (row.noun, row.kind)):
        count = counts[noun, kind]
        sections.append(_Section(noun, kind, title(count, noun, kind, undoes), list(group), count))
    return sections
