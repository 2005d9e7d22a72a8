"""The pages of brands: the list, one brand, and the form that creates brands."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web
from yarl import URL

from web.catalog.brands import (
    BRAND_SORTS,
    BrandLine,
    DuplicateBrandError,
    LineFinding,
    count_brands,
    create_brands,
    examine_lines,
    get_brand,
    list_brands,
)
from web.catalog.names import name_problem
from web.catalog.products import PRODUCT_SORTS, count_products, list_products
from web.catalog.variants import variants_of_brand
from web.changes.change_sets import created_by, current_change_set
from web.changes.idempotency import Outcome
from web.database.pool import Connection, concurrently
from web.inputs import form_fields, is_storable, path_id, query_id
from web.keys import POOL
from web.pages.lists import PAGE_SIZE, SortedList, count_text
from web.pages.mishaps import MISHAPS, mishap
from web.pages.saving import KEY_FIELD, new_key, save
from web.templates import render

MAX_LINES: Final = 10_000
# Spaces of every width; other white space is a control character, and said to be one.
_SPACES: Final = "".join(
    character for character in map(chr, range(0x10000)) if unicodedata.category(character) == "Zs"
)
_LINE_END = re.compile(r"\r\n|\r|\n")


async def show_brands(request: web.Request) -> web.Response:
    """Show a page of the brand list."""
    pool = request.app[POOL]
    shown = SortedList.from_request(request, BRAND_SORTS)
    page, count = await concurrently(
        list_brands(pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q),
        count_brands(pool, q=shown.q),
    )
    return render(
        request,
        "brands/list.html",
        {
            "brands": page.rows,
            "largest": max((brand.sku_count for brand in page.rows), default=0),
            "count": count_text(count, searched=shown.q is not None),
            "list": shown,
            "sorts": shown.sort_links(BRAND_SORTS),
            "pager": shown.pager(page),
        },
    )


async def show_brand(request: web.Request) -> web.Response:
    """Show one brand: its data, its products page by page, its SKUs by color and size.

    `change` names the change set that the page was reached from; if it created
    the brand, the page says so.
    """
    pool = request.app[POOL]
    brand_id = path_id(request, "brand_id")
    change_set_id = query_id(request, "change")
    shown = SortedList.from_request(request, PRODUCT_SORTS)
    brand, products, count, variants, was_created = await concurrently(
        get_brand(pool, brand_id),
        list_products(
            pool, shown.order, shown.position, size=PAGE_SIZE, q=shown.q, brand_id=brand_id
        ),
        count_products(pool, q=shown.q, brand_id=brand_id),
        variants_of_brand(pool, brand_id),
        created_by(pool, change_set_id, "brand", brand_id),
    )
    if brand is None:
        raise web.HTTPNotFound(text=f"There is no brand {brand_id}.")
    return render(
        request,
        "brands/show.html",
        {
            "brand": brand,
            "products": products.rows,
            "count": count_text(count, searched=shown.q is not None),
            "largest": max((product.sku_count for product in products.rows), default=0),
            "variants": variants,
            "was_created": was_created,
            "list": shown,
            "sorts": shown.sort_links(PRODUCT_SORTS),
            "pager": shown.pager(products),
        },
    )


async def show_brand_form(request: web.Request) -> web.Response:
    """Show the empty form that creates brands."""
    return _form(request, typed="")


async def save_brands(request: web.Request) -> web.Response:
    """Create a brand for each line of the form, all or none."""
    fields = await form_fields(request)
    typed, key = fields.get("brand_name", ""), fields.get(KEY_FIELD)
    if fields.get("mode", "all") != "all":
        return _form(
            request, typed=typed, problem="The mode of saving can only be “all”.", status=422
        )
    lines, problem = _parse_lines(typed)
    if problem is not None:
        return _form(request, typed=typed, key=key, problem=problem, status=422)

    try:
        findings, saved = await _create_or_explain(request, fields, lines)
    except MISHAPS as error:
        answer = mishap(error)
        response = _form(
            request, typed=typed, key=key, problem=answer.of_form, status=answer.status
        )
        if answer.retry_after is not None:
            response.headers["Retry-After"] = str(answer.retry_after)
        return response
    if saved is None:
        invalid = any(finding.problem for finding in findings)
        return _form(
            request, typed=typed, key=key, findings=findings, status=422 if invalid else 409
        )
    raise web.HTTPSeeOther(saved)


async def _create_or_explain(
    request: web.Request, fields: Mapping[str, str], lines: Sequence[BrandLine]
) -> tuple[list[LineFinding], str | None]:
    """Create a brand for each line and return where to read of it, or what stands against it.

    Whether a name exists already is decided by the unique index, which rolls all of
    it back; only then are the lines looked at, for the explanation.
    """

    async def create(connection: Connection) -> Outcome:
        brand_ids = await create_brands(connection, lines)
        change_set_id = await current_change_set(connection)
        return Outcome(change_set_id, str(_saved_url(request, brand_ids, change_set_id)))

    if all(name_problem(line.brand_name) is None for line in lines):
        try:
            outcome = await save(request, fields, create)
        except DuplicateBrandError:
            pass
        else:
            return [], outcome.location
    return await examine_lines(request.app[POOL], lines), None


def _saved_url(request: web.Request, brand_ids: Sequence[int], change_set_id: int) -> URL:
    """Return the page that says what was saved: the brand's, or the change set's for several."""
    router = request.app.router
    if len(brand_ids) > 1:
        return router["change"].url_for(change_id=str(change_set_id))
    return router["brand"].url_for(brand_id=str(brand_ids[0])).with_query(change=change_set_id)


def _parse_lines(typed: str) -> tuple[list[BrandLine], str | None]:
    """Return the lines that are not blank, and what is wrong with the field as a whole."""
    if not is_storable(typed):
        return [], "It holds characters that are not text."
    lines = [
        BrandLine(number, name.strip(_SPACES))
        for number, name in enumerate(_LINE_END.split(typed), start=1)
        if name.strip()
    ]
    if not lines:
        return [], "Type a brand’s name."
    if len(lines) > MAX_LINES:
        return [], f"These are {len(lines):,} lines; at most {MAX_LINES:,} can be saved at once."
    return lines, None


def _form(
    request: web.Request,
    *,
    typed: str,
    key: str | None = None,
    problem: str | None = None,
    findings: Sequence[LineFinding] = (),
    status: int = 200,
) -> web.Response:
    """Show the form with what was typed and what stands against it."""
    return render(
        request,
        "brands/form.html",
        {
            # A page cannot hold a NUL.
            "typed": typed.replace("\0", "\ufffd"),
            # The same key again: what was not saved left none, and a lost answer is found by it.
            "key": key or new_key(),
            "problem": problem,
            "findings": findings,
            "bad": [finding for finding in findings if not finding.is_good],
            "status": status,
        },
        status=status,
    )
