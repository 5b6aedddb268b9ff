"""Small datasets whose samples say which ones they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import zero_copy_loader as zc


def write_images(path: Path, samples: int = 100, side: int = 24, shards: int = 3) -> Path:
    """Images whose every byte depends on the sample's number; ``label`` is the number."""
    random = np.random.default_rng(1)
    row_bytes = side * side * 3
    with zc.DatasetWriter(path, shard_bytes=(row_bytes + 8) * samples // shards + 4096) as writer:
        for number in range(samples):
            image = random.integers(0, 256, (side, side, 3), np.uint8)
            writer.append({"image": image, "label": np.int64(number)})
    return path


def ragged_sample(number: int) -> dict[str, Any]:
    """Sample ``number`` of `write_ragged`."""
    random = np.random.default_rng(number)
    return {
        "audio": random.integers(-1000, 1000, 50 + 13 * (number % 7), np.int16),
        "boxes": random.random((number % 4, 4), np.float32),
        "grid": random.integers(0, 9, (1 + number % 3, 2 + number % 5), np.int32),
        "caption": f"sample {number} äöü" * (number % 3),
        "photo": bytes([number]) * (number % 5),
        "meta": {"number": number, "tags": ["a"] * (number % 3)},
        "label": np.int64(number),
    }


def write_ragged(path: Path, samples: int = 40) -> Path:
    """Every kind of field whose rows differ in length."""
    schema = {
        "audio": zc.tensor("int16", [None]),
        "boxes": zc.tensor("float32", [None, 4]),
        "grid": zc.tensor("int32", [None, None]),
        "caption": zc.text(),
        "photo": zc.field.bytes(media_type="image/jpeg"),
        "meta": zc.field.json(),
        "label": zc.scalar("int64"),
    }
    with zc.DatasetWriter(path, schema, shard_bytes=8192) as writer:
        for number in range(samples):
            writer.append(ragged_sample(number))
    return path
