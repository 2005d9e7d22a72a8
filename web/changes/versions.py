"""The version of the catalog: a number that is another one after every change."""

from web.database.pool import Connection, fetch
from web.database.queries import load_queries

GET_CATALOG_VERSION = load_queries("changes")["get_catalog_version"]


async def catalog_version(connection: Connection) -> int:
    """Return the version of the catalog that `connection` sees.

    Two snapshots with the same version show the same catalog.
    """
    return int((await fetch(connection, GET_CATALOG_VERSION))[0][0])
