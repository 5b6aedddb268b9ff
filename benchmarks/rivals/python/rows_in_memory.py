"""The rows and labels of a set in memory, and their sum: what the contenders here write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_settings: dict[str, Any] = {}
_held: tuple[Rows, Labels, int] | None = None


def open_rows(settings: dict[str, Any]) -> None:
    """Reads the set once; later rounds find it in memory."""
    global _held
    _settings.update(settings)
    if _held is not None:
        return
    data = settings["data"]
    rows = np.fromfile(data["flat"]["path"], dtype=np.uint8, offset=data["flat"]["offsetBytes"])
    labels = np.fromfile(data["labels"]["path"], dtype=np.int64, offset=data["labels"]["offsetBytes"])
    total = int(rows.view(np.int64).sum()) + int(labels.sum())
    _held = (rows.reshape(data["rows"], data["rowBytes"]), labels, total)


def write_once(write: Callable[[Path, Rows, Labels], None]) -> Iterator[tuple[int, int, int]]:
    """Runs a writer into the round's folder, and puts what it wrote on the disk."""
    assert _held is not None
    rows, labels, total = _held
    folder = Path(_settings["output"]["path"])
    write(folder, rows, labels)
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    yield len(labels), rows.nbytes + labels.nbytes, total
