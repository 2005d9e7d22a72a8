"""The table of figures, as a run of its own prints it at its end."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRILL = """
def test_quick(note):
    note("20 downloads", "free after 0.3 s", limit="1 s", met=True)

def test_slow(note):
    note("50 downloads", "free after 1.4 s", limit="1 s", met=False)
"""


def test_table_is_of_every_process_and_says_what_is_not_met(tmp_path: Path) -> None:
    (tmp_path / "test_drill.py").write_text(DRILL, encoding="utf-8")
    options = ["-p", "tests.figures", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-n", "1", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    said = done.stdout.splitlines()
    table = said[said.index("| fault | must | figure | met |") :][:4]
    assert table[2:] == [
        "| 20 downloads | 1 s | free after 0.3 s | yes |",
        "| 50 downloads | 1 s | free after 1.4 s | **met: no** |",
    ]
