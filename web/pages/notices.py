"""The message after saving: what was done, in a sentence, with its undo at hand.

A write leads to a page with `?change=<id of its change set>`; any page that shows the
message passes that to `notice_of` and includes `changes/notice.html`.
"""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from web.changes.change_sets import ChangeSet, get_change_set
from web.changes.phrases import Phrase, event
from web.changes.tallies import tally_change_set
from web.database.concurrently import concurrently
from web.database.pool import Pool
from web.inputs import query_id


@dataclass(frozen=True, slots=True)
class Notice:
    """What a change set did and when; `undo_key` is the key of the form that undoes it.

    Without `undo_key` no undo is offered: it is a bulk load, is undone already, or is
    longer ago than a message should offer; its own page still does then.
    """

    change_set_id: int
    sentence: Phrase
    changed_at: datetime
    undo_key: str | None
    is_undone: bool


async def notice_of(pool: Pool, change_set_id: int | None) -> Notice | None:
    """Return the message about a change set; None if there is none, or nobody has the id.

    It says what that change set did, wherever it is shown.
    """
    if change_set_id is None:
        return None
    change_set, tallies = await concurrently(
        get_change_set(pool, change_set_id), tally_change_set(pool, change_set_id)
    )
    if change_set is None:
        return None
    return Notice(
        change_set.change_set_id,
        event(tallies, change_set.undoes),
        change_set.changed_at,
        undo_key(change_set) if change_set.is_recent else None,
        change_set.is_undone,
    )


def change_in(request: web.Request) -> int | None:
    """Return the change set that a page was reached from, as its query says.

    Raises:
        web.HTTPBadRequest: `change` is not an id.
    """
    return query_id(request, "change")


def undo_key(change_set: ChangeSet) -> str | None:
    """Return the key of the form that undoes a change set; None if it cannot be undone.

    It is the same until the change set is undone, so that the page stays the same, and
    so that two clicks are one undo.
    """
    if not change_set.can_be_undone:
        return None
    return f"undo-{change_set.change_set_id}-{change_set.undo_count}"
