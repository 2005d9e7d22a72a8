"""The form that creates brands, one a line, in three modes.

`all` saves every line or none, `new` saves those that can be and leaves the others, and
`check` does what `new` does and takes it back. A page says that something was saved
only when it was committed.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from aiohttp import web

from web.catalog.brand_lines import (
    BrandLine,
    DuplicateBrandError,
    LineFinding,
    check_names,
    create_brands,
    create_new_brands,
    examine_lines,
)
from web.catalog.names import MAX_NAME_LENGTH, trimmed
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.database.pool import Connection
from web.database.transactions import rehearse
from web.forms import form_fields
from web.inputs import is_storable, without_nul
from web.keys import POOL
from web.languages import gettext, thousands
from web.pages.line_reports import LineReport, from_detail, to_detail
from web.pages.mishaps import MISHAPS, mishap, set_retry_after
from web.pages.saving import KEY_FIELD, author_of, keep_key, save
from web.templates import render

MAX_LINES: Final = 10_000
# A character is up to four bytes, each of them escaped as %F0, and so are the line ends;
# what is left is for the names of the fields and the key.
MAX_FORM_BYTES: Final = MAX_LINES * (MAX_NAME_LENGTH * 12 + len("%0D%0A")) + 4096
# An open dry run holds the names that it tries, in seconds.
DRY_RUN_SECONDS: Final = 3
_NOT_BLANK = re.compile(r"\S")

# Saves what `check_names` left, in one of the modes; the answer is a page or a redirect.
Mode = Callable[[web.Request, Mapping[str, str], Sequence[LineFinding]], Awaitable[web.Response]]


class NothingCreatedError(Exception):
    """Not one line could be saved, for the reasons in `findings`; nothing was."""

    def __init__(self, findings: list[LineFinding]) -> None:
        super().__init__(f"{len(findings)} lines")
        self.findings = findings


async def show_brand_form(request: web.Request) -> web.Response:
    """Show the empty form that creates brands."""
    return _form(request, {})


async def save_brands(request: web.Request) -> web.Response:
    """Create brands for the lines of the form, in the mode that it asks for."""
    fields = await form_fields(request, most_bytes=MAX_FORM_BYTES)
    mode = _MODES.get(fields.get("mode", "all"))
    if mode is None:
        known = ", ".join(f"“{name}”" for name in _MODES)
        problem = gettext("The mode of saving is none of %(known)s. Nothing was saved.") % {
            "known": known
        }
        return _form(request, fields, problem=problem, status=422)
    lines, wrong = _parse_lines(fields.get("brand_name", ""))
    if wrong is not None:
        unsaved = gettext("Nothing was saved.")
        return _form(request, fields, problem=f"{wrong} {unsaved}", status=422)
    try:
        return await mode(request, fields, check_names(lines))
    except MISHAPS as error:
        answer = mishap(error)
        response = _form(request, fields, problem=answer.of_form, status=answer.status)
        return set_retry_after(response, answer)


async def _save_all(
    request: web.Request, fields: Mapping[str, str], findings: Sequence[LineFinding]
) -> web.Response:
    """Create a brand for each line, or for none.

    Whether a name exists already is decided by the unique index, which rolls all of
    it back; only then are the lines looked at, for the explanation.
    """

    async def create(connection: Connection) -> Outcome:
        brand_ids = await create_brands(connection, [finding.line for finding in findings])
        change_set_id = await current_change_set(connection)
        return Outcome(change_set_id, _saved_url(request, brand_ids, change_set_id))

    if all(finding.is_good for finding in findings):
        try:
            return _saved(request, fields, findings, await save(request, fields, create))
        except DuplicateBrandError:
            pass
    return _refused(request, fields, await examine_lines(request.app[POOL], findings))


async def _save_new(
    request: web.Request, fields: Mapping[str, str], findings: Sequence[LineFinding]
) -> web.Response:
    """Create a brand for each line that can be one; the others take none of them with them."""

    async def create(connection: Connection) -> Outcome:
        change_set_id = await current_change_set(connection)
        outcomes = await create_new_brands(connection, findings)
        brand_ids = [outcome.created_id for outcome in outcomes if outcome.created_id is not None]
        if not brand_ids:
            raise NothingCreatedError(outcomes)
        if len(brand_ids) == len(outcomes):
            return Outcome(change_set_id, _saved_url(request, brand_ids, change_set_id))
        return Outcome(change_set_id, detail=to_detail(outcomes))

    try:
        return _saved(request, fields, findings, await save(request, fields, create))
    except NothingCreatedError as error:
        return _refused(request, fields, error.findings)


async def _dry_run(
    request: web.Request, fields: Mapping[str, str], findings: Sequence[LineFinding]
) -> web.Response:
    """Do what saving the new ones would do, take it back, and say what would have come of it."""

    async def create(connection: Connection) -> list[LineFinding]:
        return await create_new_brands(connection, findings)

    outcomes = await rehearse(
        request.app[POOL], create, author=author_of(request), seconds=DRY_RUN_SECONDS
    )
    # Their brands were taken back.
    outcomes = [replace(outcome, created_id=None) for outcome in outcomes]
    return _form(request, fields, report=LineReport.build("rehearsed", outcomes))


def _saved(
    request: web.Request,
    fields: Mapping[str, str],
    findings: Sequence[LineFinding],
    outcome: Outcome,
) -> web.Response:
    """Answer what was committed, now or when the same form was sent before."""
    if outcome.location is not None:
        raise web.HTTPSeeOther(outcome.location)
    outcomes = from_detail([finding.line for finding in findings], outcome.detail)
    report = LineReport.build("created", outcomes, outcome.change_set_id)
    # The key is used up. The next one is made of what was saved, so that a repeat is answered
    # by the very same page; and nothing is read for it, which could fail after the COMMIT.
    return _form(request, fields, report=report, key=f"after-{outcome.change_set_id}")


def _refused(
    request: web.Request, fields: Mapping[str, str], findings: Sequence[LineFinding]
) -> web.Response:
    is_invalid = any(finding.problem for finding in findings)
    report = LineReport.build("refused", findings)
    return _form(request, fields, report=report, status=422 if is_invalid else 409)


def _saved_url(request: web.Request, brand_ids: Sequence[int], change_set_id: int) -> str:
    """Return the page that says what was saved: the brand's, or the change set's for several."""
    router = request.app.router
    if len(brand_ids) > 1:
        return str(router["change"].url_for(change_id=str(change_set_id)))
    brand = router["brand"].url_for(brand_id=str(brand_ids[0]))
    return str(brand.with_query(change=change_set_id))


def _parse_lines(typed: str) -> tuple[list[BrandLine], str | None]:
    """Return the lines that are not blank, and what is wrong with the field as a whole."""
    if not is_storable(typed):
        return [], gettext("It holds characters that are not text.")
    lines = [
        BrandLine(number, trimmed(name))
        for number, name in islice(_typed_lines(typed), MAX_LINES + 1)
    ]
    if not lines:
        return [], gettext("Type a brand’s name.")
    if len(lines) > MAX_LINES:
        sentence = gettext(
            "These are more than %(most)s lines, the most that can be saved at once."
        )
        return [], sentence % {"most": thousands(MAX_LINES)}
    return lines, None


def _typed_lines(typed: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank with their numbers, from 1.

    One after another: a form that is nothing but line ends would be a list of millions.
    """
    text = typed.replace("\r\n", "\n").replace("\r", "\n")
    number, start, end = 1, 0, 0
    while (character := _NOT_BLANK.search(text, end)) is not None:
        before = start
        start = text.rfind("\n", end, character.start()) + 1
        number += text.count("\n", before, start)
        end = text.find("\n", character.start())
        if end < 0:
            end = len(text)
        yield number, text[start:end]


def _form(
    request: web.Request,
    fields: Mapping[str, str],
    *,
    problem: str | None = None,
    report: LineReport | None = None,
    key: str | None = None,
    status: int = 200,
) -> web.Response:
    """Show the form with what was typed, and what came of it."""
    change_set_id = None if report is None else report.change_set_id
    return render(
        request,
        "brands/form.html",
        {
            "typed": without_nul(fields.get("brand_name", "")),
            "key": keep_key(key or fields.get(KEY_FIELD)),
            "problem": problem,
            "report": report,
            # Of the first undo, as the change set's own page has it (web/pages/notices.py).
            "undo_key": f"undo-{change_set_id}-0" if change_set_id is not None else None,
        },
        status=status,
    )


_MODES: Final[Mapping[str, Mode]] = {"all": _save_all, "new": _save_new, "check": _dry_run}
