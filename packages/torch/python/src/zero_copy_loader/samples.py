"""The rows of a batch as samples, for functions that take one sample or a list of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .batch import Batch, Rows
from .padding import Padded


def samples_of(batch: Batch, begin: int, end: int) -> list[dict[str, Any]]:
    """Rows ``begin`` to ``end`` of a batch, each a dict of its own.

    Tensors and arrays are views of the batch's memory, which they keep; writing to them changes the batch and
    nothing else. Text, JSON and bytes are decoded here.
    """
    columns = [_rows(value, begin, end) for value in batch.values()]
    return [dict(zip(batch, row, strict=True)) for row in zip(*columns, strict=True)]


def stacked(samples: list[Any]) -> Any:
    """Samples as one batch: arrays and numbers as arrays with one dimension more, all else in lists."""
    first = samples[0]
    if isinstance(first, Mapping):
        return {name: stacked([sample[name] for sample in samples]) for name in first}
    if isinstance(first, (tuple, list)):
        parts = [stacked([*each]) for each in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, (np.ndarray, np.generic, bool, int, float, complex)):
        return np.stack(samples)
    return samples


def _rows(value: Any, begin: int, end: int) -> Iterable[Any]:
    # A tensor's rows in one call: a tenth of what indexing costs.
    unbind = getattr(value, "unbind", None)
    if unbind is not None:
        rows: Iterable[Any] = value[begin:end].unbind(0)
        return rows
    if isinstance(value, (np.ndarray, Rows)):
        return value[begin:end]
    if isinstance(value, Padded):
        return [Padded(*row) for row in zip(*(_rows(part, begin, end) for part in value), strict=True)]
    return [value[row] for row in range(begin, end)]
