"""What the page of a brand shows beside its products: its chart, its largest ones, its changes."""

from tests.desk import CatalogMaker, Desk, get_page
from web.catalog.variants import VariantCount, VariantTable
from web.pages.charts import bars_of_variants


async def test_chart_has_the_counts_of_the_table(desk: Desk, catalog: CatalogMaker) -> None:
    brand_id = await catalog.brand("Levis")
    product_id = await catalog.product("Shirt", brand_id)
    await catalog.connection.execute(
        "update product_color set product_color_hex = '#2040c0' where product_color_id = 1"
    )
    await catalog.skus(product_id, 1500, color_id=1, size_id=1)
    await catalog.skus(product_id, 500, color_id=2, size_id=1)
    await catalog.skus(product_id, 500, color_id=2, size_id=3)

    page = await get_page(desk, f"/brands/{brand_id}")

    assert "Small: 2,000 (Blue 1,500, Black 500); Large: 500 (Black 500)" in page.text
    [chart] = [e.attributes for e in page.elements if e.attributes.get("class") == "chart"]
    assert chart["role"] == "img"
    assert chart["aria-labelledby"] == "variant-chart-title variant-chart-desc"
    bars = [
        (e.attributes.get("fill"), e.attributes.get("data-color"), e.attributes["width"])
        for e in page.elements
        if e.attributes.get("class") == "dye"
    ]
    assert bars == [
        ("#2040c0", None, "75.00%"),
        (None, "black", "25.00%"),
        (None, "black", "25.00%"),
    ]


def test_chart_of_many_colors_and_sizes_keeps_to_the_largest_and_loses_no_sku() -> None:
    counts = [
        VariantCount(color, f"Color {color}", None, size, f"Size {size}", color * size)
        for color in range(1, 41)
        for size in range(1, 41)
    ]

    chart = bars_of_variants(VariantTable.from_counts(counts))

    assert chart is not None
    assert [bar.label for bar in chart.bars] == [f"Size {size}" for size in range(29, 41)]
    for bar in chart.bars:
        assert len(bar.segments) == 11
        assert bar.segments[-1].kind == "chart-bar"
    widths = [float(segment.width[:-1]) for segment in chart.bars[-1].segments]
    assert abs(sum(widths) - 100) < 0.1


async def test_largest_products_and_last_changes_of_the_brand_are_shown(
    desk: Desk, catalog: CatalogMaker
) -> None:
    await catalog.brand("Wrangler")
    brand_id = await catalog.brand("Levis")
    product_ids = [await catalog.product(f"Shirt {number}", brand_id) for number in range(7)]
    await catalog.skus(product_ids[0], 9)

    page = await get_page(desk, f"/brands/{brand_id}")

    told = [link.text for link in page.links if link.href.startswith("/changes/")]
    created = [f"created Shirt {number}" for number in (6, 5, 4, 3)]
    assert told == ["added 9 SKUs to Shirt 0", *created]
    assert page.link("All of its changes") == f"/history?brand_id={brand_id}"
    assert "Largest products All, most SKUs first Shirt 0 9 SKUs Last changes" in page.text
    assert page.link("All, most SKUs first") == f"/products?brand_id={brand_id}&sort=skus"
