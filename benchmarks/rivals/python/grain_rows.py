"""Grain: a ``MapDataset`` shuffled globally, batched, read ahead; arrays of NumPy.

``params``: ``source`` is ``array_record`` (groups of one record, as its README asks for random access) or
``memmap``; ``threads`` is ``num_threads`` of ``ReadOptions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grain
import numpy as np
from array_record.python.array_record_module import ArrayRecordWriter
from arrays import consume
from memmap import Labels, Rows, open_rows
from own_copy import own_copy

FILE = "rows.array_record"
LABEL_BYTES = 8

folder: Path
dataset: grain.IterDataset[Any]


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    if not is_record(settings):
        return []
    folder = own_copy(settings, "array-record", write)
    return [str(folder)]


def is_record(settings: dict[str, Any]) -> bool:
    return bool(settings["params"]["source"] == "array_record")


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    folder.mkdir()
    writer = ArrayRecordWriter(str(folder / FILE), "group_size:1,uncompressed")
    for row, label in zip(rows, labels, strict=True):
        writer.write(label.tobytes() + row.tobytes())
    writer.close()


class Mapped:
    """A source of rows and labels in mapped arrays."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.rows, self.labels = open_rows(settings)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.rows[index], self.labels[index]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global dataset
    if is_record(settings):
        source = grain.sources.ArrayRecordDataSource(str(folder / FILE))
        rows = grain.MapDataset.source(source)
    else:
        rows = grain.MapDataset.source(Mapped(settings))
    if settings["shuffle"]:
        rows = rows.shuffle(seed=7)
    if is_record(settings):
        rows = rows.map(parse)
    options = grain.ReadOptions(num_threads=settings["params"]["threads"])
    dataset = rows.batch(settings["batchSize"]).to_iter_dataset(options)


def parse(record: bytes) -> tuple[Any, Any]:
    return np.frombuffer(record, np.uint8, offset=LABEL_BYTES), np.frombuffer(record, np.int64, 1)[0]


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in dataset:
        yield consume(x, label)


def close() -> None:
    global dataset
    del dataset
