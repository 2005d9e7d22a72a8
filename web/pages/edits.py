"""The forms that rename and edit brands, products, colors and sizes."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from web.catalog import edits
from web.catalog.brand_choice import UnclearBrandError
from web.catalog.edits import (
    DuplicateNameError,
    Editable,
    NoSuchRowError,
    UnknownBrandError,
    find_deletion,
    find_named,
    get_row,
    name_brands,
    save_edit,
)
from web.changes.change_sets import current_change_set
from web.changes.idempotency import Outcome
from web.changes.merging import Fields, GoneError, StaleVersionError
from web.database.pool import Connection
from web.forms import form_fields
from web.inputs import id_from, path_id
from web.keys import POOL
from web.languages import gettext
from web.pages import nouns
from web.pages.brand_field import BrandEntry, brand_field, unasked_brand_field
from web.pages.edit_fields import BRAND_FIELD, Entry, read_entry
from web.pages.edit_views import Form, collision_page, form_page, gone_page
from web.pages.mishaps import MISHAPS, mishap, set_retry_after
from web.pages.nouns import Noun
from web.pages.saving import KEY_FIELD, save

VERSION_FIELD: Final = "version"


@dataclass(frozen=True, slots=True)
class EditPages:
    """The edit form of one noun."""

    noun: Noun
    editable: Editable

    async def show(self, request: web.Request) -> web.Response:
        """Show the form with what is there now."""
        row_id = path_id(request, self.noun.id_name)
        row = await get_row(request.app[POOL], self.editable, row_id)
        if row is None:
            raise self._not_found(row_id)
        typed = {name: text for name, text in row.fields.items() if name != BRAND_FIELD}
        number = id_from(row.fields.get(BRAND_FIELD, ""))
        brand = None if number is None else BrandEntry("", number, None)
        form = Form(row_id, row.version, typed, heading=row.name)
        return form_page(request, self.noun, await _with_brand(request, form, brand))

    async def save(self, request: web.Request) -> web.Response:
        """Save the form, merged with what others saved meanwhile, or say why not."""
        row_id = path_id(request, self.noun.id_name)
        fields = await form_fields(request)
        entry = read_entry(self.editable, fields)
        key, version = fields.get(KEY_FIELD), id_from(fields.get(VERSION_FIELD, ""))
        if version is None or not entry.is_good:
            return await self._refused(request, row_id, version, entry, key)
        form = Form(row_id, version, entry.typed, key)
        try:
            location = await self._save(request, fields, row_id, version, entry)
        except NoSuchRowError:
            raise self._not_found(row_id) from None
        except GoneError:
            deletion = await find_deletion(request.app[POOL], self.editable, row_id)
            return gone_page(request, self.noun, entry.typed, entry.brand, deletion)
        except StaleVersionError as stale:
            sides = [{c.field: side} for c in stale.collisions for side in (c.yours, c.theirs)]
            sides += [{c.field: c.original} for c in stale.collisions if c.original is not None]
            brands = await _brands(request, stale.merged, *sides)
            return collision_page(request, self.noun, row_id, stale, brands)
        except DuplicateNameError as duplicate:
            existing = await find_named(request.app[POOL], self.editable, duplicate.name)
            problem = None if existing else gettext("Somebody had the name just now. Save again.")
            form = replace(form, existing=existing, problem=problem, status=409)
            return await self._explained(request, form, entry.brand)
        except (UnclearBrandError, UnknownBrandError):
            return await self._explained(request, replace(form, status=422), entry.brand)
        except MISHAPS as error:
            answer = mishap(error)
            brand = unasked_brand_field(entry.brand) if entry.brand else None
            form = replace(form, brand=brand, problem=answer.of_form, status=answer.status)
            response = form_page(request, self.noun, form)
            return set_retry_after(response, answer)
        raise web.HTTPSeeOther(location)

    async def _save(
        self,
        request: web.Request,
        fields: Mapping[str, str],
        row_id: int,
        version: int,
        entry: Entry,
    ) -> str:
        """Save an edit and return where to read of it."""
        url = self.noun.row_url(request, row_id)

        async def work(connection: Connection) -> Outcome:
            yours = entry.yours
            if entry.brand is not None:
                yours = {**yours, BRAND_FIELD: str(await entry.brand.find(connection))}
            edit = await save_edit(connection, self.editable, row_id, version, yours)
            if not edit.is_change:
                return Outcome(None, str(url))
            change_set_id = await current_change_set(connection)
            query = {"change": change_set_id, **({"merged": 1} if edit.is_merged else {})}
            return Outcome(change_set_id, str(url.with_query(query)))

        return (await save(request, fields, work)).location or str(url)

    async def _refused(
        self,
        request: web.Request,
        row_id: int,
        version: int | None,
        entry: Entry,
        key: str | None,
    ) -> web.Response:
        """Say what is wrong with the form itself; nothing was tried.

        A form that names no version gets that of now, beside what is there now: the person
        has to see it, since saving again replaces it.
        """
        row = await get_row(request.app[POOL], self.editable, row_id)
        if row is None:
            raise self._not_found(row_id)
        form = Form(
            row_id, version or row.version, entry.typed, key, problems=entry.problems, status=422
        )
        if version is None:
            problem = gettext(
                "The form does not say which version it began from. Nothing was saved. "
                "Look at what is there now, then save again."
            )
            brand_now = await _other_brand(request, row.fields, entry.brand)
            form = replace(form, problem=problem, now=row.fields, brand_now=brand_now)
        return await self._explained(request, form, entry.brand)

    async def _explained(
        self, request: web.Request, form: Form, brand: BrandEntry | None
    ) -> web.Response:
        """Show a form that was not saved, with what the catalog knows of the row and its brand."""
        row = await get_row(request.app[POOL], self.editable, form.row_id)
        form = replace(form, heading=None if row is None else row.name)
        return form_page(request, self.noun, await _with_brand(request, form, brand))

    def _not_found(self, row_id: int) -> web.HTTPNotFound:
        return web.HTTPNotFound(text=self.noun.not_found(row_id))


async def _with_brand(request: web.Request, form: Form, brand: BrandEntry | None) -> Form:
    """Return the form with the field for what it said of the brand, if it said anything."""
    if brand is None:
        return form
    return replace(form, brand=await brand_field(request.app[POOL], brand))


async def _brands(request: web.Request, *rows: Fields) -> Mapping[int, str]:
    """Return the names of the brands whose numbers stand in the fields."""
    numbers = {_brand_number(row) for row in rows}
    wanted = [number for number in numbers if number is not None]
    return await name_brands(request.app[POOL], wanted) if wanted else {}


async def _other_brand(request: web.Request, row: Fields, entry: BrandEntry | None) -> str | None:
    """Return what the brand of a row is called, unless it is the one that the form means."""
    pool, brand_id = request.app[POOL], _brand_number(row)
    if entry is None or brand_id is None:
        return None
    if entry.problem is None:
        async with pool.acquire() as connection:
            with suppress(UnclearBrandError):
                if await entry.find(connection) == brand_id:
                    return None
    return (await name_brands(pool, [brand_id])).get(brand_id)


def _brand_number(row: Fields) -> int | None:
    return id_from(row.get(BRAND_FIELD, ""))


BRAND: Final = EditPages(nouns.BRAND, edits.BRAND)
PRODUCT: Final = EditPages(nouns.PRODUCT, edits.PRODUCT)
COLOR: Final = EditPages(nouns.COLOR, edits.COLOR)
SIZE: Final = EditPages(nouns.SIZE, edits.SIZE)
