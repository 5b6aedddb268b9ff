"""``litdata.optimize`` with two workers, which are forked and so find the rows in memory.

Each input is a stretch of rows, of which the function yields one after another: inputs go through queues.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import litdata
from rows_in_memory import Labels, Rows, open_rows, write_once

open = open_rows  # noqa: A001

STRETCH_ROWS = 500

_rows: list[Any] = []


def _samples(start: int) -> Iterator[dict[str, Any]]:
    rows, labels = _rows
    for i in range(start, min(start + STRETCH_ROWS, len(labels))):
        yield {"x": rows[i].tobytes(), "label": int(labels[i])}


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    _rows[:] = [rows, labels]
    litdata.optimize(
        fn=_samples,
        inputs=list(range(0, len(labels), STRETCH_ROWS)),
        output_dir=str(folder),
        num_workers=2,
        chunk_bytes="64MB",
        start_method="fork",
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    return write_once(write)


def close() -> None:
    """Nothing is held open."""
