"""MosaicML Streaming over MDS shards that lie here already; ``params``: ``dataset``.

``streaming`` is its ``StreamingDataset`` with its own shuffle, which is within blocks, and its own loader;
``local`` its ``LocalDataset``, read row by row, behind torch's DataLoader.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from own_copy import own_copy
from streaming import LocalDataset, StreamingDataLoader, StreamingDataset
from streaming.base.util import clean_stale_shared_memory
from tensors import consume, stack
from torch.utils.data import DataLoader
from write_mds import write

folder: Path
loader: DataLoader[Any]


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "mds", write)
    return [str(folder)]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    batch_size, shuffle = settings["batchSize"], settings["shuffle"]
    if settings["params"]["dataset"] == "local":
        rows = LocalDataset(str(folder))
        loader = DataLoader(rows, batch_size, shuffle=shuffle, collate_fn=collate)
        return
    clean_stale_shared_memory()
    # One node: with more parts than that, rows are repeated until all have as many.
    rows = StreamingDataset(local=str(folder), batch_size=batch_size, shuffle=shuffle, num_canonical_nodes=1)
    loader = StreamingDataLoader(rows, batch_size=batch_size, collate_fn=collate)


def collate(samples: list[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    return stack((sample["x"], sample["label"]) for sample in samples)


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
