"""The rows of the sample are the same for the same seed, everywhere and for ever."""

import hashlib
import random
from itertools import islice

import pytest

from web.catalog.sample_rows import SampleError, brand_lines, product_lines, sku_lines

BRANDS, PRODUCTS = range(1, 31), range(11, 1011)
SIZES, COLORS = [1, 2, 3], [1, 2, 4, 5, 9]


def test_rows_of_a_seed_never_change() -> None:
    draw = random.Random(1)  # noqa: S311
    lines = [
        *brand_lines(draw, BRANDS, {"time"}),
        *product_lines(draw, PRODUCTS, BRANDS),
        *sku_lines(draw, range(1, 5001), PRODUCTS, SIZES, COLORS),
    ]

    assert len(lines) == 30 + 1000 + 5000
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert digest == "4ff57240df5680e8591ea654a87029c64b1ec6e0aa9a6b1a74a98b7ef5efc762"


@pytest.mark.parametrize("products", [1, 2, 3, 1000, 1024, 100_003])
def test_skus_are_drawn_as_choice_draws_them(products: int) -> None:
    product_ids = range(5, 5 + products)
    draw, choosing = random.Random(7), random.Random(7)  # noqa: S311

    lines = list(sku_lines(draw, range(1, 1001), product_ids, SIZES, COLORS))

    assert lines == [
        "\t".join(map(str, (sku_id, *map(choosing.choice, (product_ids, SIZES, COLORS))))) + "\n"
        for sku_id in range(1, 1001)
    ]
    assert draw.getstate() == choosing.getstate()


def test_rows_are_made_as_they_are_asked_for() -> None:
    endless = sku_lines(random.Random(1), range(1, 2**62), PRODUCTS, SIZES, COLORS)  # noqa: S311

    assert len(list(islice(endless, 3))) == 3


def test_skus_without_a_product_are_refused() -> None:
    draw = random.Random(1)  # noqa: S311

    with pytest.raises(SampleError, match="needs a product"):
        next(sku_lines(draw, range(1, 2), range(0), SIZES, COLORS))


def test_names_need_no_escapes_in_the_text_format_of_copy() -> None:
    draw = random.Random(1)  # noqa: S311

    for line in (*brand_lines(draw, range(1500), set()), *product_lines(draw, PRODUCTS, BRANDS)):
        assert "\\" not in line
        assert line.count("\t") <= 2
        assert line.isascii()


def test_brands_end_with_an_error_when_there_are_no_more_names() -> None:
    draw = random.Random(1)  # noqa: S311

    with pytest.raises(SampleError, match="no more names"):
        for _ in brand_lines(draw, range(1, 2_000_000), set()):
            pass
