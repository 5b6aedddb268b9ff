from __future__ import annotations

from typing import Any

import pytest

from zero_copy_loader import Schema, ZcError, define_schema, field, scalar, tensor, text


def test_defaults_are_resolved_as_section_6_says() -> None:
    schema = define_schema(
        {
            "image": tensor("uint8", [224, 224, 3]),
            "label": scalar("int32"),
            "tokens": tensor("uint16", [None]),
            "audio": tensor("int16", [None]),
            "caption": text(),
            "meta": field.json(),
            "photo": field.bytes(media_type="image/jpeg"),
        }
    )
    assert schema.main == "image"
    resolved = {each.name: (each.checksum, each.row_align) for each in schema.fields}
    assert resolved == {
        "image": ("row", None),
        "label": ("block", None),
        "tokens": ("block", 2),
        "audio": ("row", 2),
        "caption": ("block", 1),
        "meta": ("block", 1),
        "photo": ("row", 1),
    }


@pytest.mark.parametrize(
    ("fields", "main"),
    [
        ({"a": scalar("int8"), "b": tensor("uint8", [4096])}, "b"),
        ({"a": tensor("uint8", [4096]), "b": tensor("int8", [4096])}, "a"),
        ({"a": tensor("uint8", [4095]), "b": text(), "c": field.bytes()}, "c"),
        ({"a": scalar("int8"), "b": text(), "c": field.json()}, "b"),
        ({"a": scalar("int8"), "b": scalar("int32"), "c": scalar("float32")}, "b"),
    ],
)
def test_default_main_field(fields: dict[str, Any], main: str) -> None:
    assert define_schema(fields).main == main


def test_schema_survives_json() -> None:
    schema = define_schema({"x": tensor("bfloat16", [None, 3], row_align=64)}, metadata={"license": "CC0"})
    assert Schema.from_json(schema.to_json()) == schema


def _field(**changes: Any) -> dict[str, Any]:
    plain = {
        "name": "x",
        "kind": "tensor",
        "dtype": "uint8",
        "shape": [None],
        "codec": "none",
        "checksum": "row",
        "rowAlign": 1,
        **changes,
    }
    return {
        "fields": [{key: value for key, value in plain.items() if value is not ...}],
        "main": plain["name"],
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"fields": [], "main": "x"},
        {**_field(), "main": "y"},
        {**_field(), "metadata": {"a": 1}},
        {"fields": _field()["fields"] * 2, "main": "x"},
        _field(name=""),
        _field(name="a\nb"),
        _field(name="\ud800"),
        _field(kind="image"),
        _field(dtype="float8"),
        _field(dtype=...),
        _field(dtype=[]),
        _field(shape=...),
        _field(shape=[0]),
        _field(shape=[True]),
        _field(shape=[1.5]),
        _field(codec="lz4"),
        _field(codec=[]),
        _field(codec="zstd"),
        _field(checksum=...),
        _field(rowAlign=...),
        _field(rowAlign=3),
        _field(rowAlign=8192),
        _field(rowAlign=2, dtype="float32"),
        _field(kind="bytes", mediaType=3),
    ],
)
def test_a_bad_schema_is_refused(value: object) -> None:
    with pytest.raises(ZcError) as caught:
        Schema.from_json(value, "a.zcs")
    assert (caught.value.code, caught.value.path) == ("ZC_FORMAT_SCHEMA", "a.zcs")


@pytest.mark.parametrize(
    "value",
    [
        {"fields": [_field(name=f"f{i}")["fields"][0] for i in range(1025)], "main": "f0"},
        _field(name="é" * 65),
        _field(shape=[None] * 17),
        _field(shape=[2**32, None]),
        _field(shape=[2**30 + 1]),
        {**_field(), "metadata": {"a": "x" * 2**20}},
    ],
)
def test_a_schema_beyond_a_limit_is_refused(value: object) -> None:
    with pytest.raises(ZcError) as caught:
        Schema.from_json(value)
    assert caught.value.code == "ZC_FORMAT_LIMIT"


def test_row_align_of_dense_rows_is_refused() -> None:
    with pytest.raises(ZcError, match="rowAlign"):
        define_schema({"x": tensor("uint8", [3], row_align=64)})


def test_a_field_described_by_something_else_says_how() -> None:
    with pytest.raises(ZcError, match=r"zc\.tensor"):
        define_schema({"x": "uint8"})  # type: ignore[dict-item]
