"""Lance; ``params``: ``shuffle``.

``batches`` are read in random order, each of rows that are neighbours in the file: its loader for torch, with
what that has for shuffling, ``ShardedBatchSampler``. ``rows`` takes each batch by its row numbers, behind
torch's DataLoader.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import arrow_batches
import lance
import pyarrow as pa
import torch
from lance.sampler import ShardedBatchSampler
from lance.torch.data import LanceDataset
from memmap import Labels, Rows
from own_copy import own_copy
from tensors import consume
from torch.utils.data import DataLoader, Dataset

folder: Path
batches: Any


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "lance", write)
    return [str(folder)]


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    lance.write_dataset(pa.Table.from_batches(arrow_batches.lists(rows, labels)), str(folder))


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global batches
    torch.set_num_threads(1)
    batch_size = settings["batchSize"]
    if settings["params"]["shuffle"] == "rows":
        rows = Taken(lance.dataset(str(folder)))
        batches = DataLoader(rows, batch_size, shuffle=settings["shuffle"], collate_fn=lambda batch: batch)
    else:
        sampler = ShardedBatchSampler(0, 1, randomize=settings["shuffle"])
        batches = LanceDataset(str(folder), batch_size, sampler=sampler)


class Taken(Dataset[Any]):
    """Batches by row numbers."""

    def __init__(self, rows: lance.LanceDataset) -> None:
        self.rows, self.count = rows, rows.count_rows()

    def __len__(self) -> int:
        return self.count

    def __getitems__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        table = self.rows.take(indices).combine_chunks()
        x, label = table["x"].chunk(0), table["label"].chunk(0)
        return {
            "x": torch.from_numpy(x.flatten().to_numpy()).view(len(x), -1),
            "label": torch.from_numpy(label.to_numpy()),
        }


def epoch() -> Iterator[tuple[int, int, int]]:
    for batch in batches:
        yield consume(batch["x"], batch["label"])


def close() -> None:
    global batches
    del batches
