"""The check of brand names while they are typed: what stands against lines, and nothing saved."""

import json
from io import BytesIO
from typing import Any

import pytest

from tests.desk import CatalogMaker, Desk

PATH = "/api/brands/check"
JSON = {"Content-Type": "application/json"}


async def check(desk: Desk, names: list[Any], **headers: str) -> Any:
    """Return what stands against the names."""
    body = BytesIO(json.dumps({"brand_names": names}).encode())
    async with desk.post(PATH, data=body, headers={**JSON, **headers}) as response:
        assert response.status == 200
        return (await response.json())["findings"]


async def test_each_line_that_could_not_be_saved_is_named(
    desk: Desk, catalog: CatalogMaker
) -> None:
    brand_id = await catalog.brand("Levis")

    findings = await check(desk, ["Lee", "", " lee ", "LEVIS", "\t", "a\0b", "a\ud800", "Wrangler"])

    assert findings == [
        {"line": 3, "kind": "repeats", "sentence": "Line 3 repeats line 1.", "repeats": 1},
        {
            "line": 4,
            "kind": "exists",
            "sentence": "Line 4: Levis exists already.",
            "brand_id": brand_id,
            "brand_name": "Levis",
            "href": f"/brands/{brand_id}",
        },
        *(
            {
                "line": line,
                "kind": "invalid",
                "sentence": f"Line {line}: It holds characters that are not text.",
            }
            for line in (6, 7)
        ),
    ]
    assert await catalog.column("select brand_name from brand") == ["Levis"]


async def test_ten_thousand_names_of_any_length_are_the_most(desk: Desk) -> None:
    names = [f"{number:05}{'é' * 195}" for number in range(10_000)]

    assert await check(desk, names) == []
    body = BytesIO(json.dumps({"brand_names": ["a"] * 10_001}).encode())
    async with desk.post(PATH, data=body, headers=JSON) as response:
        assert response.status == 413
        reason = (await response.json())["error"]["reason"]
    assert reason == "The body has 10,001 texts; at most 10,000 are possible."


@pytest.mark.parametrize(
    "body",
    [
        "",
        "brand_names=Levis",
        '{"brand_names": "Levis"}',
        '{"brand_names": [1]}',
        '{"brand_names": [null]}',
        '{"brand_names": [["Levis"]]}',
        '{"brand_names": [], "mode": "all"}',
        '{"brand_names": [], "brand_names": []}',
        '["Levis"]',
        "null",
        '{"brand_names": ["Levis"',
        "[" * 100_000,
    ],
)
async def test_what_is_not_a_list_of_texts_is_refused(desk: Desk, body: str) -> None:
    async with desk.post(PATH, data=body.encode(), headers=JSON) as response:
        assert response.status == 400
        assert (await response.json())["error"]["reason"]


async def test_body_that_is_not_json_by_its_own_account_is_refused(desk: Desk) -> None:
    async with desk.post(PATH, data={"brand_names": "Levis"}) as response:
        assert response.status == 415


async def test_other_sites_cannot_ask(desk: Desk) -> None:
    headers = {**JSON, "Origin": "https://elsewhere.example"}
    async with desk.post(PATH, data=b'{"brand_names": []}', headers=headers) as response:
        assert response.status == 403
