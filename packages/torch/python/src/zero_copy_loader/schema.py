"""What a sample consists of: fields, their kinds, dtypes and shapes (shard-format section 6)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from . import canonical_json
from .dtype import numpy_dtype
from .errors import ZcError
from .limits import (
    BLOCK_BYTES,
    DIMENSION_MAX,
    DIMENSIONS_MAX,
    FIELD_NAME_BYTES_MAX,
    FIELDS_MAX,
    METADATA_BYTES_MAX,
    ROW_BYTES_MAX,
    SAFE_INTEGER_MAX,
    refuse_above,
)

Kind = Literal["tensor", "bytes", "utf8", "json"]

#: From this row size on a fixed field has a checksum for each row.
ROW_CHECKSUM_BYTES_MIN = 1024
#: From this row size on a fixed field is the main one before any variable field.
MAIN_ROW_BYTES_MIN = 4096


@dataclass(frozen=True)
class Field:
    """One field with every default resolved: exactly what the file records.

    ``shape`` holds None for a ragged dimension and is None for kinds other than ``tensor``; ``row_align`` is
    None for fixed fields.
    """

    name: str
    kind: Kind
    checksum: Literal["row", "block"]
    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None
    media_type: str | None = None
    codec: Literal["none", "zstd"] = "none"
    codec_library: str | None = None
    codec_level: int | None = None
    row_align: int | None = None

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype of a row's array: uint8 for kinds without one."""
        return np.dtype("u1") if self.dtype is None else numpy_dtype(self.dtype)

    @cached_property
    def element_bytes(self) -> int:
        return self.numpy_dtype.itemsize

    @cached_property
    def ragged_dimensions(self) -> tuple[int, ...]:
        """Where in ``shape`` the ragged dimensions are."""
        return tuple(axis for axis, size in enumerate(self.shape or ()) if size is None)

    @cached_property
    def fixed(self) -> bool:
        """Whether rows lie densely at ``row_bytes`` each (section 7)."""
        return self.kind == "tensor" and not self.ragged_dimensions and self.codec == "none"

    @cached_property
    def step_bytes(self) -> int:
        """Bytes of a row whose ragged dimensions are all 1; of a row of a fixed field, its bytes."""
        return self.element_bytes * math.prod(size for size in self.shape or () if size is not None)

    @cached_property
    def dims_per_row(self) -> int:
        """Entries that a row has in the table ``dims``; 0 where the field has none (section 7.3)."""
        ragged = len(self.ragged_dimensions)
        if self.codec == "none":
            return ragged if ragged > 1 else 0
        return ragged if self.kind == "tensor" else 1

    @cached_property
    def stores_dims(self) -> bool:
        """Whether the shard has a table ``dims`` for the field."""
        return self.dims_per_row > 0

    @cached_property
    def decoded(self) -> Field:
        """The field as batches have it, with its rows decoded; itself where it has no codec."""
        if self.codec == "none":
            return self
        return replace(self, codec="none", codec_library=None, codec_level=None)

    def to_json(self) -> dict[str, Any]:
        named = {
            "name": self.name,
            "kind": self.kind,
            "dtype": self.dtype,
            "mediaType": self.media_type,
            "codec": self.codec,
            "codecLibrary": self.codec_library,
            "codecLevel": self.codec_level,
            "rowAlign": self.row_align,
            "checksum": self.checksum,
        }
        present = {key: value for key, value in named.items() if value is not None}
        return present if self.shape is None else {**present, "shape": list(self.shape)}


@dataclass(frozen=True)
class Schema:
    """The fields of every sample, in order; ``main`` is the one whose region comes first in a shard."""

    fields: tuple[Field, ...]
    main: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fields)

    def __getitem__(self, name: str) -> Field:
        for each in self.fields:
            if each.name == name:
                return each
        raise ZcError("ZC_ARGUMENT", f"there is no field {name!r}; there are {', '.join(self.names)}")

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"fields": [each.to_json() for each in self.fields], "main": self.main}
        return {**plain, "metadata": dict(self.metadata)} if self.metadata else plain

    @classmethod
    def resolve(
        cls,
        specs: Sequence[Mapping[str, Any]],
        main: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Schema:
        """Makes a schema from fields in the file's own words, with the defaults of section 6 filled in."""
        try:
            fields = tuple(_parse_field(_with_defaults(spec)) for spec in specs)
        except (TypeError, OverflowError) as error:
            raise ZcError("ZC_FORMAT_SCHEMA", f"a field is not well described: {error}") from error
        plain = [each.to_json() for each in fields]
        chosen = main if main is not None else _default_main(fields) if fields else ""
        return cls.from_json({"fields": plain, "main": chosen, "metadata": dict(metadata or {})})

    @classmethod
    def from_json(cls, value: object, path: str | None = None) -> Schema:
        """Checks a schema that was read and makes it typed. Raises ZC_FORMAT_SCHEMA and ZC_FORMAT_LIMIT."""
        try:
            return cls(*_parse_schema(value))
        except ZcError as error:
            if path is None or error.path is not None:
                raise
            raise ZcError(
                error.code, error.summary, path=path, expected=error.expected, actual=error.actual
            ) from None


def _with_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    resolved = {"codec": "none", **{key: value for key, value in spec.items() if value is not None}}
    kind, shape, dtype = resolved.get("kind"), resolved.get("shape"), resolved.get("dtype")
    ragged = isinstance(shape, (list, tuple)) and None in shape
    element_bytes = 1 if dtype is None or resolved["codec"] != "none" else numpy_dtype(dtype).itemsize
    if kind == "tensor" and not ragged and resolved["codec"] == "none":
        if "rowAlign" in resolved:
            raise _schema_error(
                f"field {resolved.get('name')!r} has dense rows, which take no rowAlign", spec
            )
        row_bytes = element_bytes * math.prod(shape or ())
        resolved.setdefault("checksum", "row" if row_bytes >= ROW_CHECKSUM_BYTES_MIN else "block")
    else:
        tokens = kind == "tensor" and len(shape or ()) == 1 and ragged and dtype in ("uint16", "uint32")
        resolved.setdefault("checksum", "block" if tokens or kind in ("utf8", "json") else "row")
        resolved.setdefault("rowAlign", element_bytes)
    return resolved


def _default_main(fields: Sequence[Field]) -> str:
    fixed = [each for each in fields if each.fixed]
    variable = [each for each in fields if not each.fixed]
    # max() gives the first of equals.
    widest = max(fixed, key=lambda each: each.step_bytes, default=None)
    if widest is not None and widest.step_bytes >= MAIN_ROW_BYTES_MIN:
        return widest.name
    media = [each for each in variable if each.kind not in ("json", "utf8")]
    first = next(iter([*media, *variable]), widest)
    return first.name if first is not None else ""


def _parse_schema(value: object) -> tuple[tuple[Field, ...], str, dict[str, str]]:
    if not isinstance(value, dict):
        raise _schema_error("the schema is not an object", value)
    listed = value.get("fields")
    if not isinstance(listed, list) or not listed:
        raise _schema_error("the schema has no list of fields", listed)
    refuse_above(FIELDS_MAX, len(listed), "the number of fields")
    fields = tuple(_parse_field(each) for each in listed)
    names = [each.name for each in fields]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _schema_error(f"two fields have the name {twice!r}", twice)
    main = value.get("main")
    if main not in names:
        raise _schema_error(f"the main field {main!r} is none of the fields", main)
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(text, str) for pair in metadata.items() for text in pair
    ):
        raise _schema_error("the metadata is not an object of strings", metadata)
    for text in (text for pair in metadata.items() for text in pair):
        _demand_well_formed(text, "the metadata")
    refuse_above(METADATA_BYTES_MAX, len(canonical_json.dumps(metadata)), "the length of the metadata")
    return fields, main, metadata


def _parse_field(value: object) -> Field:
    if not isinstance(value, dict):
        raise _schema_error("a field is not an object", value)
    name = _parse_name(value.get("name"))
    kind, codec, checksum = (
        _one_of(value.get(key), allowed, f"{key} of field {name!r}")
        for key, allowed in (
            ("kind", ("tensor", "bytes", "utf8", "json")),
            ("codec", ("none", "zstd")),
            ("checksum", ("row", "block")),
        )
    )
    _refuse_misplaced(value, kind, codec, name)
    parsed = Field(
        name=name,
        kind=kind,
        checksum=checksum,
        dtype=_parse_dtype(value.get("dtype"), name) if kind == "tensor" else None,
        shape=_parse_shape(value.get("shape"), name) if kind == "tensor" else None,
        media_type=_string_or_none(value, "mediaType", name) if kind == "bytes" else None,
        codec=codec,
        codec_library=_string_or_none(value, "codecLibrary", name) if codec == "zstd" else None,
        codec_level=value.get("codecLevel") if codec == "zstd" else None,
    )
    if codec == "zstd" and (parsed.codec_library is None or not _is_integer(parsed.codec_level)):
        raise _schema_error(f"field {name!r} does not say what compressed it", value)
    refuse_above(ROW_BYTES_MAX, parsed.step_bytes, f"the bytes of the fixed dimensions of field {name!r}")
    if parsed.fixed:
        if "rowAlign" in value:
            raise _schema_error(f"field {name!r} has dense rows, which take no rowAlign", value)
        return parsed
    return replace(parsed, row_align=_parse_row_align(value.get("rowAlign"), parsed))


def _refuse_misplaced(value: dict[str, Any], kind: str, codec: str, name: str) -> None:
    """A key in a field that does not take it would say something that does not hold."""
    takes = {
        "dtype": kind == "tensor",
        "shape": kind == "tensor",
        "mediaType": kind == "bytes",
        "codecLibrary": codec == "zstd",
        "codecLevel": codec == "zstd",
    }
    for key, is_taken in takes.items():
        if key in value and not is_taken:
            raise _schema_error(f"field {name!r} takes no {key}", value[key])


def _parse_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise _schema_error("a field has no name", name)
    _demand_well_formed(name, "a field name")
    refuse_above(FIELD_NAME_BYTES_MAX, len(name.encode()), f"the length of the field name {name[:40]!r}")
    if re.search(r"[\x00-\x1f\x7f]", name):
        raise _schema_error(f"the field name {name!r} holds a control character", name)
    return name


def _parse_dtype(dtype: object, name: str) -> str:
    if not isinstance(dtype, str):
        raise _schema_error(f"field {name!r} has no dtype", dtype)
    numpy_dtype(dtype)
    return dtype


def _parse_shape(shape: object, name: str) -> tuple[int | None, ...]:
    if not isinstance(shape, (list, tuple)):
        raise _schema_error(f"field {name!r} has no shape", shape)
    refuse_above(DIMENSIONS_MAX, len(shape), f"the number of dimensions of field {name!r}")
    for size in shape:
        if size is not None and (not _is_integer(size) or size < 1):
            raise _schema_error(
                f"field {name!r} has the dimension {size!r}, expected 1 or more, or null", size
            )
        refuse_above(DIMENSION_MAX, size or 0, f"a dimension of field {name!r}")
    return tuple(shape)


def _parse_row_align(align: object, parsed: Field) -> int:
    least = parsed.element_bytes if parsed.codec == "none" else 1
    if (
        isinstance(align, int)
        and _is_integer(align)
        and least <= align <= BLOCK_BYTES
        and not align & (align - 1)
    ):
        return align
    raise _schema_error(
        f"the rowAlign of field {parsed.name!r} is {align!r}, "
        f"expected a power of two from {least} to {BLOCK_BYTES}",
        align,
    )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE_INTEGER_MAX


def _one_of(value: object, allowed: tuple[str, ...], what: str) -> Any:
    if value not in allowed:
        raise _schema_error(f"the {what} is {value!r}, expected {' or '.join(allowed)}", value)
    return value


def _string_or_none(field: dict[str, Any], key: str, name: str) -> str | None:
    if key not in field:
        return None
    value = field[key]
    if not isinstance(value, str):
        raise _schema_error(f"the {key} of field {name!r} is {value!r}, expected a string", value)
    _demand_well_formed(value, f"the {key} of field {name!r}")
    return value


def _demand_well_formed(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _schema_error(f"{what} holds a lone surrogate", text) from None


def _schema_error(summary: str, actual: object) -> ZcError:
    return ZcError("ZC_FORMAT_SCHEMA", summary, actual=actual)
