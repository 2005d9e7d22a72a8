"""Time that passes for what was counted, without anybody waiting for it."""

from tests.desk import CatalogMaker


async def pass_seconds(catalog: CatalogMaker, seconds: float) -> None:
    """Make all uses so many seconds older."""
    await catalog.connection.execute(
        "update recent_use set forget_at = forget_at - make_interval(secs => $1), moments = array("
        "select moment - make_interval(secs => $1)"
        " from unnest(moments) with ordinality as used (moment, place) order by place)",
        seconds,
    )
