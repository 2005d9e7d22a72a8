"""The page of sizes: the small table of them, and the form that creates one."""

from collections.abc import Mapping

from aiohttp import web

from web.catalog.names import name_problem, trimmed
from web.catalog.sizes import (
    DuplicateSizeError,
    NoMoreSizesError,
    create_size,
    get_size_named,
    list_counted_sizes,
)
from web.catalog.variants import Size
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.database.concurrently import concurrently
from web.database.errors import DatabaseUnavailableError
from web.database.pool import Connection
from web.forms import form_fields
from web.inputs import is_storable, without_nul
from web.keys import POOL
from web.languages import gettext, thousands
from web.pages.mishaps import MISHAPS, Mishap, mishap, set_retry_after
from web.pages.notices import change_in, notice_of
from web.pages.saving import KEY_FIELD, keep_key, new_key, save
from web.templates import render


async def show_sizes(request: web.Request) -> web.Response:
    """Show all sizes with their SKU counts, and the form that creates one."""
    pool = request.app[POOL]
    change_set_id = change_in(request)
    sizes, notice = await concurrently(list_counted_sizes(pool), notice_of(pool, change_set_id))
    return render(
        request,
        "sizes/list.html",
        {
            "sizes": sizes,
            "notice": notice,
            "typed": {},
            "problems": {},
            "key": new_key(),
            "refusal": None,
            "existing": None,
        },
    )


async def save_size(request: web.Request) -> web.Response:
    """Create the size of the form, or show it again with what stands against it."""
    fields = await form_fields(request)
    problems = _problems(fields)
    existing: Size | None = None
    refusal = Mishap(422, gettext("Look at what is marked below."))
    if not problems:
        try:
            raise web.HTTPSeeOther(await _save(request, fields))
        except DuplicateSizeError:
            name = trimmed(fields["product_size_name"])
            existing = await get_size_named(request.app[POOL], name)
            refusal = Mishap(409, gettext("Somebody saved the same name just now."))
        except NoMoreSizesError:
            sentence = gettext("All %(count)s numbers that sizes can have are used up.")
            refusal = Mishap(409, sentence % {"count": thousands(2**15 - 1)})
        except MISHAPS as error:
            refusal = mishap(error)
    return await _refused(request, fields, problems, refusal, existing)


async def _save(request: web.Request, fields: Mapping[str, str]) -> str:
    """Create the size and return where to read of it."""
    url = request.app.router["sizes"].url_for()
    name = trimmed(fields["product_size_name"])

    async def create(connection: Connection) -> Outcome:
        await create_size(connection, name)
        change_set_id = await current_change_set(connection)
        return Outcome(change_set_id, str(url.with_query(change=change_set_id)))

    return (await save(request, fields, create)).location or str(url)


async def _refused(
    request: web.Request,
    fields: Mapping[str, str],
    problems: Mapping[str, str],
    refusal: Mishap,
    existing: Size | None,
) -> web.Response:
    """Show the form with what was typed, beside the sizes if they can be read just now."""
    sizes = None
    if refusal.status != 503:
        try:
            sizes = await list_counted_sizes(request.app[POOL])
        except DatabaseUnavailableError as error:
            refusal = mishap(error)
    response = render(
        request,
        "sizes/list.html",
        {
            "sizes": sizes,
            "notice": None,
            "typed": {name: without_nul(value) for name, value in fields.items()},
            "problems": problems,
            "key": keep_key(fields.get(KEY_FIELD)),
            "refusal": refusal,
            "existing": existing,
        },
        status=refusal.status,
    )
    return set_retry_after(response, refusal)


def _problems(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the fields, by name."""
    problems: dict[str, str] = {}
    typed = fields.get("product_size_name", "")
    name = trimmed(typed)
    if not is_storable(typed):
        problems["product_size_name"] = gettext("It holds characters that are not text.")
    elif (problem := name_problem(name) if name else gettext("Type the size’s name.")) is not None:
        problems["product_size_name"] = problem
    return problems
