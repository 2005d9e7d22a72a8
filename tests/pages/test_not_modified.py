"""Pages that did not change are not sent again."""

import pytest

from tests.desk import CatalogMaker, Desk


@pytest.mark.parametrize("path", ["/", "/brands", "/brands/1", "/products", "/skus"])
async def test_page_that_did_not_change_is_a_304_without_a_body(
    desk: Desk, catalog: CatalogMaker, path: str
) -> None:
    await catalog.connection.execute(
        "insert into brand (brand_name, created_at, changed_at)"
        " values ('Levis', '2020-01-01', '2020-01-01')"
    )
    async with desk.get(path) as first:
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
    async with desk.get(path, headers={"If-None-Match": tag}) as second:
        assert second.status == 304
        assert await second.read() == b""
        assert second.headers["ETag"] == tag
        assert "Content-Security-Policy" in second.headers


async def test_page_that_changed_is_sent_with_another_tag(
    desk: Desk, catalog: CatalogMaker
) -> None:
    async with desk.get("/brands") as first:
        tag = first.headers["ETag"]
    await catalog.brand("Levis")
    async with desk.get("/brands", headers={"If-None-Match": tag}) as second:
        assert second.status == 200
        assert second.headers["ETag"] != tag
        assert "Levis" in await second.text()


@pytest.mark.parametrize("sent", ['W/"{}"', '"other", "{}"', "*"])
async def test_tags_are_compared_weakly_and_in_lists(desk: Desk, sent: str) -> None:
    async with desk.get("/brands") as first:
        tag = first.headers["ETag"].removeprefix("W/").strip('"')
    async with desk.get("/brands", headers={"If-None-Match": sent.format(tag)}) as second:
        assert second.status == 304


async def test_error_page_has_no_tag(desk: Desk) -> None:
    async with desk.get("/brands/1") as response:
        assert response.status == 404
        assert "ETag" not in response.headers
