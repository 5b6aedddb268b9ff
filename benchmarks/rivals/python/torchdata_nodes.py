"""torchdata's nodes, which read no files by themselves.

NumPy gathers a batch a task from the mapped rows, in two threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from gather import BatchIds, gather_from
from memmap import open_rows
from tensors import consume
from torchdata.nodes import IterableWrapper, Loader, ParallelMapper, Prefetcher

THREADS = 2
BATCHES_AHEAD = 4

loader: Loader[Any]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    gather = gather_from(*open_rows(settings))
    tasks = ParallelMapper(IterableWrapper(BatchIds(settings)), gather, num_workers=THREADS, method="thread")
    loader = Loader(Prefetcher(tasks, BATCHES_AHEAD))


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
