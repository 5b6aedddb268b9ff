"""A rival's own copy of the set: written once, beside it, in the rival's format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memmap import Labels, Rows, open_rows


def own_copy(settings: dict[str, Any], name: str, write: Callable[[Path, Rows, Labels], None]) -> Path:
    """The folder of a copy, which ``write`` makes where it is not there yet."""
    folder = Path(settings["data"]["labels"]["path"]).parent / "rivals" / name
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        write(partial, *open_rows(settings))
        os.replace(partial, folder)
    return folder
