"""Batches whose tensors are made by the native core, in one call."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
import torch.utils.dlpack

from ..batch import Batch, Outcome
from ..consumer_clock import ConsumerClock
from ..core import GatheredCounts, IterationCounts, StreamCounts, TensorField, library
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


class TensorBatchMaker:
    """Makes a loader's batches of these fields, of fixed shape and types that cross."""

    def __init__(self, fields: Sequence[Field], segments: Any) -> None:
        """``segments``: the native core's table of the memory that batches lie in."""
        core = library()
        words = (_names(fields), WAYS, TensorBatch, _from_capsule)
        self._handle = core.zc_py_batch_maker(segments, *words, _described(fields))
        self._taker = core.zc_py_batch_taker
        #: The batch of a message; None where it does not fit.
        self.make: Callable[[bytes], Batch | None] = core.zc_py_batch_maker_function(self._handle)

    def taker(
        self,
        control: int,
        place: tuple[int, int],
        counts: IterationCounts,
        clock: ConsumerClock,
        stream: StreamCounts,
    ) -> Callable[[], Batch | None]:
        keeper = (counts, clock, stream)
        taker: Callable[[], Batch | None] = self._taker(self._handle, control, *place, *keeper, keeper)
        return taker


class TensorGatherer:
    """Gathers batches of these fields, of fixed shape and types that cross, from mapped shards."""

    def __init__(self, fields: Sequence[Field], ends: Sequence[int]) -> None:
        """``ends``: sample i lies in the first shard whose end is above i."""
        core = library()
        shards = (ctypes.c_uint64 * len(ends))(*ends)
        words = (_names(fields), "copied", TensorBatch, _from_capsule)
        self._handle = core.zc_py_gatherer(shards, len(ends), *words, _described(fields))
        self._add, self._clear = core.zc_py_gatherer_add, core.zc_py_gatherer_clear
        #: The samples of a list of numbers; None where they are not all in shards that were added.
        self.gather: Callable[[Any], Batch | None] = core.zc_py_gatherer_function(self._handle)

    def add(self, shard: int, handle: int, regions: Sequence[int]) -> bool:
        return bool(self._add(self._handle, shard, handle, (ctypes.c_uint64 * len(regions))(*regions)))

    def clear(self) -> None:
        self._clear(self._handle)

    def ahead(
        self,
        batch_samples: int,
        ahead: int,
        lent_max: int,
        counts: IterationCounts,
        clock: ConsumerClock,
        gathered: GatheredCounts,
    ) -> TensorGatherAhead | None:
        """Gathers batches before they are asked for; None where no thread can be had for that."""
        keeper = (counts, clock, gathered)
        handle = library().zc_py_gather_ahead(self._handle, batch_samples, ahead, lent_max, *keeper, keeper)
        return None if handle is None else TensorGatherAhead(handle)


class TensorGatherAhead:
    """Batches of samples in turn, gathered by a thread of the native core, and counted as they are taken."""

    def __init__(self, handle: Any) -> None:
        core = library()
        self._handle = handle
        self._add = core.zc_py_gather_ahead_add
        self._end = core.zc_py_gather_ahead_end
        self._outcome = core.zc_py_gather_ahead_outcome
        #: The next batch; None where there is none, for the reason that `outcome` gives.
        self.take: Callable[[], Batch | None] = core.zc_py_gather_ahead_function(handle)

    def add(self, samples: npt.NDArray[np.int64]) -> None:
        """Samples of further batches: of whole ones, but for the last of all."""
        if not self._add(self._handle, samples.ctypes.data, len(samples)):
            raise MemoryError

    def end(self) -> None:
        """Lets go of the batches that were not taken."""
        self._end(self._handle)

    @property
    def outcome(self) -> Outcome:
        """What the last `take` has met."""
        return Outcome(self._outcome(self._handle))


def _names(fields: Sequence[Field]) -> tuple[str, ...]:
    return tuple(field.name for field in fields)


def _described(fields: Sequence[Field]) -> Any:
    return (TensorField * len(fields))(*map(_describe, fields))


def _describe(field: Field) -> TensorField:
    shape = [size or 0 for size in field.shape or ()]
    code, bits = _type_of(field.dtype or "")
    return TensorField((ctypes.c_int64 * len(shape))(*shape), len(shape), code, bits)


def _type_of(dtype: str) -> tuple[int, int]:
    kind = dtype.rstrip("0123456789")
    return _TYPE_CODES[kind], int(dtype[len(kind) :] or 8)


@lru_cache
def crosses(dtype: str | None) -> bool:
    """Whether tensors of this type go through DLPack; older versions of torch refuse some."""
    kind = getattr(torch, dtype or "", None)
    if not isinstance(kind, torch.dtype):
        return False
    try:
        return bool(_from_capsule(torch.empty(1, dtype=kind).__dlpack__()).dtype == kind)
    except (RuntimeError, TypeError, ValueError, BufferError):
        return False
