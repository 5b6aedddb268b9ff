"""The memory's limit: rows copied from a mapped file into page-aligned slots, by one native thread.

Nobody looks at the copies: there is no sum to compare. Each call copies 2 MiB, so that what calls cost
disappears, into two slots by turns, which stay in the last-level cache.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from zero_copy_loader.core import MappedFile

SLOT_BYTES = 2 * 2**20

rows: MappedFile
row_bytes: int
offset: int
count: int
slots: list[npt.NDArray[np.uint8]]
shuffle: bool


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global rows, row_bytes, offset, count, slots, shuffle
    data = settings["data"]
    rows = MappedFile(data["flat"]["path"])
    offset, row_bytes, count = data["flat"]["offsetBytes"], data["rowBytes"], data["rows"]
    rows.populate(offset, row_bytes * count)
    slots = [np.frombuffer(mmap.mmap(-1, SLOT_BYTES), np.uint8) for _ in range(2)]
    shuffle = settings["shuffle"]


def epoch() -> Iterator[tuple[int, int, int]]:
    ids = np.random.default_rng().permutation(count) if shuffle else np.arange(count)
    offsets = (offset + ids * row_bytes).astype(np.uint64)
    for i, start in enumerate(range(0, count, SLOT_BYTES // row_bytes)):
        part = offsets[start : start + SLOT_BYTES // row_bytes]
        rows.gather(part, row_bytes, slots[i % 2])
        yield len(part), len(part) * row_bytes, 0


def close() -> None:
    slots.clear()
