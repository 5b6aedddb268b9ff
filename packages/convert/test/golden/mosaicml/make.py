"""Writes the MDS datasets of this folder with MosaicML's ``streaming`` 0.13 itself.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
from streaming import MDSWriter

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
ROWS = 6

columns = {
    "image": "bytes",
    "label": "int",
    "text": "str",
    "pixels": "ndarray:uint8:2,3",
    "tokens": "ndarray:int32",
    "any": "ndarray",
    "extra": "json",
    "small": "int8",
    "wide": "uint64",
    "half": "float16",
    "exact": "float64",
}


def sample(i: int) -> dict[str, object]:
    """Sample ``i``."""
    return {
        "image": b"\xff\xd8\xff\xe0" + bytes([i]),
        "label": i - 3,
        "text": f"Zeile {i}",
        "pixels": np.arange(i, i + 6, dtype=np.uint8).reshape(2, 3),
        "tokens": np.arange(i + 1, dtype=np.int32),
        "any": np.full((2, i + 1), i, dtype=np.float32),
        "extra": {"i": i, "list": [1, None]},
        "small": np.int8(-i),
        "wide": np.uint64(2**64 - 1 - i),
        "half": np.float16(i / 2),
        "exact": np.float64(i / 3),
    }


def write(name: str, compression: str | None) -> None:
    """A dataset of two shards or so."""
    shutil.rmtree(here / name, ignore_errors=True)
    with MDSWriter(
        out=str(here / name), columns=columns, compression=compression, hashes=["sha1"], size_limit=1200
    ) as writer:
        for i in range(ROWS):
            writer.write(sample(i))


here.mkdir(exist_ok=True)
write("plain", None)
write("packed", "zstd:3")
shutil.rmtree(here / "pickled", ignore_errors=True)
with MDSWriter(out=str(here / "pickled"), columns={"thing": "pkl"}) as writer:
    writer.write({"thing": {1, 2}})
