"""Whatever text is in the catalog, a reader of CSV or JSON gets exactly that text back."""

import csv
import io
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker, Desk

# Whatever PostgreSQL can hold, with more of what matters to formats.
_CHARACTERS = st.one_of(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    st.sampled_from("\"',;\r\n\t\\.=+-@ {}\u2028\ufeff"),
)
TEXT = st.text(_CHARACTERS, max_size=20)


def parsed_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXT, min_size=1, max_size=30))
async def test_every_text_is_read_back_from_its_csv_field(
    catalog: CatalogMaker, texts: list[str]
) -> None:
    fields = await catalog.value(
        "select array_agg(csv_field(text, false) order by number)"
        " from unnest($1::text[]) with ordinality as typed (text, number)",
        texts,
    )

    assert parsed_csv(",".join(fields) + "\r\n") == [texts]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXT, min_size=1, max_size=30))
async def test_every_text_is_read_back_for_spreadsheets_with_its_apostrophe(
    catalog: CatalogMaker, texts: list[str]
) -> None:
    fields = await catalog.value(
        "select array_agg(csv_field(text, true) order by number)"
        " from unnest($1::text[]) with ordinality as typed (text, number)",
        texts,
    )

    marked = [
        f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text for text in texts
    ]
    assert parsed_csv(",".join(fields) + "\r\n") == [marked]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXT, min_size=1, max_size=30))
async def test_every_text_is_read_back_from_json_in_one_line(
    catalog: CatalogMaker, texts: list[str]
) -> None:
    values = await catalog.value(
        "select array_agg(to_json(text)::text order by number)"
        " from unnest($1::text[]) with ordinality as typed (text, number)",
        texts,
    )

    assert [json.loads(value) for value in values] == texts
    assert not any(line_end in value for value in values for line_end in "\r\n")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXT, max_size=20))
async def test_every_catalog_is_read_back_from_its_downloads(
    desk: Desk, catalog: CatalogMaker, texts: list[str]
) -> None:
    await catalog.connection.execute("delete from sku; delete from product; delete from brand")
    await catalog.connection.execute(
        "insert into brand (brand_name)"
        " select distinct on (fold_name(text)) text from unnest($1::text[]) as text"
        " where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into product (product_name, brand_id)"
        " select text, brand_id from brand, unnest($1::text[]) as text where fold_name(text) <> ''",
        texts,
    )
    await catalog.connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select product_id, 1, 1 + product_id % 3 from product"
    )
    rows = await catalog.connection.fetch(
        "select sku_id, product_id, product_name, brand_id, brand_name from sku"
        " join product using (product_id) join brand using (brand_id) order by product_id"
    )

    _, *records = parsed_csv(await (await desk.get("/skus.csv")).text())
    assert [record[:5] for record in records] == [[str(value) for value in row] for row in rows]
    lines = (await (await desk.get("/skus.ndjson")).text()).split("\n")
    values = [list(json.loads(line).values())[:5] for line in lines[:-1]]
    assert values == [list(row) for row in rows]
