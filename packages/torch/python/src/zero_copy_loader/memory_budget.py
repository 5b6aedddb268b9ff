"""How much memory batches may take where nobody has said it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from . import arguments

#: However little memory there is, batches need some room.
_BYTES_MIN: Final = 256 * 2**20


def default_budget() -> int:
    """An eighth of what is available to this process, shared by this machine's ranks: as in the server."""
    ranks = max(1, arguments.from_environment("LOCAL_WORLD_SIZE", "1"))
    return max(_BYTES_MIN, min(_available(), _left_in_group()) // 8 // ranks)


def _available() -> int:
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", _text(Path("/proc/meminfo")), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _left_in_group() -> int:
    """What the process's control group (v2) may still take; all that there is where nothing limits it."""
    found = re.search(r"^0::(.*)$", _text(Path("/proc/self/cgroup")), re.MULTILINE)
    group = Path("/sys/fs/cgroup") / (found[1].lstrip("/") if found else "")
    most, used = (_text(group / name).strip() for name in ("memory.max", "memory.current"))
    return max(0, int(most) - int(used)) if most.isdecimal() and used.isdecimal() else sys.maxsize


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
