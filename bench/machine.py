"""What the figures were taken on: the machine, and the versions."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

_PACKAGES = ("aiohttp", "asyncpg", "uvloop")


def machine_line() -> str:
    """Return the cores, the memory and the model of the processor."""
    cores = psutil.cpu_count() or 1
    memory = psutil.virtual_memory().total / 2**30
    return f"{cores} cores, {memory:.0f} GiB of memory, {_processor()}"


def versions_line(postgresql: str) -> str:
    """Return the versions of what runs; `postgresql` is what the server calls itself."""
    named = [f"{name} {_version(name)}" for name in _PACKAGES]
    return ", ".join([f"Python {platform.python_version()}", *named, f"PostgreSQL {postgresql}"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
