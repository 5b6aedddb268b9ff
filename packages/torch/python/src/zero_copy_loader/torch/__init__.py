"""For PyTorch: the loader and the dataset of `zero_copy_loader` with torch tensors in their batches."""

from __future__ import annotations

from .collate import collate
from .dataset import Dataset
from .loader import DataLoader
from .packed import Packed

__all__ = ["DataLoader", "Dataset", "Packed", "collate"]
