"""Adding SKUs to a product by color and size, and removing those that were chosen."""

import asyncio
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page


def boxes(page: Page) -> dict[int, bool]:
    """Return the numbers of the SKUs that can be chosen, and whether they are."""
    found = (e.attributes for e in page.elements if e.attributes.get("name") == "sku_id")
    return {int(box["value"]): "checked" in box for box in found}


def field(page: Page, name: str) -> dict[str, str]:
    """Return the attributes of the first field of a name."""
    return next(e.attributes for e in page.elements if e.attributes.get("name") == name)


def actions(page: Page) -> list[str]:
    """Return where the page's forms are sent."""
    forms = (e.attributes for e in page.elements if e.tag == "form")
    actions = [form["action"] for form in forms if form.get("method") == "post"]
    return [action for action in actions if action != "/preferences"]  # on every page


def choose(*sku_ids: int, **fields: str) -> str:
    """Return the form that removes SKUs."""
    return urlencode([*(("sku_id", sku_id) for sku_id in sku_ids), *fields.items()])


async def sku_ids(catalog: CatalogMaker, product_id: int) -> list[int]:
    """Return the ids of a product's SKUs."""
    return await catalog.column(
        "select sku_id from sku where product_id = $1 order by sku_id", product_id
    )


@pytest.fixture
async def product_id(catalog: CatalogMaker) -> int:
    """A product with two SKUs, one blue and one black."""
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.skus(product_id, 1, color_id=1, size_id=1)
    await catalog.skus(product_id, 1, color_id=2, size_id=3)
    return product_id


async def test_product_leads_to_the_grid_and_the_boxes(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    plain = await get_page(desk, f"/products/{product_id}")
    assert boxes(plain) == {}
    assert plain.link("Add or remove SKUs") == f"/products/{product_id}?edit=skus"

    page = await get_page(desk, plain.link("Add or remove SKUs"))

    assert page.status == 200
    assert boxes(page) == dict.fromkeys(await sku_ids(catalog, product_id), False)
    assert field(page, "skus_1_2")["value"] == ""
    assert actions(page) == [
        f"/products/{product_id}/skus",
        f"/products/{product_id}/skus/delete",
    ]
    assert page.link("Done") == f"/products/{product_id}"
    # Of each color and size it says how many there are.
    assert ["Blue", "1 there already", "", ""] in page.rows


async def test_plain_page_stays_the_same_and_the_editing_page_has_a_new_key_each_time(
    desk: Desk, product_id: int
) -> None:
    plain = [(await get_page(desk, f"/products/{product_id}")).headers["ETag"] for _ in range(2)]
    editing = [await get_page(desk, f"/products/{product_id}?edit=skus") for _ in range(2)]

    assert plain[0] == plain[1]
    keys = {field(page, "idempotency_key")["value"] for page in editing}
    assert len(keys) == 2


async def test_skus_are_added_and_counted(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    saved = await post_form(
        desk, f"/products/{product_id}/skus", {"skus_2_1": "3", "skus_1_1": "1000", "skus_1_2": ""}
    )

    assert saved.status == 303
    change_id = await catalog.value("select max(change_set_id) from change_set")
    assert saved.headers["Location"] == f"/products/{product_id}?change={change_id}"
    page = await get_page(desk, saved.headers["Location"])
    assert "1,003 SKUs were added to Anorak" in page.text
    assert ["Blue", "1,001", "0", "0", "1,001"] in page.rows
    assert ["Black", "3", "0", "1", "4"] in page.rows
    assert await catalog.column("select sku_count from brand_count") == [1005]
    assert page.neighbor("next") == (
        f"/products/{product_id}?after={product_id}," + page.rows[-1][0]
    )


async def test_chosen_skus_are_removed_and_counted(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    await catalog.skus(product_id, 3)
    first, second, *others = await sku_ids(catalog, product_id)

    saved = await post_form(
        desk, f"/products/{product_id}/skus/delete", choose(first, others[0], first)
    )

    assert saved.status == 303
    assert await sku_ids(catalog, product_id) == [second, *others[1:]]
    page = await get_page(desk, saved.headers["Location"])
    assert "2 SKUs were removed from Anorak" in page.text
    assert ["Blue", "2", "0", "0", "2"] in page.rows
    assert await catalog.column("select sku_count from brand_count") == [3]


async def test_sku_that_is_gone_or_elsewhere_is_named_and_nothing_is_removed(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    other = await catalog.product("Shirt", await catalog.brand("Lee"))
    await catalog.skus(other, 1)
    (foreign,) = await sku_ids(catalog, other)
    kept, gone = await sku_ids(catalog, product_id)
    await catalog.connection.execute("delete from sku where sku_id = $1", gone)

    page = await post_form(
        desk,
        f"/products/{product_id}/skus/delete",
        choose(kept, gone, foreign, idempotency_key="k"),
    )

    assert page.status == 409
    assert "2 of the 3 SKUs are not this product’s (any more). Nothing was saved." in page.text
    assert f"{gone} It is gone already." in page.text
    assert f"{foreign} It is one of Shirt." in page.text
    assert page.link("Shirt") == f"/products/{other}"
    assert boxes(page) == {kept: True}
    assert field(page, "idempotency_key")["value"] == "k"
    assert await sku_ids(catalog, product_id) == [kept]
    assert await sku_ids(catalog, other) == [foreign]
    assert await catalog.value("select count(*) from history where after is null") == 1


async def test_two_who_remove_the_same_skus_remove_them_once(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    await catalog.skus(product_id, 18)
    chosen = await sku_ids(catalog, product_id)

    answers = await asyncio.gather(
        *(
            post_form(desk, f"/products/{product_id}/skus/delete", choose(*order))
            for order in [chosen, chosen[::-1], chosen[5:]] * 3
        )
    )

    # The first one takes all that the others want.
    assert sorted(answer.status for answer in answers) == [303] + [409] * 8
    assert await catalog.column("select sku_count from brand_count") == [
        len(await sku_ids(catalog, product_id))
    ]


async def test_same_form_twice_adds_once(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    form = {"skus_1_1": "5", "idempotency_key": "k"}

    answers = await asyncio.gather(
        *(post_form(desk, f"/products/{product_id}/skus", form) for _ in range(10))
    )

    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(await sku_ids(catalog, product_id)) == 7


async def test_same_key_adds_and_removes(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    # Both forms of the page carry one key.
    first, second = await sku_ids(catalog, product_id)
    path = f"/products/{product_id}/skus"
    removed = choose(first, idempotency_key="k")

    assert (await post_form(desk, f"{path}/delete", removed)).status == 303
    assert (await post_form(desk, f"{path}/delete", removed)).status == 303
    added = await post_form(desk, path, {"skus_1_1": "1", "idempotency_key": "k"})

    assert added.status == 303
    assert len(await sku_ids(catalog, product_id)) == 2
    assert first not in await sku_ids(catalog, product_id)
    assert second in await sku_ids(catalog, product_id)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "Say how many SKUs to add"),
        ({"skus_1_1": "0", "skus_1_2": " "}, "Say how many SKUs to add"),
        ({"skus_1_1": "1001"}, "One field of the grid is no whole number from 0 to 1,000."),
        ({"skus_1_1": "x", "skus_2_1": "y"}, "Fields of the grid are no whole number"),
        ({"skus_1_x": "1"}, "The field “skus_1_x” is no color and size that could be."),
    ],
)
async def test_grid_that_cannot_be_is_refused_and_kept(
    desk: Desk, catalog: CatalogMaker, product_id: int, fields: dict[str, str], reason: str
) -> None:
    page = await post_form(
        desk, f"/products/{product_id}/skus", {"skus_2_2": "0", "idempotency_key": "k", **fields}
    )

    assert page.status == 422
    assert reason in page.text
    assert "Nothing was saved." in page.text
    for name in set(fields) - {"skus_1_x"}:
        assert field(page, name)["value"].strip() == fields[name].strip()
    assert field(page, "skus_2_2")["value"] == "0"
    assert field(page, "idempotency_key")["value"] == "k"
    assert len(await sku_ids(catalog, product_id)) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "Choose the SKUs to remove."),
        ("sku_id=", "“” is not the number of a SKU."),
        ("sku_id=1&sku_id=x", "“x” is not the number of a SKU."),
        ("sku_id=0", "“0” is not the number of a SKU."),
        ("sku_id=%00", "is not the number of a SKU."),
        ("sku_id=9223372036854775808", "is not the number of a SKU."),
        (choose(*range(1, 1002)), "These are 1,001 SKUs; at most 1,000 can be removed at once."),
    ],
)
async def test_choice_that_cannot_be_is_refused(
    desk: Desk, catalog: CatalogMaker, product_id: int, body: str, reason: str
) -> None:
    page = await post_form(desk, f"/products/{product_id}/skus/delete", body)

    assert page.status == 422
    assert reason in page.text
    assert "Nothing was saved." in page.text
    assert len(await sku_ids(catalog, product_id)) == 2


async def test_thousand_skus_are_removed_at_once(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    await catalog.skus(product_id, 998)

    saved = await post_form(
        desk,
        f"/products/{product_id}/skus/delete",
        choose(*await sku_ids(catalog, product_id)),
    )

    assert saved.status == 303
    assert await sku_ids(catalog, product_id) == []
    assert await catalog.column("select sku_count from brand_count") == [0]


@pytest.mark.parametrize(
    ("path", "body"),
    [("skus", "skus_1_1=1&skus_1_1=2"), ("skus/delete", "sku_id=1&sku_id=2&x=1&x=2")],
)
async def test_other_field_given_twice_is_a_400(
    desk: Desk, product_id: int, path: str, body: str
) -> None:
    page = await post_form(desk, f"/products/{product_id}/{path}", body)
    assert page.status == 400
    assert "The form gives a field twice." in page.text


async def test_many_skus_come_page_by_page_and_a_refusal_stays_on_its_page(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    await catalog.skus(product_id, 400)
    ids = await sku_ids(catalog, product_id)
    first = await get_page(desk, f"/products/{product_id}?edit=skus")
    assert list(boxes(first)) == ids[:200]

    target = first.neighbor("next")
    assert target is not None
    second = await get_page(desk, target)
    assert list(boxes(second)) == ids[200:400]
    assert "Only those of this page." in second.text
    await catalog.connection.execute("delete from sku where sku_id = $1", ids[210])
    refused = await post_form(desk, actions(second)[1], choose(ids[209], ids[210]))

    assert refused.status == 409
    assert boxes(refused)[ids[209]]
    assert list(boxes(refused)) == ids[200:210] + ids[211:401]
    assert (refused.neighbor("prev") or "").startswith(f"/products/{product_id}?edit=skus&before=")
    behind = await get_page(desk, f"/products/{product_id}?edit=skus&after={product_id},{ids[-1]}")
    assert "The list ends before this page." in behind.text


async def test_product_that_is_gone_is_a_409_that_keeps_the_grid(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    await catalog.connection.execute("delete from sku")
    await catalog.connection.execute("delete from product")

    page = await post_form(
        desk, f"/products/{product_id}/skus", {"skus_1_1": "7", "idempotency_key": "k"}
    )

    assert page.status == 409
    assert "The product is gone: somebody deleted it. Nothing was saved." in page.text
    assert field(page, "skus_1_1")["value"] == "7"
    assert field(page, "idempotency_key")["value"] == "k"
    assert "/products" in page.hrefs


async def test_skus_of_a_product_that_is_gone_are_a_409_that_keeps_the_choice(
    desk: Desk, catalog: CatalogMaker, product_id: int
) -> None:
    chosen = await sku_ids(catalog, product_id)
    await catalog.connection.execute("delete from sku")
    await catalog.connection.execute("delete from product")

    page = await post_form(desk, f"/products/{product_id}/skus/delete", choose(*chosen))

    assert page.status == 409
    assert "The product is gone: somebody deleted it. Nothing was saved." in page.text


async def test_color_that_is_gone_is_a_409_that_keeps_the_rest(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.connection.execute("delete from product_color where product_color_id = 2")

    page = await post_form(desk, f"/products/{product_id}/skus", {"skus_1_1": "7", "skus_2_1": "1"})

    assert page.status == 409
    assert "A color or a size is gone" in page.text
    assert field(page, "skus_1_1")["value"] == "7"
    assert await sku_ids(catalog, product_id) == []


async def test_product_that_never_was_has_nothing_to_edit(desk: Desk) -> None:
    assert (await get_page(desk, "/products/77?edit=skus")).status == 404
    assert (await post_form(desk, "/products/x/skus", {"skus_1_1": "1"})).status == 404
    assert (await post_form(desk, "/products/77/skus/delete", "sku_id=1")).status == 409


async def test_product_without_colors_says_what_to_do_first(
    desk: Desk, catalog: CatalogMaker
) -> None:
    product_id = await catalog.product("Anorak", await catalog.brand("Levis"))
    await catalog.connection.execute("delete from product_color")

    page = await get_page(desk, f"/products/{product_id}?edit=skus")

    assert "create one of each first" in page.text
    assert "This product has no SKUs yet." in page.text


def drafts(page: Page) -> list[str]:
    """Return by which names the browser keeps what is typed into the page's forms."""
    return [e.attributes["data-draft"] for e in page.elements if "data-draft" in e.attributes]


async def test_lost_database_is_a_503_that_keeps_what_was_typed(
    desk: Desk, catalog: CatalogMaker, product_id: int, server_url: str, database_url: str
) -> None:
    form = await get_page(desk, f"/products/{product_id}?edit=skus")
    await catalog.connection.close()
    await drop_database(server_url, database_url.partition("?")[0].rpartition("/")[2])

    added = await post_form(desk, f"/products/{product_id}/skus", {"skus_1_1": "7"})
    removed = await post_form(desk, f"/products/{product_id}/skus/delete", choose(4, 9))

    for page in (added, removed):
        assert page.status == 503
        assert "cannot be reached just now. Nothing was saved." in page.text
        assert int(page.headers["Retry-After"]) > 0
    assert field(added, "skus_1_1")["value"] == "7"
    assert boxes(removed) == {4: True, 9: True}
    # Saved from here, what the browser has kept of the form is forgotten.
    (draft,) = drafts(form)
    assert drafts(added) == [draft]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["sku_id", "skus_1_1", "idempotency_key"]),
    text=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)),
)
async def test_any_text_in_any_field_gets_an_answer(
    desk: Desk, product_id: int, name: str, text: bytes
) -> None:
    for path in ("skus", "skus/delete"):
        page = await post_form(
            desk, f"/products/{product_id}/{path}", f"{name}={quote_from_bytes(text)}"
        )
        assert page.status in {303, 400, 409, 422}
