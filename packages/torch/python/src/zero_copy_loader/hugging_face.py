"""What a Hugging Face dataset says of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .dtype import NUMPY_DTYPES
from .field import FieldSpec, json, scalar, tensor, text
from .field import bytes as bytes_field

#: Names of Arrow's types that are spelled otherwise here.
_DTYPES: Final = {"float": "float32", "double": "float64", "halffloat": "float16"}


def is_hugging_face(source: Any) -> bool:
    """Whether this is a ``datasets.Dataset`` or ``datasets.IterableDataset``, told without importing it."""
    return hasattr(source, "features") and hasattr(source, "with_format")


def hugging_face_fields(source: Any) -> Mapping[str, FieldSpec]:
    """The fields that the dataset's features tell, with their dtypes and the lengths that differ.

    Columns whose features say too little, such as images, are left to the first sample; and all of them where
    the user has set a format, which has dtypes of its own.
    """
    if (getattr(source, "format", None) or {}).get("type") is not None:
        return {}
    specs = {name: _spec_of(feature) for name, feature in (source.features or {}).items()}
    return {name: spec for name, spec in specs.items() if spec is not None}


def _spec_of(feature: Any) -> FieldSpec | None:
    kind = type(feature).__name__
    if kind == "ClassLabel":
        return scalar("int64")
    if kind == "Value":
        return _spec_of_value(feature.dtype)
    if kind in ("Array2D", "Array3D", "Array4D", "Array5D"):
        dtype = _dtype(feature.dtype)
        return None if dtype is None else tensor(dtype, feature.shape)
    if kind in ("Sequence", "List", "LargeList"):
        shape, element = _nested(feature)
        dtype = _dtype(getattr(element, "dtype", None))
        return json() if dtype is None else tensor(dtype, shape)
    return json() if isinstance(feature, (Mapping, list)) else None


def _spec_of_value(dtype: str) -> FieldSpec | None:
    if dtype in ("string", "large_string"):
        return text()
    if dtype in ("binary", "large_binary"):
        return bytes_field()
    known = _dtype(dtype)
    return None if known is None else scalar(known)


def _nested(feature: Any) -> tuple[list[int | None], Any]:
    """Dimensions and element of lists in lists; None is a length that differs."""
    shape: list[int | None] = []
    while type(feature).__name__ in ("Sequence", "List", "LargeList"):
        length = getattr(feature, "length", -1)
        shape.append(length if length >= 0 else None)
        feature = feature.feature
    return shape, feature


def _dtype(name: str | None) -> str | None:
    name = _DTYPES.get(name or "", name)
    return name if name in NUMPY_DTYPES else None
