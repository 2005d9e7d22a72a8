"""Deleting: at once, after asking with exact counts, or not at all; and everything or nothing."""

import asyncio

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk, get_page, post_form
from tests.page import Page

COUNTS = ("brand_count", "brand_variant_count", "product_count", "product_variant_count")


def _hidden(page: Page) -> dict[str, str]:
    """Return what the page's own form sends."""
    return {
        e.attributes["name"]: e.attributes["value"]
        for e in page.elements
        # What leads back from the preferences, on every page, is not part of it.
        if e.attributes.get("type") == "hidden" and e.attributes["name"] != "next"
    }


async def _left(catalog: CatalogMaker) -> dict[str, int]:
    return {
        table: int(await catalog.value(f"select count(*) from {table}"))  # noqa: S608 - ours
        for table in ("brand", "product", "sku", *COUNTS)
    }


async def _levis(catalog: CatalogMaker) -> int:
    """A brand with two products and five SKUs."""
    brand_id = await catalog.brand("Levis")
    jacket, shirt = await catalog.products(["Jacket", "Shirt"], brand_id)
    await catalog.skus(jacket, 3, color_id=1, size_id=1)
    await catalog.skus(shirt, 2, color_id=2, size_id=2)
    return brand_id


async def test_brand_and_product_without_dependents_are_deleted_at_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)

    for noun, row_id in [("product", product_id), ("brand", brand_id)]:
        page = await get_page(desk, f"/{noun}s/{row_id}")
        sent = _hidden(page)
        assert sent == {"idempotency_key": f"delete-{noun}-{row_id}-v1", "version": "1"}
        first, again = [await post_form(desk, f"/{noun}s/{row_id}/delete", sent) for _ in range(2)]
        assert first.status == again.status == 303
        change = await catalog.value("select max(change_set_id) from change_set")
        assert first.headers["Location"] == f"/{noun}s?change={change}"
        assert again.headers["Location"] == first.headers["Location"]
        assert (await get_page(desk, f"/{noun}s/{row_id}")).status == 404

    assert set((await _left(catalog)).values()) == {0}


async def test_brand_with_products_asks_and_then_everything_goes_at_once(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await _levis(catalog)
    other = await catalog.product("Trousers", await catalog.brand("Wrangler"))
    await catalog.skus(other, 4)
    before = await _left(catalog)

    asked = await post_form(desk, f"/brands/{brand_id}/delete", {"version": "1"})

    assert asked.status == 409
    assert "Levis has 2 products and 5 SKUs. Delete all of it?" in asked.text
    assert asked.link("Keep it") == f"/brands/{brand_id}"
    assert await _left(catalog) == before
    sent = _hidden(asked)
    assert (sent["products"], sent["skus"]) == ("2", "5")

    deleted = await post_form(desk, f"/brands/{brand_id}/delete", sent)

    assert deleted.status == 303
    change = await catalog.value("select max(change_set_id) from change_set")
    assert deleted.headers["Location"] == f"/brands?change={change}"
    listed = await get_page(desk, deleted.headers["Location"])
    assert "Levis was deleted with 2 products and 5 SKUs." in listed.text
    nouns = await catalog.column(
        "select noun || count(*) from history where change_set_id = $1 group by noun order by 1",
        change,
    )
    assert nouns == ["brand1", "product2", "sku5"]
    assert await _left(catalog) == {
        "brand": 1,
        "product": 1,
        "sku": 4,
        "brand_count": 1,
        "brand_variant_count": 1,
        "product_count": 1,
        "product_variant_count": 1,
    }


async def test_product_with_skus_asks_first(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Jacket", brand_id)
    await catalog.skus(product_id, 1204)

    asked = await post_form(desk, f"/products/{product_id}/delete", {"version": "1"})

    assert asked.status == 409
    assert "Jacket has 1,204 SKUs. Delete all of it?" in asked.text
    deleted = await post_form(desk, f"/products/{product_id}/delete", _hidden(asked))
    assert deleted.status == 303
    assert deleted.headers["Location"].startswith("/products?change=")
    left = await _left(catalog)
    assert (left["brand"], left["product"], left["sku"]) == (1, 0, 0)
    assert await catalog.value("select sku_count from brand_count") == 0


async def test_counts_that_changed_since_are_asked_about_again(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await _levis(catalog)
    path = f"/brands/{brand_id}/delete"
    asked = await post_form(desk, path, {"version": "1"})
    await catalog.product("Belt", brand_id)

    again = await post_form(desk, path, _hidden(asked))

    assert again.status == 409
    assert "it was 2 products and 5 SKUs" in again.text
    assert "Levis has 3 products and 5 SKUs. Delete all of it?" in again.text
    assert (await _left(catalog))["product"] == 3
    assert (await post_form(desk, path, _hidden(again))).status == 303
    assert (await _left(catalog))["brand"] == 0


@pytest.mark.parametrize("told", [{"products": "2"}, {"products": "2", "skus": "x"}, {"skus": "5"}])
async def test_counts_that_are_no_counts_confirm_nothing(
    desk: Desk, catalog: CatalogMaker, told: dict[str, str]
) -> None:
    brand_id = await _levis(catalog)

    page = await post_form(desk, f"/brands/{brand_id}/delete", {"version": "1", **told})

    assert page.status == 409
    assert (await _left(catalog))["sku"] == 5


async def test_change_since_is_named_before_it_asks_again(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    path = f"/brands/{brand_id}"
    await post_form(desk, f"{path}/edit", {"brand_name": "Levi's", "version": "1"})

    asked = await post_form(desk, f"{path}/delete", {"version": "1"})

    assert asked.status == 409
    assert "Somebody changed this brand since you opened it. Name: Levis became Levi's." in (
        asked.text
    )
    assert (await _left(catalog))["brand"] == 1
    assert (await post_form(desk, f"{path}/delete", _hidden(asked))).status == 303
    assert (await _left(catalog))["brand"] == 0


async def test_color_and_size_in_use_are_refused_with_a_way_to_their_skus(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await _levis(catalog)

    color = await post_form(desk, "/colors/1/delete", {"version": "1"})
    size = await post_form(desk, "/sizes/2/delete", {"version": "1"})

    assert color.status == size.status == 409
    assert "3 SKUs come in the color Blue, so it stays. Nothing was deleted." in color.text
    assert color.link("3 SKUs") == "/skus?color_id=1"
    assert size.link("2 SKUs") == "/skus?size_id=2"
    assert await catalog.value("select count(*) from product_color") == 2
    assert await catalog.value("select count(*) from product_size") == 3


async def test_color_and_size_that_no_sku_uses_any_more_are_deleted(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await _levis(catalog)
    asked = await post_form(desk, f"/brands/{brand_id}/delete", {"version": "1"})
    await post_form(desk, f"/brands/{brand_id}/delete", _hidden(asked))

    color = await post_form(desk, "/colors/1/delete", {"version": "1"})
    size = await post_form(desk, "/sizes/2/delete", {"version": "1"})

    assert color.headers["Location"].startswith("/colors?change=")
    assert size.headers["Location"].startswith("/sizes?change=")
    assert await catalog.column("select product_color_name from product_color") == ["Black"]


async def test_sku_that_is_being_added_is_waited_for(desk: Desk, catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    for path in ("/colors/1", f"/products/{product_id}", f"/brands/{await _only_brand(catalog)}"):
        transaction = catalog.connection.transaction()
        await transaction.start()
        await catalog.skus(product_id, 1)

        waiting = asyncio.create_task(post_form(desk, f"{path}/delete", {"version": "1"}))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        await transaction.commit()

        assert (await waiting).status == 409
    assert (await _left(catalog))["sku"] == 3


async def _only_brand(catalog: CatalogMaker) -> int:
    return int(await catalog.value("select brand_id from brand"))


async def test_deleting_while_others_add_and_delete_is_all_or_nothing(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await _levis(catalog)
    asked = _hidden(await post_form(desk, f"/brands/{brand_id}/delete", {"version": "1"}))
    product_ids = await catalog.column("select product_id from product order by 1")

    answers = await asyncio.gather(
        post_form(desk, f"/brands/{brand_id}/delete", {**asked, "idempotency_key": "a"}),
        *(
            post_form(
                desk,
                f"/products/{product_id}/edit",
                {"product_name": f"P {product_id}", "version": "1"},
            )
            for product_id in product_ids
        ),
        post_form(desk, f"/brands/{brand_id}/delete", {**asked, "idempotency_key": "b"}),
        post_form(desk, f"/brands/{brand_id}/edit", {"brand_name": "Lee", "version": "1"}),
    )

    assert {answer.status for answer in answers} <= {303, 404, 409}
    left = await _left(catalog)
    assert (left["brand"], left["product"], left["sku"]) in {(0, 0, 0), (1, 2, 5)}


@pytest.mark.parametrize("row_id", ["0", "x", "999", "9" * 30])
@pytest.mark.parametrize("noun", ["brand", "product", "color", "size"])
async def test_what_nobody_has_cannot_be_deleted(desk: Desk, noun: str, row_id: str) -> None:
    page = await post_form(desk, f"/{noun}s/{row_id}/delete", {"version": "1"})

    assert page.status == 404


@pytest.mark.parametrize("version", [None, "", "0", "x", "9" * 30])
async def test_delete_without_a_version_deletes_nothing(
    desk: Desk, catalog: CatalogMaker, version: str | None
) -> None:
    brand_id = await catalog.brand("Levis")
    form = {} if version is None else {"version": version}

    page = await post_form(desk, f"/brands/{brand_id}/delete", form)

    assert page.status == 422
    assert "Nothing was deleted." in page.text
    assert (await _left(catalog))["brand"] == 1


async def test_page_with_a_delete_button_is_the_same_each_time(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await _levis(catalog)

    pages = [await get_page(desk, f"/brands/{brand_id}") for _ in range(2)]

    assert pages[0].headers["ETag"] == pages[1].headers["ETag"]


async def test_brand_with_ten_thousand_products_goes_in_one_request(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")
    await catalog.products([f"Product {number}" for number in range(10_000)], brand_id)
    await catalog.connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select product_id, 1 + lot % 2, 1 + lot % 3"
        " from product cross join generate_series(1, 4) as lot"
    )

    deleted = await post_form(
        desk,
        f"/brands/{brand_id}/delete",
        {"version": "1", "products": "10000", "skus": "40000"},
    )

    assert deleted.status == 303
    assert set((await _left(catalog)).values()) == {0}


@pytest.mark.parametrize(("of_queries", "of_deletes"), [(0.5, 120.0), (120.0, 0.5)])
async def test_what_was_confirmed_may_take_its_time_and_as_long_as_any_query(
    open_desk: OpenDesk,
    catalog: CatalogMaker,
    monkeypatch: pytest.MonkeyPatch,
    of_queries: float,
    of_deletes: float,
) -> None:
    monkeypatch.setattr("web.settings.LONG_QUERY_SECONDS", of_deletes)
    desk = await open_desk(query_timeout=of_queries)
    brand_id = await _levis(catalog)
    counts = await catalog.connection.fetchrow("select product_count, sku_count from brand_count")
    assert counts is not None
    form = {"version": "1", "products": str(counts[0]), "skus": str(counts[1])}
    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.connection.execute("select from sku for update")

    deleting = asyncio.create_task(post_form(desk, f"/brands/{brand_id}/delete", form))
    done, _ = await asyncio.wait([deleting], timeout=1.5)
    assert not done
    await transaction.rollback()

    assert (await deleting).status == 303
    assert set((await _left(catalog)).values()) == {0}
