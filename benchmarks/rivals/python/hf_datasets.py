"""Hugging Face datasets, saved to disk, behind torch's DataLoader, which asks for whole batches.

``params``: ``column`` is ``list`` (numbers, and ``with_format("torch")`` as its guide for PyTorch has it,
which makes 64-bit integers of them; they are cast back to be summed) or ``large_binary`` (one value a row,
and batches taken as Arrow tables, whose buffer becomes the tensor).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import arrow_batches
import datasets
import numpy as np
import pyarrow as pa
import torch
from memmap import Labels, Rows
from own_copy import own_copy
from tensors import consume
from torch.utils.data import DataLoader

folder: Path
loader: DataLoader[Any]


def prepare(settings: dict[str, Any]) -> list[str]:
    datasets.disable_progress_bars()
    global folder
    column = settings["params"]["column"]
    folder = own_copy(settings, f"datasets-{column}", partial(write, column))
    return [str(folder)]


def write(column: str, folder: Path, rows: Rows, labels: Labels) -> None:
    batches = arrow_batches.lists if column == "list" else arrow_batches.values
    table = pa.Table.from_batches(batches(rows, labels))
    datasets.Dataset(table).save_to_disk(str(folder))


def open(settings: dict[str, Any]) -> None:  # noqa: A001
    global loader
    torch.set_num_threads(1)
    rows = datasets.load_from_disk(str(folder))
    is_list = settings["params"]["column"] == "list"
    loader = DataLoader(
        rows.with_format("torch") if is_list else Tables(rows.with_format("arrow")),
        batch_size=settings["batchSize"],
        shuffle=settings["shuffle"],
        collate_fn=None if is_list else lambda batch: batch,
    )


class Tables(torch.utils.data.Dataset[Any]):
    """Batches out of the Arrow tables of rows of one length."""

    def __init__(self, rows: datasets.Dataset) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        table = self.rows[indices].combine_chunks()
        x, label = table["x"].chunk(0), table["label"].chunk(0)
        row_bytes = len(x[0].as_buffer())
        values = np.frombuffer(x.buffers()[2], np.uint8, len(x) * row_bytes, x.offset * row_bytes)
        return {
            "x": torch.from_numpy(values).view(len(x), row_bytes),
            "label": torch.from_numpy(label.to_numpy()),
        }


def epoch() -> Iterator[tuple[int, int, int]]:
    for batch in loader:
        x, label = batch["x"], batch["label"]
        yield consume(x if x.dtype == torch.uint8 else x.to(torch.uint8), label)


def close() -> None:
    global loader
    del loader
