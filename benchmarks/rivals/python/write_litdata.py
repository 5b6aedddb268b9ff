"""``litdata.optimize`` with two workers, which are forked and so find the rows in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import litdata
from rows_in_memory import Labels, Rows, open_rows, write_once

open = open_rows  # noqa: A001

_rows: list[Any] = []


def _sample(i: int) -> dict[str, Any]:
    rows, labels = _rows
    return {"x": rows[i].tobytes(), "label": int(labels[i])}


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    _rows[:] = [rows, labels]
    litdata.optimize(
        fn=_sample,
        inputs=list(range(len(labels))),
        output_dir=str(folder),
        num_workers=2,
        chunk_bytes="64MB",
        start_method="fork",
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    return write_once(write)


def close() -> None:
    """Nothing is held open."""
