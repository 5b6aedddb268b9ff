"""The loader for PyTorch: `zero_copy_loader.DataLoader` with torch tensors in its batches."""

from __future__ import annotations

from .loader import DataLoader
from .packed import Packed

__all__ = ["DataLoader", "Packed"]
