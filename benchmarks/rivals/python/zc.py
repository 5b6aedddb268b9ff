"""Our loader for PyTorch as it comes; ``params`` are its own options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from tensors import consume

from zero_copy_loader.torch import DataLoader

loader: DataLoader


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    loader = DataLoader(
        settings["data"]["shards"],
        **{
            "batch_size": settings["batchSize"],
            "shuffle": settings["shuffle"],
            "seed": 7,
            **settings["params"],
        },
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    for batch in loader:
        yield consume(batch["x"], batch["label"])


def close() -> None:
    loader.close()
