"""torch.utils.data.DataLoader over ``np.memmap``.

``params``: ``fetch`` is ``items`` (a copy per sample, default collate), ``views`` (the same without the
copy) or ``gather`` (``__getitems__`` gathers the whole batch, the best that people write by hand);
``workers``: numbers as torch takes them, of which the fastest in a trial is kept and noted.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from memmap import Regions, open_rows
from tensors import consume
from torch.utils.data import DataLoader, Dataset

TRIAL_SECONDS = 1.5

warnings.filterwarnings("ignore", message="The given NumPy array is not writable")


class Items(Dataset[Any]):
    """A row and its label; ``views``: without copying the row."""

    def __init__(self, settings: dict[str, Any], *, views: bool) -> None:
        self.rows = Regions(settings)
        self.views = views

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        row = self.rows[index] if self.views else self.rows[index].copy()
        return torch.from_numpy(row), int(self.rows.labels[index])


class Batches(Dataset[Any]):
    """Rows and labels of a whole batch."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.rows, self.labels = open_rows(settings)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, indices: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.rows[indices]), torch.from_numpy(self.labels[indices])


loader: DataLoader[Any]
workers: int | None = None


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader, workers
    torch.set_num_threads(1)
    if workers is None:
        workers = best(settings)
    loader = make(settings, workers)


def make(settings: dict[str, Any], count: int) -> DataLoader[Any]:
    fetch = settings["params"]["fetch"]
    dataset = Batches(settings) if fetch == "gather" else Items(settings, views=fetch == "views")
    return DataLoader(
        dataset,
        batch_size=settings["batchSize"],
        shuffle=settings["shuffle"],
        num_workers=count,
        persistent_workers=count > 0,
        collate_fn=(lambda batch: batch) if fetch == "gather" else None,
    )


def best(settings: dict[str, Any]) -> int:
    """The fastest number of workers."""
    counts: list[int] = settings["params"]["workers"]
    return counts[0] if len(counts) == 1 else max(counts, key=lambda count: speed(settings, count))


def speed(settings: dict[str, Any], count: int) -> float:
    """Batches a second, consumed as in a round; without the first one, for which workers start."""
    begun = time.perf_counter()
    taken = -1
    for x, label in make(settings, count):
        consume(x, label)
        taken += 1
        if taken == 0:
            begun = time.perf_counter()
        elif time.perf_counter() - begun > TRIAL_SECONDS:
            break
    return taken / (time.perf_counter() - begun)


def figures() -> dict[str, float]:
    """What the trial chose."""
    return {"workers": workers or 0}


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
