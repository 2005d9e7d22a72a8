"""Downloads of a pasted list of ids: what was found of it, and what was not."""

from aiohttp import web

from web.catalog.pasted import PRODUCTS, PastedNoun
from web.downloads import products, skus
from web.downloads.formats import csv_format
from web.downloads.streams import Download, stream
from web.inputs import id_from
from web.languages import gettext
from web.pages.pasted_ids import PastedList, PastedListError, pasted_form, show_pasted_problem


async def found_csv(request: web.Request) -> web.StreamResponse:
    """Stream what was found as CSV, in order of product and SKU as all downloads are."""
    form = csv_format(request)
    try:
        pasted, noun = await _form(request)
    except PastedListError as error:
        return show_pasted_problem(request, error)
    return await stream(
        request,
        Download(
            subject=f"{noun.name}-pasted",
            extension=form.extension,
            content_type=form.content_type,
            first_line=form.first_line(products.COLUMNS if noun is PRODUCTS else skus.COLUMNS),
            query=noun.blocks,
            values={"ids": pasted.ids, "excel": form.name == "excel"},
            in_order=False,
        ),
    )


async def unknown_txt(request: web.Request) -> web.StreamResponse:
    """Stream what was not found, a line for each, in the order pasted."""
    try:
        pasted, noun = await _form(request)
    except PastedListError as error:
        return show_pasted_problem(request, error)
    entries = list(pasted.places)
    return await stream(
        request,
        Download(
            subject=f"{noun.name}-unknown",
            extension="txt",
            content_type="text/plain; charset=utf-8",
            first_line=b"",
            query=noun.unknown_blocks,
            values={"entries": entries, "ids": [id_from(entry) for entry in entries]},
            in_order=False,
        ),
    )


async def _form(request: web.Request) -> tuple[PastedList, PastedNoun]:
    pasted, noun = await pasted_form(request)
    if noun is None:
        raise web.HTTPBadRequest(text=gettext("The field “noun” is neither “skus” nor “products”."))
    return pasted, noun
