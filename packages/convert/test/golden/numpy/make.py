"""Writes the .npz files of this folder with NumPy 2.4.6: the same arrays stored and deflated.

usage: make.py [FOLDER]     another folder to write to
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

here = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent

arrays = {
    "x": np.arange(12, dtype=np.float32).reshape(3, 4),
    "y": np.array([5, -1, 2**62], dtype=np.int64),
    "columns": np.asfortranarray(np.arange(18, dtype=np.int16).reshape(3, 2, 3)),
    "swapped": np.array([[1.5], [-2.0], [0.25]], dtype=">f8"),
}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
