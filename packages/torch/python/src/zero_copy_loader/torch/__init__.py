"""For PyTorch: the loader and the dataset of `zero_copy_loader` with torch tensors in their batches."""

from __future__ import annotations

from ..pytorch import require_pytorch

# Before anything below asks for torch: where it is missing or too old that is told in our words.
require_pytorch()

from .collate import collate  # noqa: E402
from .dataset import Dataset  # noqa: E402
from .loader import DataLoader  # noqa: E402
from .packed import Packed  # noqa: E402

__all__ = ["DataLoader", "Dataset", "Packed", "collate"]
