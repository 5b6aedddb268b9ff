"""Samples from sharded files, as NumPy arrays or torch tensors, without copying what need not be copied."""

from __future__ import annotations

from . import field
from .dataset import Dataset
from .errors import ZcError
from .field import define_schema, scalar, tensor, text
from .sample import Sample, to_numpy
from .schema import Field, Schema

__all__ = [
    "Dataset",
    "Field",
    "Sample",
    "Schema",
    "ZcError",
    "define_schema",
    "field",
    "scalar",
    "tensor",
    "text",
    "to_numpy",
]
