"""The loader of named queries, and every query against the schema that it is for."""

import re
from inspect import signature
from itertools import chain, combinations, product
from pathlib import Path

import asyncpg
import pytest

from tests.desk import CatalogMaker
from web.access import accounts, partner_keys, sessions
from web.catalog import (
    brand_choice,
    brand_lines,
    brands,
    colors,
    deletes,
    edits,
    growth,
    pasted,
    products,
    search,
    sizes,
    skus,
    totals,
    variants,
)
from web.changes import change_sets, entries, histories, tallies
from web.database import queries, statistics
from web.database.keyset import Order, keyset_query
from web.database.queries import QUERIES_DIR, LiteralNumber, Query, load_queries
from web.downloads import records

ALL_QUERIES = [
    query
    for path in sorted(QUERIES_DIR.glob("*.sql"))
    for query in load_queries(path.stem).values()
]
RECEIVERS: list[tuple[Query, type]] = [
    (brands.LIST_BRANDS, brands.Brand),
    (brands.GET_BRAND, brands.Brand),
    (brand_lines.COMPARE_BRAND_LINES, brand_lines._ComparedLine),  # noqa: SLF001 - it receives, too
    (products.LIST_PRODUCTS, products.Product),
    (products.GET_PRODUCT, products.Product),
    (products.PRODUCT_AND_OTHERS, products.Product),
    (skus.LIST_SKUS, skus.Sku),
    (skus.LOCATE_SKUS, skus.LocatedSku),
    (brand_choice.BRANDS_MEANT, brand_choice.BrandChoice),
    (brand_choice.BRANDS_LIKE, brand_choice.BrandChoice),
    (colors.LIST_COUNTED_COLORS, colors.CountedColor),
    (colors.GET_COLOR_NAMED, variants.Color),
    (sizes.LIST_COUNTED_SIZES, sizes.CountedSize),
    (sizes.GET_SIZE_NAMED, variants.Size),
    (skus.SKUS_OF_PRODUCT, skus.ProductSku),
    (totals.GET_TOTALS, totals.Totals),
    (growth.LIST_GROWTH, growth.DayOfGrowth),
    (search.EXACT_BRANDS, brands.Brand),
    (search.EXACT_PRODUCTS, products.Product),
    (search.SKUS_BY_ID, skus.Sku),
    (pasted.LIST_PASTED_SKUS, skus.Sku),
    (pasted.LIST_PASTED_PRODUCTS, products.Product),
    (pasted.TOTAL_PASTED_SKUS, pasted.Totals),
    (pasted.TOTAL_PASTED_PRODUCTS, pasted.Totals),
    (variants.VARIANTS_OF_PRODUCT, variants.VariantCount),
    (variants.VARIANTS_OF_BRAND, variants.VariantCount),
    (variants.LIST_COLORS, variants.Color),
    (variants.LIST_SIZES, variants.Size),
    (edits.NAME_BRANDS, edits.NamedRow),
    *((noun.find, edits.NamedRow) for noun in edits.EDITABLES if noun.find is not None),
    *((noun.count, deletes.Dependents) for noun in deletes.DELETABLES),
    (change_sets.GET_CHANGE_SET, change_sets.ChangeSet),
    (change_sets.LIST_UNDOS, change_sets.Undo),
    (change_sets.LIST_LEFT_ALONE, change_sets.LeftAlone),
    (entries.LIST_ENTRIES, entries.Entry),
    (entries.LIST_NAMES, entries.RowName),
    (tallies.TALLY_CHANGE_SETS, tallies.Tally),
    (histories.LIST_HISTORY, histories.PastChange),
    (histories.LIST_HISTORY_OF_NOUN, histories.PastChange),
    (records.LIST_RECORDS, records.DownloadRecord),
    (records.FIND_RECORD, records.DownloadRecord),
    (accounts.LIST_ACCOUNTS, accounts.Account),
    (accounts.FIND_ACCOUNT, accounts.NamedAccount),
    (accounts.FIND_PASSWORD, accounts.Credentials),
    (sessions.FIND_SESSION, sessions._Found),  # noqa: SLF001 - it receives, too
    (partner_keys.LIST_PARTNER_KEYS, partner_keys.PartnerKey),
    (partner_keys.FIND_PARTNER_KEY, partner_keys.KnownKey),
    (statistics.GET_SERVER, statistics.Server),
    (statistics.COUNT_KEPT, statistics.Kept),
    (statistics.LIST_TABLE_STATES, statistics.TableState),
    (statistics.LIST_CONNECTIONS, statistics.Connections),
    (statistics.LIST_RUNNING_STATEMENTS, statistics.RunningStatement),
    (statistics.LIST_SLOW_STATEMENTS, statistics.SlowStatement),
    (statistics.LIST_STANDBYS, statistics.Standby),
    (records.LIST_RUNNING, records.DownloadRecord),
]
LISTS: list[tuple[Query, Order]] = [
    *((brands.LIST_BRANDS, order) for order in brands.BRAND_SORTS.values()),
    *((products.LIST_PRODUCTS, order) for order in products.PRODUCT_SORTS.values()),
    (skus.LIST_SKUS, skus.SKU_ORDER),
    (skus.SKUS_OF_PRODUCT, skus.PRODUCT_SKU_ORDER),
    (histories.LIST_HISTORY, histories.HISTORY_ORDER),
    (histories.LIST_HISTORY_OF_NOUN, histories.NOUN_ORDER),
]


def every_sql(query: Query) -> list[str]:
    """Return the SQL of a query for every combination of its optional parameters."""
    optional = query.optional_parameters()
    subsets = chain.from_iterable(combinations(optional, n) for n in range(len(optional) + 1))
    return [_sql(query, set(given)) for given in subsets]


def _sql(query: Query, given: set[str]) -> str:
    while True:
        try:
            return query.bind(**dict.fromkeys(given, 0))[0]
        except KeyError as missing:
            given.add(missing.args[0])


def _fields(row_type: type) -> list[str]:
    """Return what a row becomes, in the order in which it is handed over."""
    return list(signature(row_type).parameters)


async def _install_what_it_needs(catalog: CatalogMaker, query: Query) -> None:
    if query != statistics.LIST_SLOW_STATEMENTS:
        return
    try:
        await catalog.connection.execute("create extension pg_stat_statements")
    except asyncpg.FeatureNotSupportedError:
        pytest.skip("this PostgreSQL comes without pg_stat_statements")


@pytest.mark.parametrize("query", ALL_QUERIES, ids=lambda query: query.name)
async def test_query_prepares_in_every_combination_of_its_optional_parameters(
    catalog: CatalogMaker, query: Query
) -> None:
    await _install_what_it_needs(catalog, query)
    for sql in every_sql(query):
        await catalog.connection.prepare(sql)


@pytest.mark.parametrize(
    ("query", "row_type"), RECEIVERS, ids=lambda value: getattr(value, "name", "")
)
async def test_columns_of_query_are_the_fields_of_what_receives_them(
    catalog: CatalogMaker, query: Query, row_type: type
) -> None:
    await _install_what_it_needs(catalog, query)
    for sql in every_sql(query):
        prepared = await catalog.connection.prepare(sql)
        columns = [attribute.name for attribute in prepared.get_attributes()]
        assert columns == _fields(row_type)


@pytest.mark.parametrize(("query", "order"), LISTS, ids=lambda value: getattr(value, "name", None))
async def test_list_prepares_as_a_keyset_page_from_everywhere_in_both_directions(
    catalog: CatalogMaker, query: Query, order: Order
) -> None:
    for walked, from_start in product((order, order.reversed()), (True, False)):
        for sql in every_sql(keyset_query(query, walked, from_start=from_start, limit=51)):
            await catalog.connection.prepare(sql)


def test_every_list_has_its_column_of_order_in_its_rows() -> None:
    receivers = {query.name: row_type for query, row_type in RECEIVERS}
    for query, order in LISTS:
        assert set(order.columns) <= set(_fields(receivers[query.name]))


def test_every_query_says_what_it_answers() -> None:
    for query in ALL_QUERIES:
        assert query.text.startswith("-- "), query.name


def test_every_query_is_used() -> None:
    code = "".join(path.read_text() for path in Path(queries.__file__).parents[1].rglob("*.py"))
    for query in ALL_QUERIES:
        assert f'["{query.name.partition(".")[2]}"]' in code, query.name


def test_parameters_are_numbered_by_their_first_use() -> None:
    query = Query("x", "select :b, :a, :b")

    assert query.bind(a=1, b=2) == ("select $1, $2, $1", [2, 1])


def test_casts_literals_and_comments_hold_no_parameters() -> None:
    text = "select ':a', 'it''s :b', :c::text, '::' -- :d and 'a quote\n, e'\\r\\n'"

    sql, arguments = Query("x", text).bind(c=1)

    assert sql == text.replace(":c::", "$1::")
    assert arguments == [1]


def test_optional_line_belongs_to_the_query_only_when_its_parameter_is_given() -> None:
    query = Query("x", "select 1\nwhere\n    true\n    and a = :a -- if a\n    and b = :b -- if b")

    assert query.optional_parameters() == ["a", "b"]
    assert "a =" not in query.bind()[0]
    sql, arguments = query.bind(b=7, a=None)
    assert "a =" not in sql
    assert "b = $1" in sql
    assert arguments == [7]


@pytest.mark.parametrize("given", [0, "", False])
def test_value_that_is_false_is_given_all_the_same(given: object) -> None:
    assert Query("x", "select 1\nwhere a = :a -- if a").bind(a=given)[1] == [given]


def test_parameter_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="a"):
        Query("x", "select :a").bind(b=1)


def test_name_that_is_wrong_fails_when_the_module_is_imported() -> None:
    with pytest.raises(KeyError, match="list_brnads"):
        load_queries("brands")["list_brnads"]
    with pytest.raises(FileNotFoundError):
        load_queries("brnads")


def test_name_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.sql").write_text("-- name: a\nselect 1;\n\n-- name: a\nselect 2;\n")
    monkeypatch.setattr(queries, "QUERIES_DIR", tmp_path)

    with pytest.raises(ValueError, match="twice"):
        load_queries("x")


def test_literal_number_is_written_into_the_sql_and_is_no_parameter() -> None:
    query = Query("x", "select :a, :b\nwhere :a > 0 -- if a")

    assert query.bind(a=LiteralNumber(7), b=2) == ("select 7, $1\nwhere 7 > 0 -- if a", [2])
    assert query.bind(a=LiteralNumber(8), b=2)[0].startswith("select 8, $1")


def test_queries_of_a_file_end_where_the_next_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.sql").write_text("-- name: a\nselect 1;\n\n-- name: b\n-- Two.\nselect 2;\n")
    monkeypatch.setattr(queries, "QUERIES_DIR", tmp_path)

    assert load_queries("x") == {
        "a": Query("x.a", "select 1"),
        "b": Query("x.b", "-- Two.\nselect 2"),
    }


async def test_file_runs_in_psql_as_it_stands(catalog: CatalogMaker) -> None:
    # What psql would put in for :name is what the loader numbers: nothing else looks like one.
    for path in QUERIES_DIR.glob("*.sql"):
        text = re.sub(r"(?<![:\w]):([a-z]\w*)", "null", path.read_text())
        for part in filter(str.strip, re.split(r"^-- name: .*$", text, flags=re.MULTILINE)):
            try:
                await catalog.connection.prepare(part.strip().removesuffix(";"))
            except asyncpg.PostgresSyntaxError as error:
                raise AssertionError(f"{path.name}: {part}") from error
            except asyncpg.PostgresError:
                pass  # a null of no type
