"""The log: a line for each event, for people in a terminal, as JSON for machines.

Whoever logs does so by `logging`; here structlog writes it down. Values go in by name (`FIELDS`),
and nothing goes in that somebody must not read: no query string, no body, no header. Tracebacks are
without the values of variables, which structlog's own would show. A test looks for secrets in what
is written.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

# What a line may have beside its text, by `extra=`; other names are dropped.
FIELDS: Final = (
    "request_id",
    "person",
    "route",
    "status",
    "ms",
    "queries",
    "database_ms",
    "parameters",
    "rows",
    "bytes",
)
# What a parameter may be called to be named in the log. Somebody may paste a key where a name
# belongs; all names that the desk knows are of this form, and no token is.
_PARAMETER: Final = re.compile(r"[a-z]+(?:_[a-z]+)*", re.ASCII)
_MOST_LETTERS: Final = 20
_MOST_PARAMETERS: Final = 20


def log_to_stderr() -> None:
    """Write the log to standard error, that of the libraries included."""
    root = logging.getLogger()
    root.handlers[:] = [log_handler(sys.stderr, for_people=sys.stderr.isatty())]
    root.setLevel(logging.INFO)


def log_handler(stream: TextIO, *, for_people: bool) -> logging.Handler:
    """Return what writes the log to a stream: to be read by people, or a JSON object a line."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(for_people=for_people))
    return handler


def _formatter(*, for_people: bool) -> logging.Formatter:
    rendering: list[Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                exception_formatter=structlog.dev.plain_traceback, pad_event_to=36
            )
        ]
        if for_people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(FIELDS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_process,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )


def bind_request(request_id: str) -> None:
    """Put the id of a request on every line that is logged on its behalf from here on."""
    structlog.contextvars.bind_contextvars(request_id=request_id)


def parameter_names(names: Iterable[str]) -> list[str]:
    """Return the names of a query's parameters as far as they can be names, "…" for others."""
    return [
        name if len(name) <= _MOST_LETTERS and _PARAMETER.fullmatch(name) else "…"
        for name, _ in zip(names, range(_MOST_PARAMETERS), strict=False)
    ]


def _add_process(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Name the process: there may be several."""
    event["process"] = os.getpid()
    return event
