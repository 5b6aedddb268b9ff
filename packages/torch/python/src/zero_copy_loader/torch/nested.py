"""Tensors wherever they are in what the training loop gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from ..batch import Batch
from .packed import Packed


def map_tensors(value: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The same structure of dicts, lists and tuples, with what ``function`` gives for each tensor in it.

    Of `Packed` rows the values are what moves: rows are found with the rest on the CPU, which is copied, as a
    batch's ``indices`` are, so that it does not keep the slot. What is none of these stays as it is.
    """
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, Packed):
        return Packed(function(value.values), value.offsets.clone(), value.shapes)
    if isinstance(value, Batch):
        fields = {name: map_tensors(each, function) for name, each in value.items()}
        return Batch(fields, value.indices.clone(), value.way)
    if isinstance(value, dict):
        return {name: map_tensors(each, function) for name, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(each, function) for each in value))
    if isinstance(value, (tuple, list)):
        return type(value)(map_tensors(each, function) for each in value)
    return value


def tensors_of(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in it that `map_tensors` would reach."""
    found: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor)
        return tensor

    map_tensors(value, note)
    yield from found
