"""Writes the files of this folder with safetensors 0.8.0: tensors of three rows, and some that do not agree.

usage: make.py [FOLDER]     another folder to write to
needs: safetensors==0.8.0 numpy
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from safetensors import TensorSpec, serialize_file

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent


def save(name: str, tensors: dict[str, np.ndarray | tuple[str, np.ndarray]]) -> None:
    """``serialize_file`` takes bfloat16 too, which NumPy has not: it is given as its bits."""
    entries = {}
    for key, value in tensors.items():
        dtype, array = value if isinstance(value, tuple) else (str(value.dtype), value)
        entries[key] = TensorSpec(
            dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
        )
    serialize_file(entries, here / name, {"made": "by make.py"})


save(
    "rows.safetensors",
    {
        "image": np.arange(12, dtype=np.uint8).reshape(3, 2, 2),
        "label": np.array([5, -1, 2**62], dtype=np.int64),
        "mask": np.array([True, False, True]),
        "half": ("bfloat16", np.array([[0x3F80, 0xC000], [0, 1], [2, 3]], dtype=np.uint16)),
    },
)
save(
    "weights.safetensors",
    {"bias": np.array([1.5, 2.5], dtype=np.float32), "weight": np.ones((3, 2), dtype=np.float16)},
)
