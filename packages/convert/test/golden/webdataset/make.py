"""Writes the tars of this folder with webdataset 1.0.2: the same two samples plain, as gzip and as zstd.

usage: make.py [FOLDER]     another folder to write to
needs: webdataset==1.0.2 numpy zstandard
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import webdataset
import zstandard

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

samples = [
    {
        "__key__": "train/0001",
        "jpg": bytes(range(256)) * 3,
        "cls": 7,
        "txt": "Überall Würfel 🎲",
        "json": {"boxes": [[1, 2.5], []], "name": None},
        "npy": np.arange(6, dtype=np.float32).reshape(2, 3),
        "seg.npy": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        "pyd": {"a": 1},
    },
    {
        "__key__": "train/0002",
        "jpg": b"",
        "cls": -(2**63),
        "txt": "",
        "json": [1, "two"],
        "npy": np.array([[0.5, -1.5, 3.25]], dtype=np.float32),
        "seg.npy": np.arange(6, dtype=">i2").reshape(2, 3) * -1,
        "pyd": [None],
    },
]
with webdataset.TarWriter(str(here / "two.tar"), mtime=0.0) as sink:
    for sample in samples:
        sink.write(sample)
tar = (here / "two.tar").read_bytes()
(here / "two.tar.gz").write_bytes(gzip.compress(tar, mtime=0))
(here / "two.tar.zst").write_bytes(zstandard.ZstdCompressor(19).compress(tar))
