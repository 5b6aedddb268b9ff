"""WebDataset over tars, as its README has it: shards in random order, rows shuffled within a window.

Batches are made in the pipeline, for a ``WebLoader`` with ``params["workers"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
import webdataset as wds
from own_copy import own_copy
from tensors import consume, stack
from write_webdataset import write

#: Small enough that several workers have shards of their own.
SHARD_BYTES = 32 << 20
WINDOW_ROWS = 1000

folder: Path
loader: Any


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "webdataset", partial(write, shard_bytes=SHARD_BYTES))
    return [str(folder)]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    shards = sorted(str(path) for path in folder.glob("*.tar"))
    rows = wds.WebDataset(shards, shardshuffle=len(shards) if settings["shuffle"] else False)
    if settings["shuffle"]:
        rows = rows.shuffle(WINDOW_ROWS)
    batches = rows.to_tuple("bin", "cls").batched(settings["batchSize"], collation_fn=collate)
    loader = wds.WebLoader(batches, batch_size=None, num_workers=settings["params"]["workers"])


def collate(samples: list[tuple[bytes, bytes]]) -> tuple[torch.Tensor, torch.Tensor]:
    return stack((row, int(label)) for row, label in samples)


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
