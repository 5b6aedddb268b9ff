"""Random schemas and samples that fit them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from zero_copy_loader import Field, Schema, define_schema, field, tensor, text
from zero_copy_loader.dtype import NUMPY_DTYPES
from zero_copy_loader.field import FieldSpec

_names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
_surrogates: Literal["Cs"] = "Cs"
_checksums = st.sampled_from([None, "row", "block"])
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=(_surrogates,)), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def specs(draw: st.DrawFn) -> FieldSpec:
    kind = draw(st.sampled_from(["tensor", "tensor", "tensor", "bytes", "utf8", "json"]))
    checksum: Any = draw(_checksums)
    if kind == "utf8":
        return text(checksum=checksum)
    if kind == "json":
        return field.json(checksum=checksum)
    align = draw(st.sampled_from([None, 8, 64, 4096]))
    if kind == "bytes":
        return field.bytes(
            media_type=draw(st.none() | st.just("image/png")), checksum=checksum, row_align=align
        )
    shape = draw(st.lists(st.none() | st.integers(1, 5), max_size=3))
    return tensor(
        draw(st.sampled_from(list(NUMPY_DTYPES))),
        shape,
        checksum=checksum,
        row_align=align if None in shape else None,
    )


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    named = draw(st.dictionaries(_names, specs(), min_size=1, max_size=4))
    main = draw(st.none() | st.sampled_from(sorted(named)))
    metadata = draw(st.dictionaries(st.text("kv", max_size=4), st.text("é😀", max_size=4), max_size=2))
    return define_schema(named, main=main, metadata=metadata)


def values(spec: Field) -> st.SearchStrategy[Any]:
    """Values of one field; of tensors any bits at all, NaNs of every kind among them."""
    if spec.kind == "bytes":
        return st.binary(max_size=300)
    if spec.kind == "utf8":
        return st.text(st.characters(exclude_categories=(_surrogates,)), max_size=40)
    if spec.kind == "json":
        return _json
    return _tensors(spec)


def samples_of(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({each.name: values(each) for each in schema.fields})


@st.composite
def _tensors(draw: st.DrawFn, spec: Field) -> Any:
    shape = [draw(st.integers(0, 6)) if size is None else size for size in spec.shape or ()]
    seed = draw(st.integers(0, 2**32 - 1))
    bits = np.random.default_rng(seed).integers(0, 256, int(np.prod(shape, dtype=int)) * spec.element_bytes)
    raw = (bits % 2 if spec.dtype == "bool" else bits).astype(np.uint8)
    return raw.view(spec.numpy_dtype).reshape(shape)
