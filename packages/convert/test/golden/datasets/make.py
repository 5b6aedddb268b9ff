"""Writes the datasets of this folder with Hugging Face ``datasets`` 5 itself.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import datasets

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
ROWS = 6
JPEG = bytes.fromhex("ffd8ffe0")

features = datasets.Features(
    {
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=["cat", "dog", "Kuh"]),
        "text": datasets.Value("string"),
        "tokens": datasets.List(datasets.Value("int32")),
        "box": datasets.List(datasets.Value("float32"), length=4),
        "grid": datasets.Array2D(shape=(2, 3), dtype="int16"),
        "answers": {"text": datasets.Value("string"), "start": datasets.Value("int64")},
    }
)


def row(i: int) -> dict[str, object]:
    """Row ``i``; the image is a beginning only, for nothing here decodes it."""
    return {
        "image": {"bytes": JPEG + bytes([i]), "path": f"{i}.jpg"},
        "label": i % 3,
        "text": f"Zeile {i}",
        "tokens": list(range(i)),
        "box": [i, i + 0.5, i + 1, i + 1.5],
        "grid": [[i, i, i], [-i, -i, -i]],
        "answers": {"text": f"a{i}", "start": i},
    }


def made(rows: int = ROWS) -> datasets.Dataset:
    """A dataset of all the features."""
    return datasets.Dataset.from_list([row(i) for i in range(rows)], features=features)


for name in ("saved", "splits"):
    shutil.rmtree(here / name, ignore_errors=True)
made().save_to_disk(here / "saved", num_shards=2)
datasets.DatasetDict({"train": made(2), "test": made(1)}).save_to_disk(here / "splits")
made().to_parquet(here / "hub.parquet")
