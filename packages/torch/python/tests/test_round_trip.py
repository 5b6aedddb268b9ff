from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.compare import assert_same_sample
from helpers.strategies import samples_of, schemas
from zero_copy_loader import Dataset, Schema, ShardWriter, ZcError, field, scalar, tensor


@given(st.data())
def test_what_was_written_is_read(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    samples = data.draw(st.lists(samples_of(schema), max_size=6))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "one.zcs")
        with ShardWriter(path, schema) as writer:
            for sample in samples:
                writer.append(sample)
        dataset = Dataset(path)
        assert dataset.schema == schema
        assert len(dataset) == len(samples)
        gathered = dataset.__getitems__(range(len(samples))[::-1])[::-1]
        for index, expected in enumerate(samples):
            assert_same_sample(dataset[index], expected)
            assert_same_sample(dataset.get_sample(index), expected)
            assert_same_sample(gathered[index], expected)


def _write(path: Path, schema: Schema | None, samples: list[dict[str, object]]) -> Dataset:
    with ShardWriter(path, schema) as writer:
        for sample in samples:
            writer.append(sample)
    return Dataset(path)


def test_many_rows_fill_several_table_blocks(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"t": np.arange(i % 7, dtype=np.uint16), "n": i} for i in range(3000)]
    with ShardWriter(tmp_path / "a.zcs", {"t": tensor("uint16", [None]), "n": scalar("int64")}) as writer:
        for row in rows:
            writer.append(row)
    dataset = Dataset(tmp_path / "a.zcs")
    for index in (0, 510, 511, 512, 1021, 1022, 1023, 2999):
        assert_same_sample(dataset[index], rows[index])
    for index, sample in zip([2999, 511, 0], dataset[[2999, 511, 0]], strict=True):
        assert_same_sample(sample, rows[index])


def test_64_bit_integers_keep_every_bit(tmp_path: Path) -> None:
    low, high = -(2**63), 2**64 - 1
    with ShardWriter(tmp_path / "a.zcs", {"i": scalar("int64"), "u": scalar("uint64")}) as writer:
        writer.append({"i": low, "u": high})
        writer.append({"i": np.int64(2**53 + 1), "u": np.uint8(7)})
    dataset = Dataset(tmp_path / "a.zcs")
    assert (int(dataset[0]["i"]), int(dataset[0]["u"])) == (low, high)
    assert (int(dataset[1]["i"]), int(dataset[1]["u"])) == (2**53 + 1, 7)


def test_the_first_sample_gives_the_schema(tmp_path: Path) -> None:
    sample: dict[str, object] = {
        "image": np.zeros((4, 5, 3), np.uint8),
        "label": 3,
        "weight": 0.5,
        "good": True,
        "caption": "ein Bär",
        "photo": b"\xff\xd8",
        "meta": {"b": [1, None], "a": "x"},
        "none": None,
    }
    dataset = _write(tmp_path / "a.zcs", None, [sample])
    dtypes = {each.name: each.dtype or each.kind for each in dataset.schema.fields}
    assert dtypes == {
        "image": "uint8",
        "label": "int64",
        "weight": "float64",
        "good": "bool",
        "caption": "utf8",
        "photo": "bytes",
        "meta": "json",
        "none": "json",
    }
    assert_same_sample(dataset[0], sample)


def test_torch_tensors_are_written_as_they_are(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    half = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
    turned = torch.arange(6, dtype=torch.float32).reshape(2, 3).T
    with ShardWriter(tmp_path / "a.zcs") as writer:
        writer.append({"half": half, "turned": turned})
    dataset = Dataset(tmp_path / "a.zcs")
    assert [each.dtype for each in dataset.schema.fields] == ["bfloat16", "float32"]
    assert dataset[0]["half"].tolist() == [0x3FC0, 0xC000]
    assert dataset[0]["turned"].tolist() == turned.tolist()


@pytest.mark.parametrize(
    ("number", "bits"),
    [
        (1.0, 0x3F80),
        (-1.5, 0xBFC0),
        (256, 0x4380),
        (-0.0, 0x8000),
        (float("inf"), 0x7F80),
        (float("nan"), 0x7FC0),
        (1e300, 0x7F80),
        (2.0**-133, 0x0001),
        (2.0**-134, 0x0000),
        # Halfway between two, and next to halfway by less than a float32 tells.
        (1 + 2.0**-8, 0x3F80),
        (1 + 3 * 2.0**-8, 0x3F82),
        (1 + 2.0**-8 + 2.0**-40, 0x3F81),
        (1 + 2.0**-8 - 2.0**-40, 0x3F80),
        (1 + 3 * 2.0**-8 - 2.0**-40, 0x3F81),
    ],
)
def test_numbers_become_the_nearest_bfloat16(tmp_path: Path, number: float, bits: int) -> None:
    with ShardWriter(tmp_path / "a.zcs", {"x": scalar("bfloat16")}) as writer:
        writer.append({"x": number})
    assert int(Dataset(tmp_path / "a.zcs")[0]["x"]) == bits


@pytest.mark.parametrize(
    ("dtype", "shape", "value"),
    [
        ("uint8", [], 256),
        ("uint8", [], -1),
        ("int64", [], 2**63),
        ("int32", [], 1.5),
        ("float32", [], "1"),
        ("float32", [2], np.zeros(2)),
        ("float32", [2], np.zeros(3, np.float32)),
        ("float32", [None], np.zeros((2, 2), np.float32)),
        ("uint8", [2], [[1], [2, 3]]),
        ("bool", [], 2),
        ("bool", [1], np.array([3], np.uint8)),
        ("bfloat16", [], "1"),
        ("uint8", [], None),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_others_follow(
    tmp_path: Path, dtype: str, shape: list[int | None], value: object
) -> None:
    with ShardWriter(tmp_path / "a.zcs", {"first": scalar("int8"), "x": tensor(dtype, shape)}) as writer:
        with pytest.raises(ZcError) as caught:
            writer.append({"first": 1, "x": value})
        assert caught.value.code == "ZC_FORMAT_VALUE"
        assert "row 0 of field 'x'" in caught.value.summary
    assert len(Dataset(tmp_path / "a.zcs")) == 0


@pytest.mark.parametrize("sample", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, [1, 2], {"b": 2, "c": 1}])
def test_a_sample_with_other_fields_is_refused(tmp_path: Path, sample: object) -> None:
    writer = ShardWriter(tmp_path / "a.zcs", {"a": scalar("int8"), "b": scalar("int8")})
    with pytest.raises(ZcError) as caught:
        writer.append(sample)  # type: ignore[arg-type]
    assert caught.value.code == "ZC_FORMAT_VALUE"
    writer.abort()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, float("nan"), 2**53 + 1, "\ud800", [object()]])
def test_what_json_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    writer = ShardWriter(tmp_path / "a.zcs", {"j": field.json()})
    with pytest.raises(ZcError) as caught:
        writer.append({"j": value})
    assert caught.value.code == "ZC_FORMAT_VALUE"
    writer.abort()


def test_wide_integers_that_json_holds_come_back(tmp_path: Path) -> None:
    dataset = _write(tmp_path / "a.zcs", None, [{"j": [1e20, 2**60, 1e21]}])
    assert dataset[0]["j"] == [1e20, 2**60, 1e21]
    again = _write(tmp_path / "b.zcs", dataset.schema, [dataset[0]])
    assert again[0]["j"] == dataset[0]["j"]
    assert (tmp_path / "a.zcs").read_bytes() == (tmp_path / "b.zcs").read_bytes()
