"""FFCV over raw bytes, in its fastest setting here: the system's cache, random order, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ffcv.fields import IntField, NDArrayField
from ffcv.fields.decoders import IntDecoder, NDArrayDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.transforms import ToTensor
from ffcv.writer import DatasetWriter
from memmap import Labels, Rows
from own_copy import own_copy
from tensors import consume

folder: Path
loader: Loader


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "ffcv", write)
    return [str(folder)]


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    loader = Loader(
        str(folder / "rows.beton"),
        batch_size=settings["batchSize"],
        num_workers=1,
        os_cache=True,
        order=OrderOption.RANDOM if settings["shuffle"] else OrderOption.SEQUENTIAL,
        drop_last=False,
        pipelines={"x": [NDArrayDecoder(), ToTensor()], "label": [IntDecoder(), ToTensor()]},
    )


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    folder.mkdir()
    fields = {"x": NDArrayField(np.dtype("uint8"), (rows.shape[1],)), "label": IntField()}
    DatasetWriter(str(folder / "rows.beton"), fields, num_workers=1).from_indexed_dataset(Pairs(rows, labels))


class Pairs:
    """Rows with their labels, by number."""

    def __init__(self, rows: Rows, labels: Labels) -> None:
        self.rows, self.labels = rows, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return np.array(self.rows[index]), int(self.labels[index])


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
