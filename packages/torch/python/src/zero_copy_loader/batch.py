"""What a batch is made of: arrays that lie in the slot, one a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar, overload

import numpy as np
import numpy.typing as npt

from . import canonical_json
from .consumer_clock import ConsumerClock
from .core import GatheredCounts, IterationCounts, StreamCounts
from .errors import ZcError
from .schema import Field

Array = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]
Value = TypeVar("Value")

INT64 = np.dtype("<i8")


class Batch(dict[str, Any]):
    """The fields of a batch by name: a dict like any other.

    ``indices`` holds the samples' numbers in the dataset, ``way`` says how the bytes came here: ``direct``,
    ``copied`` or ``mixed``. A dict made of it by other code has neither.

    The memory is the batch's own, in place changes included, as long as anything made of it lives.
    """

    __slots__ = ("_indices", "way")

    def __init__(
        self, fields: Mapping[str, Any] = {}, /, indices: Any = None, way: str | None = None
    ) -> None:
        super().__init__(fields)
        self._indices = indices
        self.way = way

    @property
    def indices(self) -> Any:
        """The samples' numbers in the dataset."""
        return self._indices

    @indices.setter
    def indices(self, indices: Any) -> None:
        self._indices = indices

    def __reduce__(self) -> tuple[Any, ...]:
        return (Batch, (dict(self), self.indices, self.way))


class Packed:
    """Rows of different lengths, back to back: ``values`` is flat, row i is from ``offsets[i]`` on.

    Example::

        waves, lengths = batch["audio"].padded()
        first = batch["audio"][0]
    """

    def __init__(self, values: Array, offsets: Offsets, shapes: npt.NDArray[np.int64]) -> None:
        """``shapes`` has a row for each sample: the sizes of all its dimensions."""
        self.values = values
        self.offsets = offsets
        self.shapes = shapes

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Array:
        """Row ``row`` in its shape: a view."""
        row = place_in(row, len(self))
        values: Array = self.values[self.offsets[row] : self.offsets[row + 1]]
        shaped: Array = values.reshape(self.shapes[row])
        return shaped

    def __iter__(self) -> Iterator[Array]:
        return (self[row] for row in range(len(self)))

    def padded(self, value: float = 0) -> tuple[Array, npt.NDArray[np.int64]]:
        """All rows in one new array, filled up with ``value``, and the rows' shapes.

        The array's shape is the number of rows and the longest of each dimension. Where a row has one
        dimension, its shape is its length alone: the second array is one number a row.
        """
        size = self.shapes.max(axis=0, initial=0)
        filled = np.full((len(self), *size), value, self.values.dtype)
        for row, (target, values) in enumerate(zip(filled, self, strict=True)):
            target[tuple(map(slice, self.shapes[row]))] = values
        return filled, lengths_of(self.shapes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} rows, {self.values.dtype}, {len(self.values)} values)"


class Rows(Sequence[Value], Generic[Value]):
    """A list whose items are decoded when they are asked for, from bytes that lie in the slot."""

    def __init__(self, data: npt.NDArray[np.uint8], offsets: Offsets) -> None:
        self._data = data
        self._offsets = offsets

    def decode(self, row: memoryview) -> Value:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, row: int) -> Value: ...
    @overload
    def __getitem__(self, row: slice) -> list[Value]: ...
    def __getitem__(self, row: int | slice) -> Value | list[Value]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        row = place_in(row, len(self))
        try:
            return self.decode(self._data[self._offsets[row] : self._offsets[row + 1]].data)
        except (ValueError, RecursionError) as error:
            raise ZcError("ZC_FORMAT_VALUE", f"row {row} of the batch cannot be decoded: {error}") from error

    def __eq__(self, other: object) -> bool:
        return self.tolist() == (other.tolist() if isinstance(other, Rows) else other)

    __hash__ = None  # type: ignore[assignment]

    def tolist(self) -> list[Value]:
        """All items, decoded; unlike this object the list does not keep the slot."""
        return [*self]

    def __repr__(self) -> str:
        return repr(self.tolist())


class BytesRows(Rows[bytes]):
    def decode(self, row: memoryview) -> bytes:
        return bytes(row)


class TextRows(Rows[str]):
    def decode(self, row: memoryview) -> str:
        return str(row, "utf-8")


class JsonRows(Rows[Any]):
    def decode(self, row: memoryview) -> Any:
        return canonical_json.loads(row)


_ROWS: dict[str, type[Rows[Any]]] = {"bytes": BytesRows, "utf8": TextRows, "json": JsonRows}


class BatchMaker(Protocol):
    """Makes whole batches by native calls."""

    def make(self, message: bytes) -> Batch | None:
        """The batch of a message; None where that is to be done field by field."""
        ...

    def taker(
        self,
        control: int,
        place: tuple[int, int],
        counts: IterationCounts,
        clock: ConsumerClock,
        stream: StreamCounts,
    ) -> Callable[[], Batch | None]:
        """Takes the next batch off the socket ``control``, and counts it; None where it has not come.

        ``place``: the loader's number and the iteration's.
        """
        ...


class Outcome(IntEnum):
    """What came of asking for a batch that is gathered ahead (zc_gather_outcome)."""

    TAKEN = 0
    NOT_READY = 1
    NO_SAMPLES = 2
    NO_ROOM = 3
    FAILED = 4


class GatherAhead(Protocol):
    """Batches of samples in turn, gathered before they are asked for."""

    #: The next batch; None where there is none, for the reason that `outcome` gives.
    take: Callable[[], Batch | None]

    def add(self, samples: npt.NDArray[np.int64]) -> None:
        """Samples of further batches: of whole ones, but for the last of all."""
        ...

    def end(self) -> None:
        """Lets go of the batches that were not taken."""
        ...

    @property
    def outcome(self) -> Outcome: ...


class WholeBatches(Protocol):
    """Gathers the samples of a dataset batch by batch, all fields by one native call."""

    def add(self, shard: int, handle: int, regions: Sequence[int]) -> bool:
        """Gathers from that map, too: ``regions`` is where each field begins. False where it cannot be."""
        ...

    def clear(self) -> None:
        """Gathers from no shard any more."""
        ...

    def gather(self, indices: Any) -> Batch | None:
        """The samples; None where they are not all in shards that were added."""
        ...

    def ahead(
        self,
        batch_samples: int,
        ahead: int,
        lent_max: int,
        counts: IterationCounts,
        clock: ConsumerClock,
        gathered: GatheredCounts,
    ) -> GatherAhead | None:
        """Gathers batches before they are asked for, of which at most ``lent_max`` live at a time.

        None where no thread can be had for that.
        """
        ...


class FieldView:
    """Makes the value of one field of a batch out of its place in the slot. Copies nothing."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.name = field.name
        self._dtype = field.numpy_dtype
        self._row_shape = tuple(size or 0 for size in field.shape or ())
        self._fixed = field.fixed

    @classmethod
    def batch_maker(cls, views: Sequence[FieldView], segments: Any) -> BatchMaker | None:  # noqa: ARG003
        """What makes whole batches at once, where all of these views' values can be made so.

        ``segments``: the native core's table of the memory that batches lie in.
        """
        return None

    @classmethod
    def whole_batches(cls, views: Sequence[FieldView], ends: Sequence[int]) -> WholeBatches | None:  # noqa: ARG003
        """The same for a dataset's samples: sample i lies in the first shard whose end is above i."""
        return None

    def make(self, memory: Any, samples: int, offset: int, length: int, tables: int) -> Any:
        """The field's value: an array over exactly its bytes, `Packed`, or `Rows`."""
        if self._fixed:
            return self.fixed(self._row_shape, memory, samples, offset)
        offsets = np.ndarray((samples + 1,), INT64, memory, tables)
        values = np.ndarray((length // self._dtype.itemsize,), self._dtype, memory, offset)
        if self.field.kind != "tensor":
            return _ROWS[self.field.kind](values, offsets)
        return Packed(values, offsets, self._shapes(memory, tables, offsets))

    def fixed(self, row_shape: tuple[int, ...], memory: Any, samples: int, offset: int) -> Any:
        """Rows of one shape, back to back."""
        return np.ndarray((samples, *row_shape), self._dtype, memory, offset)

    def indices(self, memory: Any, samples: int, offset: int) -> Any:
        """The samples' numbers, which lie in the slot too."""
        return np.ndarray((samples,), INT64, memory, offset)

    def numbers(self, indices: npt.NDArray[np.int64]) -> Any:
        """The samples' numbers, from an array of them."""
        return indices

    def rows(self, value: Any) -> Sequence[Any]:
        """The rows of what `make` made: views of it, or values of their own."""
        return value.tolist() if isinstance(value, Rows) else [*value]

    def _shapes(self, memory: Any, tables: int, offsets: Offsets) -> npt.NDArray[np.int64]:
        field, samples = self.field, len(offsets) - 1
        shapes = np.empty((samples, len(self._row_shape)), INT64)
        shapes[:] = self._row_shape
        ragged = field.ragged_dimensions
        if field.stores_dims:
            stored = (samples, len(ragged))
            shapes[:, ragged] = np.ndarray(stored, INT64, memory, tables + offsets.nbytes)
        else:
            shapes[:, ragged[0]] = np.diff(offsets) // (field.step_bytes // field.element_bytes)
        return shapes


def lengths_of(shapes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows' shapes; of rows with one dimension their lengths, as a flat array."""
    return shapes[:, 0] if shapes.shape[1] == 1 else shapes


def place_in(row: int, rows: int) -> int:
    """A row's number from the front. Raises IndexError, by which a for-loop over a sequence ends."""
    if not -rows <= row < rows:
        raise IndexError(f"row {row} of {rows}")
    return row + rows if row < 0 else row
