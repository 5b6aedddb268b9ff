"""FFCV over raw bytes, in its fastest setting here: the system's cache, random order, one thread.

It has an environment of its own beside the sets, made by whoever wants to compare: ``python3 -m venv ffcv``
there, ``libopencv-dev``, ``libturbojpeg0-dev`` and ``pkg-config`` from the distribution, and with its pip
``torch==2.13.0 numba opencv-python-headless fastargs pytorch-pfn-extras pandas setuptools`` and then
``--no-build-isolation --no-deps ffcv==1.0.2``.
"""

from __future__ import annotations

import os
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
from memmap import consume, open_rows

loader: Loader


class Rows:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.rows, self.labels = open_rows(settings)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return np.array(self.rows[index]), int(self.labels[index])


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    loader = Loader(
        str(beton(settings)),
        batch_size=settings["batchSize"],
        num_workers=1,
        os_cache=True,
        order=OrderOption.RANDOM if settings["shuffle"] else OrderOption.SEQUENTIAL,
        drop_last=False,
        pipelines={"x": [NDArrayDecoder(), ToTensor()], "label": [IntDecoder(), ToTensor()]},
    )


def beton(settings: dict[str, Any]) -> Path:
    """The rows in FFCV's format, written once."""
    data = settings["data"]
    path = Path(data["flat"]["path"]).with_name("rows.beton")
    if not path.exists():
        partial = path.with_suffix(".partial")
        fields = {"x": NDArrayField(np.dtype("uint8"), (data["rowBytes"],)), "label": IntField()}
        DatasetWriter(str(partial), fields, num_workers=1).from_indexed_dataset(Rows(settings))
        os.replace(partial, path)
    return path


def epoch() -> Iterator[tuple[int, int, int]]:
    for x, label in loader:
        yield consume(x, label)


def close() -> None:
    global loader
    del loader
