"""Writes the .npy files of this folder with NumPy itself.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

arrays = {
    "bool": np.array([True, False, True]),
    "uint8": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "int16": np.array([[-32768, 1], [2, 32767]], dtype=np.int16),
    "int64": np.array([-(2**63), 5, 2**63 - 1], dtype=np.int64),
    "uint64": np.array([[2**64 - 1]], dtype=np.uint64),
    "float16": np.array([[0.5, -2.0]], dtype=np.float16),
    "float32": np.linspace(0, 1, 10, dtype=np.float32).reshape(5, 2),
    "float64": np.array([1.5, -2.25]),
    "complex64": np.array([1 + 2j, -3j], dtype=np.complex64),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    "fortran-1d": np.asfortranarray(np.arange(3, dtype=np.int32)),
    "big-endian": np.arange(3, dtype=">i4"),
    "structured": np.zeros(2, dtype=[("x", "<f4"), ("y", "<i2")]),
    "text": np.array(["ab", "c"]),
    "object": np.array([{}, None], dtype=object),
    "scalar": np.float32(3),
    "empty": np.zeros((0, 3), dtype=np.float32),
    "complex128": np.array([1j]),
}
for name, array in arrays.items():
    np.save(here / f"{name}.npy", array, allow_pickle=name == "object")
for version in [(2, 0), (3, 0)]:
    with open(here / f"version-{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(4, dtype=np.uint16), version=version)
