"""sqlmap over targets: a process for each, as many at once as there are cores.

sqlmap is busy itself for five of the ten seconds that a parameter takes (it compares pages),
in one thread, whatever --threads says: that is for reading data out. So one process for all
would take an hour with one core idle. A process each tells also what became of each.
"""

import asyncio
import os
import re
import signal
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

import aiohttp

from tests.security.targets import MARK, WRAP, Target

# Nothing takes so long that is not stuck.
_MOST_SECONDS: Final = 600
_OPTIONS: Final = (
    *("--batch", "--level", "3", "--risk", "2", "--dbms", "PostgreSQL"),
    # A 429 or a 404 is an answer like any other.
    *("--ignore-code", "*", "--skip-waf", "--disable-coloring", "--flush-session"),
    # Cookies of preferences would make pages differ; a redirect leads to a page.
    *("--drop-set-cookie", "--answers", "resend original=N,non-custom=N"),
)


class Result(Enum):
    """What came of a target."""

    CLEAN = "cannot be injected into"
    FOUND = "can be injected into"
    UNTESTED = "was not tested"


@dataclass
class Tested:
    """What came of targets, and what their good requests were answered that should not be."""

    results: dict[Target, Result] = field(default_factory=dict)
    refused: dict[Target, int] = field(default_factory=dict)

    def having(self, result: Result) -> list[Target]:
        """Return the targets with one result."""
        return [target for target, one in self.results.items() if one is result]


async def try_targets(
    url: str, targets: Sequence[Target], sqlmap: Path, work: Path, *, seconds: float
) -> Tested:
    """Send the good request of each target, then sqlmap with it; end when the time is over.

    Targets of one address that changes something come after one another, since they change the
    same row.
    """
    tested = Tested(dict.fromkeys(targets, Result.UNTESTED))
    groups = iter(_groups(targets))

    async def work_off() -> None:
        for group in groups:
            for target in group:
                status = await _status(url, target)
                if status not in target.answers:
                    tested.refused[target] = status
                folder = work / f"{targets.index(target):03}"
                folder.mkdir(parents=True)
                tested.results[target] = await _run(url, target, sqlmap, folder)

    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for _ in range(len(os.sched_getaffinity(0))):
                group.create_task(work_off())
    except TimeoutError:
        pass
    return tested


def _groups(targets: Sequence[Target]) -> Iterable[list[Target]]:
    groups: dict[object, list[Target]] = defaultdict(list)
    for target in targets:
        groups[target if target.method == "GET" else target.route].append(target)
    # What reads comes first: what writes leaves hundreds of rows behind, which make pages long.
    # Then the longest, so that no core is idle in the end.
    return sorted(groups.values(), key=lambda group: (group[0].method != "GET", -len(group)))


async def _status(url: str, target: Target) -> int:
    """Return what the request is answered as it is."""
    body = (target.body or "").replace(MARK, "").encode() or None
    headers = {"Content-Type": target.content_type} if target.content_type else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            target.method, url + target.good_path, data=body, headers=headers, allow_redirects=False
        ) as response,
    ):
        return response.status


async def _run(url: str, target: Target, sqlmap: Path, folder: Path) -> Result:
    command = [str(sqlmap), "-u", url + target.path, *_OPTIONS]
    command += ["--output-dir", str(folder / "sqlmap")]
    # Said aloud, the method would be that of the form that has the version, too.
    if target.body is None:
        command += ["--method", target.method]
    else:
        command += ["--data", target.body, "-H", f"Content-Type: {target.content_type}"]
    if target.place in {"query", "form"}:
        command += ["-p", target.name]
    if target.form_path is not None:
        command += ["--csrf-token", "version", "--csrf-method", "GET"]
        command += ["--csrf-url", url + target.form_path]
    if target.is_word:
        command += ["--tamper", "space2comment"]
    if target.is_wrapped:
        command += ["--eval", WRAP.format(name=target.name)]
    log = folder / "sqlmap.log"
    (folder / "target").write_text(f"{target}\n{command}\n", encoding="utf-8")
    # It remembers things in the home folder.
    known = {**os.environ, "HOME": str(folder), "SQLMAP_UNSAFE_EVAL": "1"}
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={**known, "PYTHONWARNINGS": "ignore"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                await process.wait()
        except TimeoutError:
            return Result.UNTESTED
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()
    return _result(log.read_text(encoding="utf-8", errors="replace"))


def _result(output: str) -> Result:
    if re.search(r"^Parameter: ", output, re.MULTILINE):
        return Result.FOUND
    # The last words on a parameter. That there is none of the others is said before it, too.
    if re.search(r"parameter '[^']+' does not seem to be injectable", output):
        return Result.CLEAN
    return Result.UNTESTED
