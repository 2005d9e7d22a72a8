"""Other people's tools against a running desk: `python -m tests.security.scan [TOOL …]`.

Each tool has an environment of its own in .venv-security (their requirements exclude one
another), is led by /api/openapi.json, and ends after so many minutes. The desk has a sample
catalog and a database that goes with it. Exits with 1 when a tool finds something, or when
sqlmap is not done with every parameter.
"""
# ruff: noqa: T201

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import asyncpg

from tests.desk import CatalogMaker, build_settings
from tests.security.injectable import TARGETS, injectable_server
from tests.security.injection import Result, try_targets
from tests.security.rows import make_rows
from tests.security.targets import find_targets
from web.cli.database import migrated_database

ROOT: Final = Path(__file__).resolve().parents[2]
_TOOLS: Final = Path(__file__).with_name("tools")
_ENVIRONMENTS: Final = ROOT / ".venv-security"
_MINUTE: Final = 60
# How long a tool may take; HANGTAG_SCAN_MINUTES says otherwise. One that is not done by then ends.
_MINUTES: Final = float(os.environ.get("HANGTAG_SCAN_MINUTES", "60"))
_SPARE: Final = 2 * _MINUTE
# wapiti's modules that neither ask a server elsewhere nor guess at other people's software. Its
# csrf looks for tokens in forms; here the browser says from which site a form comes, and what
# comes of that is in tests/test_middlewares.py.
_MODULES: Final = (
    *("backup", "cookieflags", "crlf", "csp", "exec", "file", "htaccess"),
    *("http_headers", "methods", "permanentxss", "redirect", "sql", "timesql", "upload", "xss"),
)
# What schemathesis asks of every answer. Left out are checks that no answer could pass here: on a
# loopback desk without accounts nobody has to sign in (ignored_auth), and what a form has too
# much of is passed over, as browsers and bookmarks need it (negative_data_rejection,
# positive_data_acceptance: an id of nobody is a 404).
_CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
)


@dataclass(frozen=True, slots=True)
class ServedDesk:
    """A running desk, and the database behind it."""

    url: str
    database_url: str


@contextmanager
def served_desk() -> Iterator[ServedDesk]:
    """Serve a desk with a sample catalog on a free port of this machine."""
    with tempfile.TemporaryDirectory(prefix="ht-scan-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL has a user of its own
        log = folder / "desk.log"
        environment = {
            **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
            "HANGTAG_DATA_DIR": str(folder / "data"),
        }
        command = [str(ROOT / ".venv/bin/python"), "run.py", "serve", "--demo", "--port", "0"]
        # The desk comes to the database that is here already.
        with migrated_database(build_settings(data_dir=folder / "data")) as database_url:
            with log.open("wb") as errors:
                desk = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
            try:
                yield ServedDesk(_url_of(desk), database_url)
            finally:
                desk.send_signal(signal.SIGTERM)
                desk.wait(_MINUTE)
        lines = log.read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        broken = [event["exception"] for event in events if "exception" in event]
        if broken:
            raise SystemExit(f"The desk logged {len(broken)} tracebacks. The first:\n{broken[0]}")


def _url_of(desk: "subprocess.Popen[str]") -> str:
    assert desk.stdout is not None
    for line in desk.stdout:
        if found := re.search(r"http://\S+(?<!/)", line):
            return found[0]
    raise SystemExit("The desk did not start.")


def schemathesis(desk: ServedDesk, programs: Path, work: Path) -> list[str]:
    """Return what schemathesis found: answers that the document does not speak of, and 5xx."""
    report = work / "schemathesis.json"
    command = [
        *(programs / "schemathesis", "run", f"{desk.url}/api/openapi.json"),
        *("--checks", ",".join(_CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "60", "--seed", "1", "--workers", "1", "--continue-on-failure"),
        *("--max-time", str(int(_MINUTES * _MINUTE)), "--request-timeout", "10"),
        *("--generation-database", "none", "--warnings", "off", "--no-color"),
        *("--report", "json", "--report-json-path", report),
    ]
    output = _run(command, work)
    failed = re.findall(r"^_+ (\w+ /\S*) _+$", output, re.MULTILINE)
    return failed or ([] if "No issues found" in output else [_end_of(output)])


def sqlmap(desk: ServedDesk, programs: Path, work: Path) -> list[str]:
    """Return what sqlmap found: parameters by which SQL can be changed, or that it did not try.

    It has to find what can be found, too: it is let loose on a server that takes care of nothing.
    """
    return asyncio.run(_sqlmap(desk, programs / "sqlmap", work))


async def _sqlmap(desk: ServedDesk, program: Path, work: Path) -> list[str]:
    begun = time.monotonic()
    connection = await asyncpg.connect(desk.database_url)
    rows = await make_rows(CatalogMaker(connection))
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{desk.url}/api/openapi.json") as response:
            targets = find_targets(await response.json(), rows)
        control = work / "control"
        async with injectable_server(desk.database_url) as url:
            sure = await try_targets(url, TARGETS, program, control, seconds=_MINUTES * _MINUTE)
        missed = [target for target in TARGETS if sure.results[target] is not Result.FOUND]
        print(f"sqlmap: control: {len(TARGETS) - len(missed)} of {len(TARGETS)} found")
        left = _MINUTES * _MINUTE - (time.monotonic() - begun)
        tested = await try_targets(desk.url, targets, program, work / "desk", seconds=left)
        async with session.get(f"{desk.url}/metrics") as response:
            metrics = await response.text()
    await connection.close()
    clean, found = tested.having(Result.CLEAN), tested.having(Result.FOUND)
    requests = sum(
        map(float, re.findall(r"^hangtag_requests_total\S* (\S+)", metrics, re.MULTILINE))
    )
    minutes = (time.monotonic() - begun) / _MINUTE
    print(
        f"sqlmap: {len(clean) + len(found)} of {len(targets)} parameters tested,"
        f" {requests:,.0f} requests, {minutes:.0f} minutes"
    )
    return [
        *(f"{target} of the control was not found" for target in missed),
        *(f"{target} {Result.FOUND.value}" for target in found),
        *(f"{target} {Result.UNTESTED.value}" for target in tested.having(Result.UNTESTED)),
        *(f"{target}: what is good is answered {one}" for target, one in tested.refused.items()),
    ]


def wapiti3(desk: ServedDesk, programs: Path, work: Path) -> list[str]:
    """Return what wapiti found, of any of its modules."""
    report = work / "wapiti.json"
    command = [
        *(programs / "wapiti", "--url", f"{desk.url}/", "--scope", "folder"),
        *("--swagger", f"{desk.url}/api/openapi.json", "--module", ",".join(_MODULES)),
        *("--max-scan-time", str(int(_MINUTES * _MINUTE / 4)), "--tasks", "4"),
        *("--max-attack-time", str(int(_MINUTES * _MINUTE / len(_MODULES)))),
        # A page of a product links to thirty others, each with the same forms.
        *("--max-files-per-dir", "10", "--max-links-per-page", "40", "--no-bugreport"),
        *("--store-session", work / "session", "--store-config", work / "config"),
        *("--format", "json", "--output", report),
    ]
    output = _run(command, work)
    if not report.exists():
        return [_end_of(output)]
    found = json.loads(report.read_text(encoding="utf-8"))
    print(f"wapiti3: {found['infos'].get('crawled_pages_nbr')} pages")
    return [
        f"{kind}: {one['method']} {one['path']} {one['parameter'] or ''} {one['info']}"
        for section in ("vulnerabilities", "anomalies")
        for kind, ones in found[section].items()
        for one in ones
    ]


SCANS: Final[dict[str, Callable[[ServedDesk, Path, Path], list[str]]]] = {
    "schemathesis": schemathesis,
    "sqlmap": sqlmap,
    "wapiti3": wapiti3,
}


def _programs(tool: str) -> Path:
    """Return the programs of a tool's environment; make it when its requirements changed."""
    folder, wanted = _ENVIRONMENTS / tool, _TOOLS / f"{tool}.txt"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_bytes() != wanted.read_bytes():
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        options = ["--disable-pip-version-check", "--require-hashes", "--requirement"]
        subprocess.run([*pip, *options, str(wanted)], check=True, timeout=600)
        stamp.write_bytes(wanted.read_bytes())
    return folder / "bin"


def _run(command: Sequence[object], work: Path) -> str:
    """Run a tool and return what it wrote; it is ended when it goes on for too long."""
    log = work / f"{Path(str(command[0])).name}.log"
    # The tools remember things in the home folder.
    environment = {**os.environ, "HOME": str(work), "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as written:
        tool = subprocess.Popen(
            [str(part) for part in command],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            tool.wait(_MINUTES * _MINUTE + _SPARE)
        except subprocess.TimeoutExpired:
            tool.send_signal(signal.SIGINT)
            tool.wait(_MINUTE)
    return log.read_text(encoding="utf-8", errors="replace")


def _end_of(output: str) -> str:
    return f"it did not run as it should:\n{output[-2000:]}"


def main(names: Sequence[str]) -> int:
    """Run the tools, all of them if none is named, and say what they found."""
    count = 0
    for name in names or list(SCANS):
        programs = _programs(name)
        keep = os.environ.get("HANGTAG_SCAN_KEEP")
        with tempfile.TemporaryDirectory(prefix=f"ht-{name}-") as temporary, served_desk() as desk:
            found = SCANS[name](desk, programs, Path(keep or temporary))
        print(f"{name}: {len(found)} findings")
        for one in found:
            print(f"  {one}")
        count += len(found)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
