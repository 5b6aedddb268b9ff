"""Batches whose tensors are made by the native core, in one call."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import torch
import torch.utils.dlpack

from ..batch import Batch, BatchMaker
from ..core import TensorField, library
from ..protocol import WAYS
from ..schema import Field

#: What `from_dlpack` calls with a capsule. Its own steps cost 10 us where the caches are cold.
_from_capsule: Any = getattr(torch._C, "_from_dlpack", torch.utils.dlpack.from_dlpack)

#: DLPack's numbers for kinds of elements.
_TYPE_CODES: Final = {"int": 0, "uint": 1, "float": 2, "bfloat": 4, "complex": 5, "bool": 6}


class TensorBatch(Batch):
    """A batch whose samples' numbers become a tensor when they are asked for, as they seldom are.

    Until then they are a DLPack capsule, which keeps the slot as a tensor would.
    """

    __slots__ = ()

    @property
    def indices(self) -> Any:
        with _making:
            if not isinstance(self._indices, torch.Tensor):
                self._indices = _from_capsule(self._indices)
        return self._indices

    @indices.setter
    def indices(self, indices: Any) -> None:
        self._indices = indices


#: A capsule can be made a tensor of only once.
_making = threading.RLock()


def batch_maker(fields: Sequence[Field], segments: Any) -> BatchMaker | None:
    """What makes batches of these fields, of fixed shape; None where torch does not take one's type."""
    if not all(_crosses(field.dtype) for field in fields):
        return None
    described = (TensorField * len(fields))(*map(_described, fields))
    names = tuple(field.name for field in fields)
    made: BatchMaker = library().zc_py_batch_maker(
        segments, names, WAYS, TensorBatch, _from_capsule, described
    )
    return made


def _described(field: Field) -> TensorField:
    shape = [size or 0 for size in field.shape or ()]
    code, bits = _type_of(field.dtype or "")
    return TensorField((ctypes.c_int64 * len(shape))(*shape), len(shape), code, bits)


def _type_of(dtype: str) -> tuple[int, int]:
    kind = dtype.rstrip("0123456789")
    return _TYPE_CODES[kind], int(dtype[len(kind) :] or 8)


@lru_cache
def _crosses(dtype: str | None) -> bool:
    """Whether tensors of this type go through DLPack; older versions of torch refuse some."""
    kind = getattr(torch, dtype or "", None)
    if not isinstance(kind, torch.dtype):
        return False
    try:
        return bool(_from_capsule(torch.empty(1, dtype=kind).__dlpack__()).dtype == kind)
    except (RuntimeError, TypeError, ValueError, BufferError):
        return False
