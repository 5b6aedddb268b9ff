"""One safetensors file, mapped, of which ``index_select`` takes batches in an order of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gather import BatchIds
from memmap import Labels, Rows
from own_copy import own_copy
from safetensors import safe_open
from safetensors.numpy import save_file
from tensors import consume

FILE = "rows.safetensors"

folder: Path
ids: BatchIds
rows: dict[str, torch.Tensor]


def prepare(settings: dict[str, Any]) -> list[str]:
    global folder
    folder = own_copy(settings, "safetensors", write)
    return [str(folder)]


def write(folder: Path, rows: Rows, labels: Labels) -> None:
    folder.mkdir()
    save_file({"x": np.ascontiguousarray(rows), "label": labels}, folder / FILE)


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global ids, rows
    torch.set_num_threads(1)
    ids = BatchIds(settings)
    with safe_open(folder / FILE, framework="pt") as file:
        rows = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def epoch() -> Iterator[tuple[int, int, int]]:
    for batch in map(torch.from_numpy, ids):
        yield consume(rows["x"].index_select(0, batch), rows["label"].index_select(0, batch))


def close() -> None:
    rows.clear()
