"""The panel that builds a download, and what came of the downloads of late."""

import secrets
import shlex
from typing import Final

from aiohttp import web
from babel.numbers import format_decimal

from web.catalog.brands import count_brands, get_brand
from web.catalog.products import count_products, get_product
from web.catalog.searches import SEARCH_COUNT_EXACT
from web.catalog.skus import count_skus
from web.catalog.variants import list_colors, list_sizes
from web.database.concurrently import concurrently
from web.database.pool import Pool
from web.downloads.lengths import line_length
from web.downloads.records import Cause, DownloadRecord, find_record, list_records
from web.inputs import query_watch
from web.keys import POOL
from web.languages import current_language, gettext, marked
from web.pages.download_choice import FORMS, WHATS, DownloadChoice, download_choice
from web.templates import render

_SHOWN: Final = 20
# The names of files that the browser's own dialog suggests.
_EXTENSIONS: Final = {"csv": "csv", "excel": "csv", "ndjson": "ndjson"}
_CAUSES: Final = {
    Cause.COMPLETE: marked("complete"),
    Cause.READER_LEFT: marked("broken off: the reader left"),
    Cause.READER_STALLED: marked("broken off: the reader took nothing any more"),
    Cause.TOOK_TOO_LONG: marked("broken off: it took too long"),
    Cause.QUOTA_USED_UP: marked("broken off: the key’s rows of the day are used up"),
    Cause.DATABASE_BROKE_OFF: marked("broken off: the database broke it off"),
    Cause.SERVER_STOPPED: marked("broken off: the server stopped"),
    Cause.FAILED: marked("broken off: something went wrong here"),
    Cause.SERVER_LOST: marked("broken off: the server was lost"),
}


async def show_downloads(request: web.Request) -> web.Response:
    """Show the panel, filled in as the query says, and below it the downloads of late."""
    pool = request.app[POOL]
    choice = await download_choice(request, pool)
    wanted = choice.wanted
    (colors, sizes, brand, product, records), (count, length) = await concurrently(
        concurrently(
            list_colors(pool),
            list_sizes(pool),
            get_brand(pool, wanted.brand_id),
            get_product(pool, wanted.product_id),
            list_records(pool, most=_SHOWN),
        ),
        concurrently(
            _count(pool, choice),
            line_length(pool, choice.what, choice.form, wanted, q=choice.q),
        ),
    )
    # Of a search only so much is counted: behind that nobody knows.
    is_exact = choice.q is None or count <= SEARCH_COUNT_EXACT
    path = request.app.router[choice.route].url_for().with_query(choice.query)
    watch = secrets.token_urlsafe(16)
    return render(
        request,
        "downloads/show.html",
        {
            "choice": choice,
            "whats": WHATS,
            "forms": FORMS,
            "colors": colors,
            "sizes": sizes,
            "brand": brand,
            "product": product,
            "count": min(count, SEARCH_COUNT_EXACT) if not is_exact else count,
            "is_exact": is_exact,
            "size": size_text(length * count),
            "path": path,
            "watched_path": path.update_query(watch=watch),
            "file_name": f"hangtag-{choice.what}.{_EXTENSIONS[choice.form]}",
            "curl": f"curl -fOJ --compressed {shlex.quote(str(request.url.origin().join(path)))}",
            "records": [(record, outcome(record)) for record in records],
            "size_text": size_text,
        },
        status=400 if choice.problems else 200,
    )


async def show_status(request: web.Request) -> web.Response:
    """Say what is known of the download that a token names."""
    watch = query_watch(request)
    if watch is None:
        raise web.HTTPBadRequest(
            text=gettext("The parameter “watch” is missing: the download’s token.")
        )
    record = await find_record(request.app[POOL], watch)
    headers = {"Cache-Control": "no-store"}
    if record is None:
        return web.json_response({"state": "unknown"}, headers=headers)
    return web.json_response(
        {
            "download_id": record.download_id,
            "state": record.state,
            "cause": record.cause,
            "text": outcome(record),
            "rows": record.row_count,
            "bytes": record.byte_count,
            "expected_rows": record.expected_row_count,
        },
        headers=headers,
    )


def outcome(record: DownloadRecord) -> str:
    """Return what came of a download, in words."""
    return gettext("running") if record.cause is None else gettext(_CAUSES[Cause(record.cause)])


def size_text(size: float) -> str:
    """Return a number of bytes as a person says it."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    form = "#,##0" if unit == "B" or size >= 100 else "#,##0.0"
    return f"{format_decimal(size, format=form, locale=current_language())} {unit}"


async def _count(pool: Pool, choice: DownloadChoice) -> int:
    if choice.what == "skus":
        return await count_skus(pool, choice.wanted)
    if choice.what == "products":
        return await count_products(pool, q=choice.q, brand_id=choice.wanted.brand_id)
    return await count_brands(pool, q=choice.q)
