"""The records of downloads, as they stand in the table."""

from dataclasses import dataclass

from tests.desk import CatalogMaker
from tests.downloads.watching import until


@dataclass(frozen=True)
class Record:
    """What the table says of a download."""

    request: str
    cause: str
    row_count: int
    byte_count: int
    expected_row_count: int | None


async def finished(catalog: CatalogMaker, count: int = 1) -> list[Record]:
    """Wait until so many downloads have ended and been recorded, and none runs; the latest last."""

    async def all_are() -> bool:
        return bool(
            await catalog.value(
                "select count(*) = $1 and count(ended_at) = $1 from download", count
            )
        )

    await until(all_are)
    rows = await catalog.connection.fetch(
        "select request, cause, row_count, byte_count, expected_row_count"
        " from download order by download_id"
    )
    return [Record(*row) for row in rows]
