"""The rows of a sample catalog, drawn at random: the same numbers in, the same rows out.

Rows come as lines of COPY's text format, which a name of common words needs no escapes
for. Making the line of a SKU took 0.8 µs; drawing with `random.choice` and encoding a
record as asyncpg does took three times that, longer than PostgreSQL takes to store it.
"""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Final

_WORDS_FILE: Final = Path(__file__).with_name("common_words.txt")
_WORDS_OF_A_PRODUCT: Final = 10


class SampleError(Exception):
    """There can be no such sample; the text says why."""


def brand_lines(draw: random.Random, brand_ids: range, taken: set[str]) -> Iterator[str]:
    """Yield the line of each brand: id, name.

    Raises:
        SampleError: there are no more names than those in `taken`.
    """
    for brand_id, name in zip(brand_ids, _brand_names(draw, taken), strict=False):
        yield f"{brand_id}\t{name}\n"


def product_lines(draw: random.Random, product_ids: range, brand_ids: range) -> Iterator[str]:
    """Yield the line of each product: id, name, id of its brand."""
    for product_id in product_ids:
        name = " ".join(draw.choices(_words(), k=_WORDS_OF_A_PRODUCT))
        yield f"{product_id}\t{name.capitalize()}\t{draw.choice(brand_ids)}\n"


def sku_lines(
    draw: random.Random,
    sku_ids: range,
    product_ids: range,
    size_ids: Sequence[int],
    color_ids: Sequence[int],
) -> Iterator[str]:
    """Yield the line of each SKU: id, and the ids of its product, size and color.

    They are drawn as `draw.choice` draws them in Python 3.11 to 3.14, without its calls.
    """
    bits = draw.getrandbits
    products, sizes, colors = len(product_ids), len(size_ids), len(color_ids)
    if sku_ids and not (products and sizes and colors):
        raise SampleError("an SKU needs a product, a size and a color")
    product_bits, size_bits, color_bits = (n.bit_length() for n in (products, sizes, colors))
    for sku_id in sku_ids:
        while (product := bits(product_bits)) >= products:
            pass
        while (size := bits(size_bits)) >= sizes:
            pass
        while (color := bits(color_bits)) >= colors:
            pass
        yield f"{sku_id}\t{product_ids[product]}\t{size_ids[size]}\t{color_ids[color]}\n"


def _brand_names(draw: random.Random, taken: set[str]) -> Iterator[str]:
    """Yield names that nobody has: a random word each, two when words run out."""
    words = draw.sample(_words(), len(_words()))
    for name in (*words, *map(" ".join, permutations(words, 2))):
        if name not in taken:
            yield name.title()
    raise SampleError("there are no more names of two words")


@cache
def _words() -> tuple[str, ...]:
    return tuple(_WORDS_FILE.read_text(encoding="utf-8").split())
