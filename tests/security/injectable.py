"""A server that does what nobody should: it puts what it is sent into SQL as it is.

The control of the scan for SQL injection. What finds nothing here finds nothing anywhere, so
the same command has to find each of these. They tell less and less: a page that shows the
rows, the error itself, only whether there are rows, and in the end nothing but time. One takes
a form only with the version that was given out last, and one nothing with a space in it.
"""

import base64
import binascii
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.security.rows import NAME
from tests.security.targets import FORM, JSON, MARK, Target

# On the sample catalog, with the brand of the rows in it.
TARGETS: Final = (
    Target("GET", "/path/{id}", "path", "id", f"/path/1{MARK}"),
    Target("GET", "/query", "query", "q", f"/query?q={NAME}"),
    Target("GET", "/list", "query", "after", "/list?sort=name&after=A", is_wrapped=True),
    Target("POST", "/form", "form", "name", "/form", f"other=1&name={NAME}", FORM),
    Target(
        *("POST", "/edit", "form", "name", "/edit", f"version=1&name={NAME}", FORM),
        form_path="/edit",
    ),
    Target("POST", "/word", "form", "key", "/word", f"key={NAME}", FORM, is_word=True),
    Target("POST", "/json", "json", "names", "/json", f'{{"names": ["{NAME}{MARK}"]}}', JSON),
)
_BRAND_ID: Final = "select brand_id from brand where "
_POOL: Final = web.AppKey("pool", asyncpg.Pool)
_VERSIONS: Final = web.AppKey("versions", list[int])


async def _path(request: web.Request) -> web.Response:
    return _page(await _rows(request, f"{_BRAND_ID} brand_id = {request.match_info['id']}"))


async def _query(request: web.Request) -> web.Response:
    try:
        rows = await _rows(request, f"{_BRAND_ID} brand_name like '%{request.query['q']}%'")
    except asyncpg.PostgresError as error:
        return web.Response(text=str(error), status=500)
    return _page(rows)


async def _list(request: web.Request) -> web.Response:
    text = request.query["after"]
    try:
        _, name, _ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise web.HTTPBadRequest from error
    return _page(await _rows(request, f"{_BRAND_ID} brand_name > '{name}' order by 1 limit 9"))


async def _form(request: web.Request) -> web.Response:
    name = str((await request.post())["name"])
    with suppress(asyncpg.PostgresError):
        await _rows(request, f"{_BRAND_ID} brand_name = '{name}'")
    return _page([])


async def _edit_form(request: web.Request) -> web.Response:
    versions = request.app[_VERSIONS]
    versions.append(len(versions) + 1)
    field = f'<input type="hidden" name="version" value="{versions[-1]}">'
    return web.Response(text=f"<form>{field}</form>", content_type="text/html")


async def _edit(request: web.Request) -> web.Response:
    fields = await request.post()
    if fields["version"] != str(request.app[_VERSIONS][-1]):
        return web.Response(text="That version is over.", status=409)
    return _page(await _rows(request, f"{_BRAND_ID} brand_name = '{fields['name']!s}'"))


async def _word(request: web.Request) -> web.Response:
    key = str((await request.post())["key"])
    if " " in key:
        raise web.HTTPBadRequest
    return _page((await _rows(request, f"{_BRAND_ID} brand_name = '{key}'"))[:1])


async def _json(request: web.Request) -> web.Response:
    (name,) = (await request.json())["names"]
    return _page((await _rows(request, f"{_BRAND_ID} brand_name = '{name}'"))[:1])


async def _rows(request: web.Request, sql: str) -> list[asyncpg.Record]:
    async with request.app[_POOL].acquire() as connection:
        return await connection.fetch(sql)


def _page(rows: list[asyncpg.Record]) -> web.Response:
    listed = "".join(f"<li>{row[0]}</li>" for row in rows)
    return web.Response(text=f"<!doctype html><ul>{listed}</ul>", content_type="text/html")


@web.middleware
async def _hide_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except asyncpg.PostgresError:
        return web.Response(text="Something went wrong.", status=500)


@asynccontextmanager
async def injectable_server(database_url: str) -> AsyncIterator[str]:
    """Serve it on a free port of this machine; yield its URL."""
    app = web.Application(middlewares=[_hide_errors])
    app.router.add_get("/path/{id}", _path)
    app.router.add_get("/query", _query)
    app.router.add_get("/list", _list)
    app.router.add_post("/form", _form)
    app.router.add_get("/edit", _edit_form)
    app.router.add_post("/edit", _edit)
    app.router.add_post("/word", _word)
    app.router.add_post("/json", _json)
    app[_VERSIONS] = [1]
    read_only = {"default_transaction_read_only": "on"}
    async with asyncpg.create_pool(database_url, server_settings=read_only) as pool:
        app[_POOL] = pool
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0]
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()
