"""The forms a download comes in, as the queries of sql/queries/*.sql write them."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from web.inputs import query_flag


@dataclass(frozen=True, slots=True)
class Format:
    """A form of a download. `name` is what its queries know it by."""

    name: str
    extension: str
    content_type: str
    start: str = ""

    def first_line(self, columns: str) -> bytes:
        """Return what stands above the rows: the header of a CSV, nothing in NDJSON."""
        header = f"{columns}\r\n" if self.extension == "csv" else ""
        return (self.start + header).encode()


# RFC 4180, exactly what the database holds.
CSV: Final = Format("csv", "csv", "text/csv; charset=utf-8; header=present")
# For spreadsheets: a byte order mark, and no cell that would be a formula.
EXCEL_CSV: Final = Format("excel", "csv", "text/csv; charset=utf-8; header=present", "\ufeff")
NDJSON: Final = Format("ndjson", "ndjson", "application/x-ndjson")


def csv_format(request: web.Request) -> Format:
    """Return the form of CSV that the query asks for.

    Raises:
        web.HTTPBadRequest: `excel` is neither 1 nor 0.
    """
    return EXCEL_CSV if query_flag(request, "excel") else CSV
