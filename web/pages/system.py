"""The page that shows an admin how the desk is: versions, pools, connections, what is slow."""

import os
import platform
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web
from babel.numbers import format_decimal

from web.database.concurrently import concurrently
from web.database.statistics import (
    count_kept,
    get_server,
    list_connections,
    list_running_statements,
    list_slow_statements,
    list_standbys,
    list_table_states,
)
from web.downloads.records import list_records
from web.keys import DOWNLOAD_POOL, DOWNLOAD_SLOTS, POOL, SETTINGS
from web.languages import current_language
from web.pages.downloads import outcome, size_text
from web.settings import Settings, variable_of
from web.templates import render

_SHOWN_DOWNLOADS: Final = 10
# A setting whose name has one of these in it is said to be set, and no more.
_SECRET: Final = ("url", "secret", "password", "token")
_STARTED_AT: Final = datetime.now(UTC)


def _version() -> str:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


VERSION: Final = _version()


class ShownSetting(NamedTuple):
    """A setting as it may be shown; `value` is None where it may not."""

    variable: str
    value: str | None
    is_set: bool
    is_default: bool


async def show_system(request: web.Request) -> web.Response:
    """Show how the desk is. What this user of PostgreSQL may not see is said to be not visible."""
    app = request.app
    pool = app[POOL]
    (server, kept, tables, connections), (running, slow, standbys, records) = await concurrently(
        concurrently(
            get_server(pool), count_kept(pool), list_table_states(pool), list_connections(pool)
        ),
        concurrently(
            list_running_statements(pool),
            list_slow_statements(pool),
            list_standbys(pool),
            list_records(pool, most=_SHOWN_DOWNLOADS),
        ),
    )
    response = render(
        request,
        "system/show.html",
        {
            "version": VERSION,
            "python": platform.python_version(),
            "process": os.getpid(),
            "started_at": _STARTED_AT,
            "slots": app[DOWNLOAD_SLOTS].total,
            "pools": (pool, app[DOWNLOAD_POOL]),
            "server": server,
            "kept": kept,
            "tables": tables,
            "connections": connections,
            "running": running,
            "slow": slow,
            "standbys": standbys,
            "records": [(record, outcome(record)) for record in records],
            "settings": shown_settings(app[SETTINGS]),
            "size_text": size_text,
            "tenths": tenths,
        },
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def shown_settings(settings: Settings) -> list[ShownSetting]:
    """Return the settings, without the values of those that may hold a secret."""
    shown = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        is_secret = any(part in _SECRET for part in name.split("_"))
        shown.append(
            ShownSetting(
                variable_of(name),
                None if is_secret or value is None else str(value),
                is_set=value is not None,
                is_default=value == field.get_default(),
            )
        )
    return shown


def tenths(number: float) -> str:
    """Return a number with one digit behind its decimal separator."""
    return format_decimal(number, format="#,##0.0", locale=current_language())
