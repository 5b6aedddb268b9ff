"""Writes the files of this folder with Megatron-Core 0.14.0's own IndexedDatasetBuilder.

usage: make.py [FOLDER]     another folder to write to
needs: megatron-core==0.14.0 torch numpy
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import torch

warnings.filterwarnings("ignore")
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder  # noqa: E402

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

# Documents of one sentence, of three, of none, and of an empty one.
documents = [[[1, 2, 3]], [[4], [5, 6], [65535]], [], [[]], [[7, 8]]]
for name, dtype in [("uint16", np.uint16), ("int32", np.int32), ("float32", np.float32)]:
    builder = IndexedDatasetBuilder(str(here / f"{name}.bin"), dtype=dtype)
    for sentences in documents:
        for sentence in sentences:
            builder.add_item(torch.tensor(sentence, dtype=torch.int64))
        builder.end_document()
    builder.finalize(str(here / f"{name}.idx"))
