"""What a call for the next batch takes where the batch has long been ready; ``params``: ``batchSize``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import torch
from tensors import consume

from zero_copy_loader.torch import DataLoader

#: Between two batches, so that the server has the next one ready whatever its size.
PAUSE_SECONDS = 0.02

loader: DataLoader
next_us: list[float] = []


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    loader = DataLoader(
        settings["data"]["shards"],
        batch_size=settings["params"]["batchSize"],
        shuffle=settings["shuffle"],
        seed=7,
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    batches = iter(loader)
    while True:
        time.sleep(PAUSE_SECONDS)
        begun = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            return
        next_us.append((time.perf_counter() - begun) * 1e6)
        yield consume(batch["x"], batch["label"])


def figures() -> dict[str, float]:
    half = median(next_us)
    next_us.clear()
    return {"next_us": half}


def close() -> None:
    loader.close()
