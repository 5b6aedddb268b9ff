"""Rows of different lengths as torch tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ..batch import place_in


class Packed:
    """Rows of different lengths, back to back: ``values`` is flat, row i is from ``offsets[i]`` on.

    ``values`` and ``offsets`` lie in the slot and keep it; ``shapes`` has a row for each sample, the sizes of
    all its dimensions.

    Example::

        waves, lengths = batch["audio"].padded()
        first = batch["audio"][0]
    """

    def __init__(self, values: torch.Tensor, offsets: torch.Tensor, shapes: torch.Tensor) -> None:
        self.values = values
        self.offsets = offsets
        self.shapes = shapes

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> torch.Tensor:
        """Row ``row`` in its shape: a view."""
        row = place_in(row, len(self))
        begin, end = self.offsets[row : row + 2].tolist()
        return self.values[begin:end].view(self.shapes[row].tolist())

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (self[row] for row in range(len(self)))

    def padded(self, value: float = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """All rows in one new tensor, filled up with ``value``, and the rows' shapes.

        The tensor's shape is the number of rows and the longest of each dimension. Where a row has one
        dimension, its shape is its length alone: the second tensor is one number a row.
        """
        size = self.shapes.amax(0).tolist() if len(self) else [0] * self.shapes.shape[1]
        filled = self.values.new_full((len(self), *size), value)
        for target, values in zip(filled, self, strict=True):
            target[tuple(map(slice, values.shape))] = values
        return filled, self.shapes[:, 0] if self.shapes.shape[1] == 1 else self.shapes

    def to(self, *args: Any, **kwargs: Any) -> Packed:
        """Its values as ``torch.Tensor.to`` gives them, on another device or of another dtype.

        ``offsets`` and ``shapes`` stay where they are, for rows are found with them on the CPU.
        """
        return Packed(self.values.to(*args, **kwargs), self.offsets, self.shapes)

    def __repr__(self) -> str:
        return f"Packed({len(self)} rows, {self.values.dtype}, {len(self.values)} values)"
