"""The golden shards that TypeScript made: read to the last bit, and written again to the last byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.compare import assert_same_value
from zero_copy_loader import Dataset, Field, Schema, ShardWriter, field, scalar, tensor, text
from zero_copy_loader.dtype import numpy_dtype
from zero_copy_loader.field import FieldSpec, define_schema
from zero_copy_loader.shard import Shard

GOLDEN = Path(__file__).parents[3] / "format" / "test" / "golden"
LISTED: list[dict[str, Any]] = json.loads((GOLDEN / "golden.json").read_text()) if GOLDEN.is_dir() else []

pytestmark = pytest.mark.skipif(not LISTED, reason="the golden shards are only in a checkout")
each_golden = pytest.mark.parametrize("golden", LISTED, ids=[each["file"] for each in LISTED])


def _value_of(spec: Field, told: Any) -> Any:
    """A value as golden.json spells it: tensors and bytes in hex, 64-bit integers as text."""
    if spec.kind == "bytes":
        return bytes.fromhex(told["hex"])
    if spec.kind != "tensor":
        return told
    if isinstance(told, dict):
        assert told["dtype"] == spec.dtype
        raw = np.frombuffer(bytes.fromhex(told["hex"]), numpy_dtype(told["dtype"]))
        return raw.reshape(told["shape"])
    if isinstance(told, str):
        return int(told)
    return complex(*told) if spec.dtype == "complex64" else told


def _samples_of(golden: dict[str, Any], schema: Schema) -> list[dict[str, Any]]:
    return [
        {each.name: _value_of(each, sample[each.name]) for each in schema.fields}
        for sample in golden["samples"]
    ]


@each_golden
def test_reads_what_the_description_tells(golden: dict[str, Any]) -> None:
    path = GOLDEN / golden["file"]
    assert Shard(str(path)).uuid == golden["uuid"]
    dataset = Dataset(path)
    assert dataset.schema == Schema.from_json(golden["schema"])
    assert len(dataset) == len(golden["samples"])
    gathered = dataset[:]
    for index, expected in enumerate(_samples_of(golden, dataset.schema)):
        for each in dataset.schema.fields:
            value = expected[each.name]
            if each.kind == "tensor" and not isinstance(value, np.ndarray):
                value = _number(each, value)
            for sample in (dataset[index], dataset.get_sample(index), gathered[index]):
                assert_same_value(sample[each.name], value)


def _number(spec: Field, value: Any) -> Any:
    if spec.dtype == "bfloat16":
        return (np.array(value, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return np.array(value, spec.numpy_dtype)


@each_golden
def test_writes_the_same_bytes(golden: dict[str, Any], tmp_path: Path) -> None:
    schema = Schema.from_json(golden["schema"])
    path = tmp_path / golden["file"]
    with ShardWriter(path, schema) as writer:
        for sample in _samples_of(golden, schema):
            writer.append(sample)
    assert writer.summary is not None
    written = path.read_bytes()
    assert written == (GOLDEN / golden["file"]).read_bytes()
    assert hashlib.sha256(written).hexdigest() == golden["sha256"]
    assert (writer.summary.bytes, writer.summary.uuid) == (golden["bytes"], golden["uuid"])
    assert writer.summary.sha256 == golden["sha256"]


@each_golden
def test_a_copy_of_what_was_read_is_the_same_shard(golden: dict[str, Any], tmp_path: Path) -> None:
    dataset = Dataset(GOLDEN / golden["file"])
    with ShardWriter(tmp_path / "copy.zcs", dataset.schema) as writer:
        for index in range(len(dataset)):
            writer.append(dataset.get_sample(index))
    assert (tmp_path / "copy.zcs").read_bytes() == (GOLDEN / golden["file"]).read_bytes()


#: Golden shards whose schemas ask for something other than the defaults.
ASKED_FOR = {"aligned.zcs", "main-second.zcs", "media.zcs"}


@pytest.mark.parametrize("golden", [each for each in LISTED if each["file"] not in ASKED_FOR])
def test_defaults_resolve_as_in_typescript(golden: dict[str, Any]) -> None:
    schema = Schema.from_json(golden["schema"])
    plain = {each.name: _plain(each) for each in schema.fields}
    assert define_schema(plain, metadata=schema.metadata) == schema


def _plain(each: Field) -> FieldSpec:
    if each.kind == "tensor":
        return tensor(each.dtype or "", each.shape or ()) if each.shape else scalar(each.dtype or "")
    if each.kind == "bytes":
        return field.bytes(media_type=each.media_type)
    return text() if each.kind == "utf8" else field.json()


def test_the_golden_shards_cover_the_format() -> None:
    fields = [each for golden in LISTED for each in golden["schema"]["fields"]]
    assert {each.get("dtype") for each in fields} >= {"bool", "bfloat16", "float16", "complex64", "int64"}
    assert {each["kind"] for each in fields} == {"tensor", "bytes", "utf8", "json"}
    assert {each["checksum"] for each in fields} == {"row", "block"}
    assert max(len(golden["samples"]) for golden in LISTED) > 511
