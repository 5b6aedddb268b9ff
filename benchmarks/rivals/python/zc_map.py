"""Our map-style dataset in torch's own loader, whose ``params`` say ``collate``: ``default`` or ``ours``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from tensors import consume
from torch.utils.data import DataLoader

from zero_copy_loader.torch import Dataset, collate

loader: DataLoader[Any]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    loader = DataLoader(
        Dataset(settings["data"]["shards"]),
        batch_size=settings["batchSize"],
        shuffle=settings["shuffle"],
        collate_fn=collate if settings["params"]["collate"] == "ours" else None,
    )


def epoch() -> Iterator[tuple[int, int, int]]:
    for batch in loader:
        yield consume(batch["x"], batch["label"])


def close() -> None:
    global loader
    del loader
