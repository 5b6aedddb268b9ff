"""A field of a batch as torch tensors over the memory that it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .. import batch
from ..schema import Field
from .packed import Packed
from .tensor_batch import TensorBatchMaker, TensorGatherer, crosses


class TensorView(batch.FieldView):
    """The value of a field as torch tensors, each with a storage of exactly its own bytes."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        # NumPy has no bfloat16: the bits cross as integers of the same width.
        self._bits = field.dtype == "bfloat16"
        if self._bits:
            self._dtype = np.dtype("<i2")
        self._plain = self._fixed and not self._bits

    @classmethod
    def batch_maker(cls, views: Sequence[batch.FieldView], segments: Any) -> TensorBatchMaker | None:
        fields = cls._plain_fields(views)
        return None if fields is None else TensorBatchMaker(fields, segments)

    @classmethod
    def whole_batches(cls, views: Sequence[batch.FieldView], ends: Sequence[int]) -> TensorGatherer | None:
        fields = cls._plain_fields(views)
        return None if fields is None else TensorGatherer(fields, ends)

    @classmethod
    def _plain_fields(cls, views: Sequence[batch.FieldView]) -> list[Field] | None:
        """Their fields, where each of them becomes one tensor that DLPack can describe."""
        plain = all(type(view) is cls and view.field.fixed and crosses(view.field.dtype) for view in views)
        return [view.field for view in views] if plain else None

    def make(self, memory: Any, samples: int, offset: int, length: int, tables: int) -> Any:
        if self._plain:
            # Most fields of most batches: in one step, for the caches are cold after a training step.
            return torch.from_numpy(np.ndarray((samples, *self._row_shape), self._dtype, memory, offset))
        value = super().make(memory, samples, offset, length, tables)
        if isinstance(value, batch.Packed):
            return Packed(
                self._tensor(value.values), torch.from_numpy(value.offsets), torch.from_numpy(value.shapes)
            )
        return value

    def fixed(self, row_shape: tuple[int, ...], memory: Any, samples: int, offset: int) -> torch.Tensor:
        return self._tensor(super().fixed(row_shape, memory, samples, offset))

    def indices(self, memory: Any, samples: int, offset: int) -> torch.Tensor:
        return torch.from_numpy(np.ndarray((samples,), batch.INT64, memory, offset))

    def numbers(self, indices: npt.NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(indices)

    def rows(self, value: Any) -> Sequence[Any]:
        return value.unbind(0) if isinstance(value, torch.Tensor) else super().rows(value)

    def row(self, value: Any) -> Any:
        """A row of a NumPy dataset as this field's rows are here."""
        if not isinstance(value, (np.ndarray, np.generic)):
            return value
        array = np.asarray(value)
        return self._tensor(array.view("<i2") if self._bits else array)

    def _tensor(self, array: batch.Array) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        return tensor.view(torch.bfloat16) if self._bits else tensor
