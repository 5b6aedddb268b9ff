"""torch.utils.data.DataLoader over ``np.memmap``.

``params``: ``fetch`` is ``items`` (a copy per sample, default collate), ``views`` (the same without the
copy) or ``gather`` (``__getitems__`` gathers the whole batch, the best that people write by hand);
``workers`` as in torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from memmap import consume, open_rows
from torch.utils.data import DataLoader, Dataset

warnings.filterwarnings("ignore", message="The given NumPy array is not writable")


class Rows(Dataset[Any]):
    """Rows and labels; what one item is depends on ``fetch``."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.rows, self.labels = open_rows(settings)
        self.fetch = settings["params"]["fetch"]
        if self.fetch == "gather":
            self.__getitems__ = self.gather

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        row = self.rows[index] if self.fetch == "views" else np.array(self.rows[index])
        return torch.from_numpy(row), int(self.labels[index])

    def gather(self, indices: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.rows[indices]), torch.from_numpy(self.labels[indices])


loader: DataLoader[Any]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    params = settings["params"]
    loader = DataLoader(
        Rows(settings),
        batch_size=settings["batchSize"],
        shuffle=settings["shuffle"],
        num_workers=params["workers"],
        persistent_workers=params["workers"] > 0,
        collate_fn=(lambda batch: batch) if params["fetch"] == "gather" else None,
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
