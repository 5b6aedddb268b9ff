"""A schema from the first sample, for writers that were given none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .encode import as_array
from .errors import ZcError
from .field import FieldSpec, define_schema, json, scalar, tensor, text
from .field import bytes as bytes_field
from .schema import Schema


def infer_schema(
    sample: Mapping[str, Any],
    *,
    known: Mapping[str, FieldSpec] | None = None,
    main: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Schema:
    """The schema that a sample's values suggest.

    Arrays and tensors keep dtype and shape; bool, int and float become scalars of bool, int64 and float64;
    str is text; bytes are bytes; dicts, lists and None are JSON. Ragged dimensions cannot be seen in one
    sample: give a schema for those. Of fields that are ``known`` the sample is not asked. Raises
    ZC_FORMAT_SCHEMA.
    """
    if not isinstance(sample, Mapping):
        raise ZcError(
            "ZC_FORMAT_SCHEMA",
            f"the first sample is a {type(sample).__name__}, expected a mapping of field names to values",
            advice='Give each value a name, for example {"image": image, "label": label}.',
        )
    known = known or {}
    specs = {name: known.get(name) or _spec_of(name, value) for name, value in sample.items()}
    return define_schema(specs, main=main, metadata=metadata)


def _spec_of(name: str, value: Any) -> FieldSpec:
    if not isinstance(name, str):
        raise ZcError(
            "ZC_FORMAT_SCHEMA",
            f"the first sample's field name {name!r} is of type {type(name).__name__}, expected a str",
            advice=f"Call it {str(name)!r}, for example.",
        )
    # NumPy's own text is a str too.
    named = None if isinstance(value, str) else as_array(value)
    if named is not None:
        dtype, array = named
        if dtype is None or 0 in array.shape:
            raise ZcError(
                "ZC_FORMAT_SCHEMA",
                f"the first sample's field {name!r} is an array of {array.dtype} "
                f"with shape {list(array.shape)}",
                advice=f'Convert it, or give schema={{{name!r}: zc.tensor("float32", [None]), …}}.',
            )
        return tensor(dtype, array.shape)
    for types, spec in (
        (bool, scalar("bool")),
        (int, scalar("int64")),
        (float, scalar("float64")),
        (complex, scalar("complex64")),
        (str, text()),
        ((bytes, bytearray, memoryview), bytes_field()),
        ((dict, list, tuple, type(None)), json()),
    ):
        if isinstance(value, types):
            return spec
    raise ZcError(
        "ZC_FORMAT_SCHEMA",
        f"the first sample's field {name!r} is of type {type(value).__name__}",
        advice="Convert it to an array (np.asarray), a number, text, bytes or JSON, or leave it out.",
    )
