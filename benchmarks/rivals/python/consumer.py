"""The consumer alone: sums as many batches as an epoch has, from rows that already lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from memmap import open_rows
from tensors import consume

HELD_BYTES_MAX = 512 * 2**20

batches: list[tuple[torch.Tensor, torch.Tensor]]
samples: int


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global batches, samples
    torch.set_num_threads(1)
    rows, labels = open_rows(settings)
    samples = len(labels)
    held = min(samples, HELD_BYTES_MAX // rows.shape[1])
    x, label = torch.tensor(rows[:held]), torch.tensor(labels[:held])
    batches = list(zip(x.split(settings["batchSize"]), label.split(settings["batchSize"]), strict=True))


def epoch() -> Iterator[tuple[int, int, int]]:
    done = 0
    while done < samples:
        for x, label in batches:
            count = min(len(label), samples - done)
            if count == 0:
                return
            yield consume(x[:count], label[:count])
            done += count


def close() -> None:
    batches.clear()
