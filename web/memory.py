"""The memory of a process that serves: what was large goes back, what stays is not looked through.

Two habits that are right for a command and wrong for a server are changed here, once, at its start.

glibc learns from a large block that is given back that such blocks are common here, and keeps the
next ones of that size: after some sign-ins, at 19 MiB a password, a desk held 21 MB more for good.

Python looks for garbage among all that has lived long, every module, route, template and
translation included: some 100,000 objects, for 60 to 90 ms in which nobody is answered. What is
there when a process begins to answer stays to its end anyway.
"""

import ctypes
import gc
import sys
from contextlib import suppress
from typing import Final

# Blocks from this size on have their own pages, which go back with them: the bodies of large
# forms, and what a password is hashed in. A page or a block of a download is far smaller.
OWN_PAGES_BYTES: Final = 4 * 1024 * 1024
# <malloc.h>
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def give_back_large_blocks(from_bytes: int = OWN_PAGES_BYTES) -> None:
    """Let large blocks go back to the system, however many there were; nothing but with glibc."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl has no such setting, and needs none
            mallopt = ctypes.CDLL(None).mallopt
            # Either one ends what glibc learns.
            mallopt(_M_MMAP_THRESHOLD, from_bytes)
            # As much at the end of the heap is kept for what comes next: glibc's own ratio.
            mallopt(_M_TRIM_THRESHOLD, 2 * from_bytes)


def keep_what_is_there() -> None:
    """Look for garbage once more, and from here on only among what comes."""
    gc.collect()
    gc.freeze()
