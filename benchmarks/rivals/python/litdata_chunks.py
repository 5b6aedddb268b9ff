"""LitData's ``StreamingDataset`` over chunks that lie here already, in its own loader, without workers.

It shuffles chunks, and rows within them, and chooses by itself how many rows it decodes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from litdata import StreamingDataLoader, StreamingDataset
from litdata.streaming.item_loader import PyTreeLoader
from litdata.streaming.shuffle import FullShuffle
from own_copy import own_copy
from tensors import consume, stack
from write_litdata import write

#: These keep the objects that they were called on, and with them the mapped chunks.
CACHED = (
    PyTreeLoader._data_format_to_key,
    FullShuffle.get_len,
    FullShuffle.get_chunks_and_intervals_per_workers,
)

folder: Path
loader: StreamingDataLoader


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "litdata", write)
    return [str(folder)]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    rows = StreamingDataset(str(folder), shuffle=settings["shuffle"])
    loader = StreamingDataLoader(rows, batch_size=settings["batchSize"], num_workers=0, collate_fn=collate)


def collate(samples: list[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    return stack((sample["x"], sample["label"]) for sample in samples)


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
    for method in CACHED:
        method.cache_clear()
