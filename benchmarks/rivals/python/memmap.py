"""The rows as a flat array, mapped by NumPy, and the labels in memory: what the rivals here share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch


def open_rows(settings: dict[str, Any]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The mapped rows, shape (rows, row bytes), and the labels."""
    data = settings["data"]
    rows = np.memmap(data["flat"], dtype=np.uint8, mode="r", shape=(data["rows"], data["rowBytes"]))
    return rows, np.fromfile(data["labels"], dtype=np.int64)


def consume(x: torch.Tensor, label: torch.Tensor) -> tuple[int, int, int]:
    """Sums a batch as 64-bit words."""
    total = int(x.view(torch.int64).sum()) + int(label.sum())
    return len(label), x.numel() + label.numel() * 8, total
