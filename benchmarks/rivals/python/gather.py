"""Batches gathered by NumPy: what pipelines that bring no format of their own are given to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from memmap import Labels, Rows

Ids = Any


class BatchIds:
    """The row numbers of an epoch's batches, another order each time."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.rows, self.batch_size = settings["data"]["rows"], settings["batchSize"]
        self.shuffle = settings["shuffle"]

    def __iter__(self) -> Iterator[Ids]:
        ids = np.random.default_rng().permutation(self.rows) if self.shuffle else np.arange(self.rows)
        for start in range(0, self.rows, self.batch_size):
            yield ids[start : start + self.batch_size]


def gather_from(rows: Rows, labels: Labels) -> Callable[[Ids], tuple[torch.Tensor, torch.Tensor]]:
    """A function of row numbers."""
    return lambda ids: (torch.from_numpy(rows[ids]), torch.from_numpy(labels[ids]))
