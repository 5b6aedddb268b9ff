"""The rows as flat arrays, mapped by NumPy, and the labels in memory: what the rivals here share."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def open_rows(settings: dict[str, Any]) -> tuple[Rows, Labels]:
    """The mapped rows, shape (rows, row bytes), and the labels, of a set that has them in one file."""
    data = settings["data"]
    return _map(data["flat"], data["rows"], data["rowBytes"]), _labels(data)


class Regions:
    """The rows by number where they lie in several files."""

    def __init__(self, settings: dict[str, Any]) -> None:
        data = settings["data"]
        regions = [{**data["flat"], "rows": data["rows"]}] if "flat" in data else data["regions"]
        self._maps = [_map(region, region["rows"], data["rowBytes"]) for region in regions]
        self._ends = list(accumulate(len(rows) for rows in self._maps))
        self.labels = _labels(data)

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int) -> Rows:
        number = bisect_right(self._ends, index)
        row: Rows = self._maps[number][index - self._ends[number]]
        return row


def _map(region: dict[str, Any], rows: int, row_bytes: int) -> Rows:
    shape = (rows, row_bytes)
    return np.memmap(region["path"], dtype=np.uint8, mode="r", offset=region["offsetBytes"], shape=shape)


def _labels(data: dict[str, Any]) -> Labels:
    labels = data["labels"]
    return np.fromfile(labels["path"], dtype=np.int64, offset=labels["offsetBytes"])
