"""SPDL's pipeline, which reads no raw rows by itself.

NumPy gathers a batch a task from the mapped rows, in two threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from gather import BatchIds, gather_from
from memmap import open_rows
from spdl.pipeline import PipelineBuilder
from tensors import consume

THREADS = 2

ids: BatchIds
gather: Any


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global ids, gather
    torch.set_num_threads(1)
    ids, gather = BatchIds(settings), gather_from(*open_rows(settings))


def epoch() -> Iterator[tuple[int, int, int]]:
    pipeline = (
        PipelineBuilder()
        .add_source(ids)
        .pipe(gather, concurrency=THREADS)
        .add_sink()
        .build(num_threads=THREADS)
    )
    with pipeline.auto_stop():
        for x, label in pipeline:
            yield consume(x, label)


def close() -> None:
    global gather
    del gather
