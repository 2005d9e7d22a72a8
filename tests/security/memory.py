"""How much memory a process takes, as Linux says it: nothing of that process stops meanwhile."""

import re
from pathlib import Path


class Memory:
    """What a process takes at most from now on, beyond what it holds."""

    def __init__(self, process_id: int | None = None) -> None:
        self._folder = Path("/proc") / ("self" if process_id is None else str(process_id))
        # The peak begins anew (man 5 proc).
        (self._folder / "clear_refs").write_text("5", encoding="ascii")
        self._at_first = self._status("VmRSS")

    def taken(self) -> int:
        """Return it in bytes."""
        return self._status("VmHWM") - self._at_first

    def held(self) -> int:
        """Return what it holds now beyond that, in bytes."""
        return self._status("VmRSS") - self._at_first

    def _status(self, name: str) -> int:
        status = (self._folder / "status").read_text(encoding="ascii")
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024
