"""Element types: the names of the format (section 6) and what NumPy calls them."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np

from .errors import ZcError

DTypeName = Literal[
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "complex64",
]

#: NumPy has no bfloat16: its bits come as uint16.
NUMPY_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "bool": np.dtype("?"),
    "uint8": np.dtype("u1"),
    "int8": np.dtype("i1"),
    "uint16": np.dtype("<u2"),
    "int16": np.dtype("<i2"),
    "uint32": np.dtype("<u4"),
    "int32": np.dtype("<i4"),
    "uint64": np.dtype("<u8"),
    "int64": np.dtype("<i8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "bfloat16": np.dtype("<u2"),
    "complex64": np.dtype("<c8"),
}


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype that holds elements of the format's dtype ``name``."""
    try:
        return NUMPY_DTYPES[name]
    except (KeyError, TypeError):
        raise ZcError(
            "ZC_FORMAT_SCHEMA",
            f"{name!r} is no dtype; there are {', '.join(NUMPY_DTYPES)}",
            expected=list(NUMPY_DTYPES),
            actual=name,
        ) from None


def dtype_name(dtype: np.dtype[Any]) -> DTypeName | None:
    """The format's name for a NumPy dtype; None for one that the format does not have."""
    little = dtype.newbyteorder("<")
    for name, known in NUMPY_DTYPES.items():
        if known == little and name != "bfloat16":
            return name  # type: ignore[return-value]
    return None
