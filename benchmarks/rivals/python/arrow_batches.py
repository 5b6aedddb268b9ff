"""The set as Arrow record batches: what formats that build on Arrow are written from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from memmap import Labels, Rows

BATCH_ROWS = 500


def lists(rows: Rows, labels: Labels) -> Iterator[pa.RecordBatch]:
    """Each row a list of ``uint8`` of one length."""
    for x, label in _stretches(rows, labels):
        values = pa.array(x.reshape(-1))
        yield _batch(pa.FixedSizeListArray.from_arrays(values, rows.shape[1]), label)


def values(rows: Rows, labels: Labels) -> Iterator[pa.RecordBatch]:
    """Each row one value of ``large_binary``."""
    for x, label in _stretches(rows, labels):
        ends = pa.py_buffer(np.arange(len(x) + 1, dtype=np.int64) * rows.shape[1])
        buffers = [None, ends, pa.py_buffer(np.ascontiguousarray(x))]
        yield _batch(pa.Array.from_buffers(pa.large_binary(), len(x), buffers), label)


def _stretches(rows: Rows, labels: Labels) -> Iterator[tuple[Rows, Labels]]:
    for start in range(0, len(labels), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS], labels[start : start + BATCH_ROWS]


def _batch(x: pa.Array, label: Labels) -> pa.RecordBatch:
    return pa.record_batch({"x": x, "label": pa.array(label)})
