"""Turns values into stored rows, or says what is wrong with them (shard-format section 7)."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from . import canonical_json
from .dtype import dtype_name, numpy_dtype
from .errors import ZcError
from .limits import DIMENSION_MAX, ROW_BYTES_MAX, refuse_above
from .schema import Field, Schema

Array = npt.NDArray[Any]
_INTEGERS: Final = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


class EncodedRow(NamedTuple):
    """A row in stored form: its bytes, a view of the value where that is possible, and its dimensions."""

    stored: memoryview
    #: Empty where the field has no table ``dims``.
    dims: tuple[int, ...] = ()


def encode_sample(
    schema: Schema, sample: Mapping[str, Any], number: int, *, advice: str | None = None
) -> list[EncodedRow]:
    """The rows of a sample in schema order; ``number`` and ``advice`` are for errors.

    Raises ZC_FORMAT_VALUE for a missing, unknown or wrong field, ZC_FORMAT_LIMIT and ZC_FORMAT_CODEC.
    """
    if not isinstance(sample, Mapping):
        raise ZcError("ZC_FORMAT_VALUE", f"sample {number} is a {type(sample).__name__}, expected a mapping")
    unknown = [name for name in sample if name not in schema.names]
    missing = [name for name in schema.names if name not in sample]
    if unknown or missing:
        what = (
            f"has a field {unknown[0]!r} that the schema lacks" if unknown else f"has no field {missing[0]!r}"
        )
        raise ZcError(
            "ZC_FORMAT_VALUE",
            f"sample {number} {what}",
            advice=advice,
            expected=list(schema.names),
            actual=list(sample),
        )
    return [encode_row(field, sample[field.name], number, advice=advice) for field in schema.fields]


def encode_row(field: Field, value: Any, number: int, *, advice: str | None = None) -> EncodedRow:
    """One value in stored form; see `encode_sample`."""
    if field.codec != "none":
        raise ZcError("ZC_FORMAT_CODEC", f"field {field.name!r} has the codec {field.codec}")
    try:
        row = _encode(field, value)
    except ZcError as error:
        raise ZcError(
            error.code,
            f"row {number} of field {field.name!r}: {error.summary}",
            advice=advice,
            expected=error.expected,
            actual=error.actual,
            field=field.name,
            row=number,
        ) from error
    refuse_above(ROW_BYTES_MAX, row.stored.nbytes, f"the length of row {number} of field {field.name!r}")
    return row


def as_array(value: Any) -> tuple[str | None, Array] | None:
    """An array of any library as one of NumPy, and the format's name of its dtype: copied only from a device.

    It may be of NumPy or torch, or offer ``__dlpack__`` or ``__array_interface__`` (images of Pillow do). The
    name is None for a dtype that the format lacks; the result is None for any other value.
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        if str(tensor.dtype) == "torch.bfloat16":
            return "bfloat16", tensor.view(sys.modules["torch"].int16).numpy().view(np.uint16)
        array: Array = tensor.resolve_conj().resolve_neg().numpy()
        return dtype_name(array.dtype), array
    if not isinstance(value, (np.ndarray, np.generic)):
        value = _exported(value)
        if value is None:
            return None
    array = np.asarray(value)
    # An extension dtype, as of the package ml_dtypes.
    if array.dtype.kind == "V" and array.dtype.name == "bfloat16":
        return "bfloat16", array.view(np.uint16)
    return dtype_name(array.dtype), array


def _exported(value: Any) -> Array | None:
    """The array that an object of another library offers, by DLPack or NumPy's own interface."""
    if isinstance(value, type):
        return None
    if hasattr(value, "__array_interface__"):
        return np.asarray(value)
    if not hasattr(value, "__dlpack__"):
        return None
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError) as error:
        raise _mismatch("an array in the memory of the CPU, of a dtype that NumPy has", error) from error


def _encode(field: Field, value: Any) -> EncodedRow:
    if field.kind == "tensor":
        return _encode_tensor(field, value)
    if field.kind == "bytes":
        return EncodedRow(_bytes_of(value))
    if field.kind == "json":
        return EncodedRow(memoryview(canonical_json.dumps(value)))
    if not isinstance(value, str):
        raise _mismatch("a str", type(value).__name__)
    try:
        return EncodedRow(memoryview(value.encode()))
    except UnicodeEncodeError as error:
        raise _mismatch("well-formed text", "a lone surrogate") from error


def _bytes_of(value: Any) -> memoryview:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype != np.uint8:
        raise _mismatch("bytes, or an array of uint8", f"an array of {value.dtype}")
    try:
        view = memoryview(value)
        return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
    except TypeError:
        raise _mismatch("bytes", type(value).__name__) from None


def _encode_at_once(field: Field, value: Any) -> memoryview | None:
    """The bytes of what is stored as it is, told by few looks at it; None where more of them are needed."""
    kind = type(value)
    if kind is np.ndarray:
        # Elements of bool are looked at one by one.
        fits = value.dtype == field.numpy_dtype and value.shape == field.shape and field.dtype != "bool"
        return value.reshape(-1).view(np.uint8).data if fits and value.flags.c_contiguous else None
    if field.shape == ():
        if isinstance(value, np.generic):
            fits = value.dtype == field.numpy_dtype and dtype_name(value.dtype) == field.dtype
            return memoryview(value.tobytes()) if fits else None
        packing = _PACKINGS.get((kind, field.dtype))
        if packing is not None:
            with suppress(struct.error, OverflowError):
                return memoryview(packing.pack(value))
    return None


#: One number of Python, as the field stores it; what does not fit is told by those who look closer.
_PACKINGS: Final[dict[tuple[type, str | None], struct.Struct]] = {
    **{(int, name): struct.Struct(f"<{code}") for name, code in zip(_INTEGERS, "BbHhIiQq", strict=True)},
    (float, "float32"): struct.Struct("<f"),
    (float, "float64"): struct.Struct("<d"),
}


def _encode_tensor(field: Field, value: Any) -> EncodedRow:
    assert field.dtype is not None, "a tensor field has a dtype"
    assert field.shape is not None, "a tensor field has a shape"
    stored = _encode_at_once(field, value)
    if stored is not None:
        return EncodedRow(stored)
    named = as_array(value)
    if named is None:
        array = _from_python(field.dtype, value)
        if array.size == 0:
            # A list without items says nothing of the dimensions of the items.
            array = array.reshape(array.shape + tuple(size or 0 for size in field.shape[array.ndim :]))
    elif _holds(*named, field.dtype):
        array = named[1]
    elif named[1].ndim == 0:
        # One number may come in a wider type than it needs: it is held to the same range as Python's own.
        array = _from_python(field.dtype, named[1].item())
    else:
        raise _mismatch(field.dtype, f"an array of {named[0] or named[1].dtype}")
    if len(array.shape) != len(field.shape) or not all(
        found == size if size is not None else found <= DIMENSION_MAX
        for found, size in zip(array.shape, field.shape, strict=True)
    ):
        raise _mismatch(f"shape {list(field.shape)}", f"shape {list(array.shape)}")
    dims = tuple(array.shape[axis] for axis in field.ragged_dimensions) if field.stores_dims else ()
    span = field.step_bytes * math.prod(array.shape[axis] or 1 for axis in field.ragged_dimensions)
    refuse_above(ROW_BYTES_MAX, span, "the shape in bytes, its zeros left out,")
    flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    if field.dtype == "bool" and flat.size and flat.max() > 1:
        raise _mismatch("0 or 1", flat.max())
    return EncodedRow(flat.data, dims)


def _holds(name: str | None, array: Array, wanted: str) -> bool:
    """Whether the array's elements are the field's as they are; bool and bfloat16 may come as their bits."""
    bits = {"bool": "uint8", "bfloat16": "uint16"}.get(wanted)
    return (
        name == wanted
        or (name is not None and name == bits and array.ndim > 0)
        or (name == "uint16" and wanted == "bfloat16")
    )


def _from_python(dtype: str, value: Any) -> Array:
    """Numbers and nested lists of them, converted only where no value changes but by rounding."""
    try:
        given = np.array(value)
    except (ValueError, OverflowError) as error:
        raise _mismatch(dtype, f"{type(value).__name__}: {error}") from error
    if dtype == "bfloat16" and given.dtype.kind in "iuf":
        return _to_bfloat16(given.astype(np.float64))
    target = numpy_dtype(dtype)
    if given.size == 0 and given.dtype.kind == "f":
        return given.astype(target)
    allowed = {"b": "biu", "i": "iu", "u": "iu", "f": "iuf", "c": "iufc"}[target.kind]
    if given.dtype.kind not in allowed:
        raise _mismatch(dtype, repr(value)[:80])
    low, high = (0, 1) if target.kind == "b" else _range_of(target)
    if low is not None and given.size and not (low <= int(given.min()) and int(given.max()) <= high):
        raise _mismatch(f"an integer from {low} to {high} ({dtype})", repr(value)[:80])
    with np.errstate(over="ignore"):
        return given.astype(target)


def _to_bfloat16(numbers: Array) -> Array:
    """The nearest bfloat16 bits, ties to even, rounded once from 64 bits."""
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32)
    widened, bits = single.astype(np.float64), single.view(np.uint32)
    # Cut to 32 bits, with what was cut off kept as a last bit of 1: that does not round twice.
    bits = bits - (np.abs(widened) > np.abs(numbers))
    bits |= widened != numbers
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.asarray(np.where(np.isnan(numbers), 0x7FC0, rounded), np.uint16)


def _range_of(target: np.dtype[Any]) -> tuple[int, int] | tuple[None, int]:
    if target.kind not in "iu":
        return None, 0
    info = np.iinfo(target)
    return int(info.min), int(info.max)


def _mismatch(expected: object, actual: object) -> ZcError:
    return ZcError(
        "ZC_FORMAT_VALUE", f"expected {expected}, found {actual}", expected=expected, actual=actual
    )
