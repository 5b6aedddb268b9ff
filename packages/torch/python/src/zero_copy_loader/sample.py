"""One sample as read-only views of the mapped shard."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import ZcError

if TYPE_CHECKING:
    from .shard import Shard


class Sample(Mapping[str, Any]):
    """A mapping from field names to values that share memory with the file.

    Tensors are read-only NumPy arrays, ``bytes`` a read-only memoryview; scalars, ``utf8`` and ``json`` are
    ordinary Python or NumPy values. A field is read, and checked if it is the first time, when it is asked
    for. The views keep the map alive, whatever becomes of the dataset; they end with their last reference.

    Where the schema has one field, the sample stands for that field's row in NumPy (``np.asarray(sample)``)
    and, from Python 3.12 on, offers the buffer protocol (``memoryview(sample)``).

    Raises ZC_FORMAT_CHECKSUM and ZC_IO_POISONED when a field is asked for. Pickled, it becomes a dict of
    copies.
    """

    __slots__ = ("_row", "_shard", "_values")

    def __init__(self, shard: Shard, row: int) -> None:
        self._shard = shard
        self._row = row
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self._shard.mapped.check()
        try:
            return self._values[name]
        except KeyError:
            # A KeyError where there is no such field: that is what a mapping owes.
            value = self._values[name] = self._shard.columns[name].value(self._row, copy=False)
            return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._shard.columns)

    def __len__(self) -> int:
        return len(self._shard.columns)

    def __contains__(self, name: object) -> bool:
        return name in self._shard.columns

    def __repr__(self) -> str:
        return f"<Sample {self._row} of {self._shard.path}: {', '.join(self)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (dict, (self.copy(),))

    def copy(self) -> dict[str, Any]:
        """The sample as a dict of values of its own, as ``dataset[i]`` gives it."""
        return {name: column.value(self._row, copy=True) for name, column in self._shard.columns.items()}

    def array(self, field: str | None = None) -> npt.NDArray[Any]:
        """The stored row of a field as a read-only view: a tensor as it is, else its bytes as uint8.

        ``field`` may be left out where the schema has one field.
        """
        columns = self._shard.columns
        if field is None:
            if len(columns) != 1:
                raise ZcError(
                    "ZC_ARGUMENT",
                    f"the sample has {len(columns)} fields: {', '.join(columns)}",
                    path=self._shard.path,
                    advice='Say which one, for example to_numpy(sample, field="image").',
                )
            field = next(iter(columns))
        if field not in columns:
            raise ZcError("ZC_ARGUMENT", f"there is no field {field!r}; there are {', '.join(columns)}")
        return columns[field].array(self._row)

    def __dlpack__(self, **options: Any) -> Any:
        """The only field by DLPack, read-only; ZC_ARGUMENT where there are several: take ``sample[name]``."""
        return self.array().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array().__dlpack_device__()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        view = self.array()
        if copy is False and dtype is not None and view.dtype != np.dtype(dtype):
            raise ValueError(f"a view of {view.dtype} cannot become {np.dtype(dtype)} without a copy")
        if copy:
            return np.array(view, dtype=dtype)
        return np.asarray(view, dtype=dtype)

    if sys.version_info >= (3, 12):

        def __buffer__(self, flags: int) -> memoryview:
            return memoryview(self.array())


def to_numpy(
    sample: Mapping[str, Any] | npt.NDArray[Any],
    dtype: npt.DTypeLike | None = None,
    shape: int | Sequence[int] | None = None,
    field: str | None = None,
) -> npt.NDArray[Any]:
    """One field of a sample as a NumPy array that shares its memory: nothing is copied.

    Of a `Sample` the array is read-only and lies in the mapped shard, which it keeps alive. ``dtype`` must be
    the field's own, but for raw bytes (``bytes``, or uint8), which are seen as the dtype that is asked for.
    ``shape`` must hold as many elements. ``field`` may be left out where there is one.

    Raises ZC_ARGUMENT where dtype, shape or field do not fit.

    Example::

        array = to_numpy(dataset.get_sample(0), dtype=np.float32, shape=(224, 224, 3))
    """
    if isinstance(sample, Sample):
        array = sample.array(field)
    elif isinstance(sample, np.ndarray):
        array = sample
    else:
        array = _array_of(sample, field)
    if dtype is not None and array.dtype != np.dtype(dtype):
        array = _reinterpret(array, np.dtype(dtype))
    if shape is None:
        return array
    try:
        reshaped = array.reshape(shape)
    except (ValueError, TypeError) as error:
        raise ZcError(
            "ZC_ARGUMENT",
            f"an array of shape {list(array.shape)} has no view of shape {shape}: {error}",
            expected=shape,
            actual=array.shape,
        ) from error
    if not np.may_share_memory(array, reshaped) and array.size:
        raise ZcError("ZC_ARGUMENT", f"the array is not contiguous: shape {shape} needs a copy")
    return reshaped


def _array_of(sample: Mapping[str, Any], field: str | None) -> npt.NDArray[Any]:
    if field is None:
        if len(sample) != 1:
            raise ZcError("ZC_ARGUMENT", f"the sample has {len(sample)} fields: {', '.join(sample)}")
        field = next(iter(sample))
    if field not in sample:
        raise ZcError("ZC_ARGUMENT", f"there is no field {field!r}; there are {', '.join(sample)}")
    value = sample[field]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return np.frombuffer(value, np.uint8)
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    raise ZcError("ZC_ARGUMENT", f"field {field!r} holds a {type(value).__name__}, which is no array")


def _reinterpret(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if array.dtype != np.uint8:
        raise ZcError(
            "ZC_ARGUMENT",
            f"the field holds {array.dtype}, not {dtype}: another dtype needs a copy",
            expected=str(dtype),
            actual=str(array.dtype),
            advice="Leave dtype out and convert the result with astype().",
        )
    try:
        return array.reshape(-1).view(dtype)
    except (ValueError, TypeError) as error:
        raise ZcError("ZC_ARGUMENT", f"{array.size} bytes are no array of {dtype}: {error}") from error
