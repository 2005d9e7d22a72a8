"""What a download is to hold, told by PostgreSQL itself: COPY of the same query."""

import io
import re

from web.database.pool import Connection

SKUS = """
select
    sku_id, product_id, product_name, brand_id, brand_name, product_color_name, product_size_name
from sku
join product using (product_id)
join brand using (brand_id)
join product_color using (product_color_id)
join product_size using (product_size_id)
"""
IN_ORDER = "order by product_id, sku_id"

# Names that a format must not stumble over. No two fold to the same.
HARD_NAMES = [
    "Plain",
    'with "quotes" inside',
    '"',
    '""',
    "comma, inside",
    ",",
    "CR\rinside",
    "LF\ninside",
    "CRLF\r\ninside",
    "ends with CRLF\r\n",
    'a "quote", a\r\nline end',
    "\\.",
    "\\N",
    "ends with \\",
    'backslash \\"quote',
    " leading space",
    "trailing space ",
    "\u00a0no-break\u00a0spaces\u00a0",
    "semicolon; inside",
    "tab\tinside",
    "\ttab first",
    "\rCR first",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.com","a")',
    "a=b",
    "'apostrophe first",
    "NULL",
    "007",
    "1e5",
    "<b>&amp;</b>",
    "emoji 👩🏽‍🚀 🇩🇪",
    "combining cafe\u0301 a\u0328\u0301",
    "שלום עולם",
    "مرحبا",
    "\u202eright to left\u202c",
    "\ufeffbyte order mark",
    "line\u2028separator\u0085",
    "control \x01 \x1b \x7f",
    "noncharacter \uffff \U0010ffff",
    "日本語 ﬁ Ａ",
]


async def copy_csv(connection: Connection, sql: str, *arguments: object) -> bytes:
    """Return PostgreSQL's own CSV of a query, each record ended by CRLF as in RFC 4180."""
    output = io.BytesIO()
    await connection.copy_from_query(sql, *arguments, output=output, format="csv", header=True)
    # A line end in a quoted field stays as it is.
    return re.sub(rb'("(?:[^"]|"")*")|\n', lambda end: end[1] or b"\r\n", output.getvalue())
