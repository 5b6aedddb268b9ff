"""How a writer's schema is spelled: ``schema={"image": zc.tensor("uint8", [224, 224, 3])}``.

The words are those of TypeScript's ``field``. Each function gives a description; a writer resolves it to the
file's ``Field`` with every default filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .errors import ZcError
from .schema import Schema

FieldSpec = dict[str, Any]
Checksum = Literal["row", "block"]


def tensor(
    dtype: str,
    shape: Sequence[int | None],
    *,
    checksum: Checksum | None = None,
    row_align: int | None = None,
) -> FieldSpec:
    """A tensor field; None in ``shape`` is a dimension that differs from sample to sample.

    ``row_align`` (bytes, a power of two) is for ragged shapes only.
    """
    return {
        "kind": "tensor",
        "dtype": dtype,
        "shape": list(shape),
        "checksum": checksum,
        "rowAlign": row_align,
    }


def scalar(dtype: str) -> FieldSpec:
    """One number a sample."""
    return tensor(dtype, [])


def bytes(  # noqa: A001 (the word of the format)
    *, media_type: str | None = None, checksum: Checksum | None = None, row_align: int | None = None
) -> FieldSpec:
    """Bytes of any length; ``media_type`` says what one row is, for example ``image/jpeg``."""
    return {"kind": "bytes", "mediaType": media_type, "checksum": checksum, "rowAlign": row_align}


def text(*, checksum: Checksum | None = None) -> FieldSpec:
    """A string, stored as UTF-8."""
    return {"kind": "utf8", "checksum": checksum}


def json(*, checksum: Checksum | None = None) -> FieldSpec:
    """Any JSON value, stored as canonical JSON."""
    return {"kind": "json", "checksum": checksum}


def define_schema(
    fields: Mapping[str, FieldSpec], *, main: str | None = None, metadata: Mapping[str, str] | None = None
) -> Schema:
    """Resolves descriptions to a schema. Raises ZC_FORMAT_SCHEMA and ZC_FORMAT_LIMIT.

    Example::

        schema = define_schema({"audio": tensor("int16", [None]), "label": scalar("int32")})
    """
    for name, spec in fields.items():
        if not isinstance(spec, dict) or "kind" not in spec:
            raise ZcError(
                "ZC_FORMAT_SCHEMA",
                f"field {name!r} is described by {spec!r}",
                advice='Describe a field as zc.tensor("uint8", [224, 224, 3]) does, or zc.scalar or zc.text.',
            )
    return Schema.resolve([{"name": name, **spec} for name, spec in fields.items()], main, metadata)
