"""Element types: the names of the format (section 6) and what NumPy calls them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .errors import ZcError

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

# Without the byte order: writers bring that to little-endian.
_NAMES: Final = {
    dtype.kind + str(dtype.itemsize): name for name, dtype in NUMPY_DTYPES.items() if name != "bfloat16"
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


def dtype_name(dtype: np.dtype[Any]) -> str | None:
    """The format's name for a NumPy dtype; None for one that the format does not have."""
    return _NAMES.get(dtype.kind + str(dtype.itemsize))
