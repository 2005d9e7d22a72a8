"""A process that serves does not keep what was large, nor look through what stays."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
MEGABYTE: Final = 1024 * 1024

# In processes of their own: what they change is for good.
_HASH_PASSWORDS: Final = """
import asyncio
from tests.security.memory import Memory
from web.access.passwords import is_password
from web.memory import give_back_large_blocks

async def sign_in() -> None:
    await asyncio.gather(*(is_password("correct horse battery", None) for _ in range(4)))

give_back_large_blocks()
memory = Memory()
for _ in range(3):
    asyncio.run(sign_in())
print(memory.taken(), memory.held())
"""
_SERVE: Final = """
import gc, os, signal, sys
from web.server import listen_on, run, serve_desk
from web.settings import Settings

def look() -> None:
    print(gc.get_freeze_count(), len(gc.get_objects()))
    os.kill(os.getpid(), signal.SIGTERM)

settings = Settings.model_construct()
run(serve_desk(settings, sys.argv[1], listen_on("127.0.0.1", 0), listening=look))
"""


def _run(script: str, *arguments: str) -> list[int]:
    """Run a script, and return the numbers that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [int(number) for number in done.stdout.split()]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps large blocks")
def test_passwords_leave_nothing_of_the_memory_they_were_hashed_in() -> None:
    taken, held = _run(_HASH_PASSWORDS)
    assert taken > 19 * MEGABYTE
    assert held < 8 * MEGABYTE


def test_search_for_garbage_passes_over_what_was_there_before_the_first_request(
    database_url: str,
) -> None:
    kept, looked_through = _run(_SERVE, database_url)
    assert looked_through < kept // 20
