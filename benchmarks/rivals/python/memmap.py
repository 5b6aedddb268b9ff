"""The rows as a flat array, mapped by NumPy, and the labels in memory: what the rivals here share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch


def open_rows(settings: dict[str, Any]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The mapped rows, shape (rows, row bytes), and the labels."""
    data = settings["data"]
    flat, labels = data["flat"], data["labels"]
    shape = (data["rows"], data["rowBytes"])
    rows = np.memmap(flat["path"], dtype=np.uint8, mode="r", offset=flat["offsetBytes"], shape=shape)
    return rows, np.fromfile(labels["path"], dtype=np.int64, offset=labels["offsetBytes"])


def consume(x: torch.Tensor, label: torch.Tensor) -> tuple[int, int, int]:
    """Sums a batch as 64-bit words."""
    total = int(x.view(torch.int64).sum()) + int(label.sum())
    return len(label), x.numel() + label.numel() * 8, total
