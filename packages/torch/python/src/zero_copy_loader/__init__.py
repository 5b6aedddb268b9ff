"""Samples from sharded files, as NumPy arrays or torch tensors, without copying what need not be copied."""

from __future__ import annotations

from . import field
from .dataset import Dataset
from .dataset_writer import DatasetWriter
from .errors import ZcError
from .field import define_schema, scalar, tensor, text
from .loader import DataLoader
from .pack_progress import PackProgress
from .packing import PackReport, pack
from .padding import Pad, Padded
from .sample import Sample, to_numpy
from .schema import Field, Schema
from .shard_writer import ShardWriter
from .shuffle import BlockShuffle
from .windows import Windows

__all__ = [
    "BlockShuffle",
    "DataLoader",
    "Dataset",
    "DatasetWriter",
    "Field",
    "PackProgress",
    "PackReport",
    "Pad",
    "Padded",
    "Sample",
    "Schema",
    "ShardWriter",
    "Windows",
    "ZcError",
    "define_schema",
    "field",
    "pack",
    "scalar",
    "tensor",
    "text",
    "to_numpy",
]
