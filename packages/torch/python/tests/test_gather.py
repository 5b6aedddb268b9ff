"""Batches of a map-style dataset are what its samples are one by one, whatever they are made of."""

from __future__ import annotations

import gc
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import ragged_sample, write_images, write_ragged

GOLDEN = Path(__file__).parents[3] / "format" / "test" / "golden" / "zstd"
# A batch of several shards, in no order, with a sample twice.
IDS = [39, 0, 7, 7, 21, 33, 1, 38, 12]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, (np.ndarray, np.generic)):
        return bool(one.dtype == other.dtype and one.shape == other.shape and (one == other).all())
    return bool(one == other and type(one) is type(other))


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("data") / "ragged")


@pytest.mark.parametrize("passes", [1, 3])
def test_every_kind_of_field(ragged: Path, passes: int) -> None:
    dataset = zc.Dataset(ragged)
    assert len([*ragged.glob("*.zcs")]) > 1
    for _ in range(passes):
        rows = dataset.__getitems__(IDS)
        assert len(rows) == len(IDS)
        for number, row in zip(IDS, rows, strict=True):
            expected = ragged_sample(number)
            assert list(row) == list(expected)
            for name, value in expected.items():
                assert same(row[name], value), (number, name)
            assert all(same(row[name], value) for name, value in dataset[number].items())


def test_the_batch_is_like_a_loaders(ragged: Path) -> None:
    dataset = zc.Dataset(ragged)
    with zc.DataLoader(ragged, batch_size=9) as loader:
        theirs = next(iter(loader))
        ours = dataset.__getitems__(range(9)).batch
        assert ours.indices.tolist() == theirs.indices.tolist()
        for name, value in theirs.items():
            assert type(ours[name]) is type(value)
            if isinstance(value, zc.batch.Packed):
                for part in ("values", "offsets", "shapes"):
                    assert same(getattr(ours[name], part), getattr(value, part)), (name, part)
            else:
                assert (ours[name] == value).all() if name == "label" else ours[name] == value


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden shards are only in a checkout")
def test_compressed_fields() -> None:
    pytest.importorskip("zstandard")
    dataset = zc.Dataset(GOLDEN / "zstd.zcs")
    golden = json.loads((GOLDEN / "zstd.json").read_text())["samples"]
    ids = [2, 0, 3, 1]
    for number, row in zip(ids, dataset.__getitems__(ids), strict=True):
        for name in ("image", "audio", "grid"):
            assert row[name].tobytes().hex() == golden[number][name]["hex"]
            assert list(row[name].shape) == golden[number][name]["shape"]
        assert row["photo"].hex() == golden[number]["photo"]["hex"]
        assert (row["caption"], row["notes"]) == (golden[number]["caption"], golden[number]["notes"])


def test_no_samples(ragged: Path) -> None:
    rows = zc.Dataset(ragged).__getitems__([])
    assert (len(rows), [*rows], len(rows.batch["label"])) == (0, [], 0)
    assert zc.Dataset(sorted(ragged.glob("*.zcs"))[0]).__getitems__([]) == []


def test_rows_are_parts_of_the_batch_and_the_callers_own(tmp_path: Path) -> None:
    dataset = zc.Dataset(write_images(tmp_path / "data"))
    rows = dataset.__getitems__([5, 6])
    before = dataset[5]["image"].copy()
    rows[0]["image"][...] = 0
    assert rows.batch["image"][0].max() == 0
    assert (dataset[5]["image"] == before).all()
    assert (dataset.__getitems__([5])[0]["image"] == before).all()
    assert type(pickle.loads(pickle.dumps(rows))) is list


def test_memory_is_used_again_when_nothing_of_it_is_left(tmp_path: Path) -> None:
    dataset = zc.Dataset(write_images(tmp_path / "data", side=40))
    row = dataset.__getitems__(range(10)).batch["image"][3]
    kept, bytes_of_it = row.ctypes.data, row.tobytes()
    seen = set()
    for first in range(0, 80, 10):
        batch = dataset.__getitems__(range(first, first + 10)).batch
        seen.add(batch["image"].ctypes.data)
        assert batch["image"].ctypes.data % os.sysconf("SC_PAGESIZE") == 0
        del batch
    assert len(seen) == 1
    assert row.tobytes() == bytes_of_it
    del row
    gc.collect()
    assert (
        kept - 3 * 40 * 40 * 3
        in {dataset.__getitems__(range(10)).batch["image"].ctypes.data for _ in range(2)} | seen
    )


@pytest.mark.parametrize("dtype", ["uint8", "bfloat16", "int64", "bool"])
@pytest.mark.parametrize("shape", [[], [3], [2, 40]])
def test_short_and_long_rows_of_one_shard_once_all_are_known(
    tmp_path: Path, dtype: str, shape: list[int]
) -> None:
    stored = {"bfloat16": "uint16"}.get(dtype, dtype)
    values = np.random.default_rng(1).integers(0, 2, (30, *shape)).astype(stored)
    with zc.ShardWriter(tmp_path / "a.zcs", {"x": zc.tensor(dtype, shape)}) as writer:
        for value in values:
            writer.append({"x": value})
    dataset = zc.Dataset(tmp_path / "a.zcs")
    for _ in range(3):
        assert dataset.__getitems__(range(30)).batch["x"].tobytes() == values.tobytes()
    ids = [29, -30, 7, 7]
    found = dataset.__getitems__(ids).batch["x"]
    assert found.shape == (4, *shape)
    assert found.tobytes() == values[ids].tobytes()
    os.truncate(tmp_path / "a.zcs", 0)
    with pytest.raises(zc.ZcError) as caught:
        dataset.__getitems__(ids)
    assert caught.value.code == "ZC_IO_POISONED"


def test_a_damaged_row_is_named_once_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zcs"
    with zc.ShardWriter(path, {"x": zc.tensor("uint8", [2000]), "t": zc.text()}) as writer:
        for number in range(20):
            writer.append({"x": np.full(2000, number, np.uint8), "t": f"text {number}"})
    whole = path.read_bytes()
    for damaged, message in ((b"\x0c" * 2000, "row 12 of field 'x'"), (b"text 12", "field 't'")):
        path.unlink()
        path.write_bytes(whole.replace(damaged, b"\xff" + damaged[1:], 1))
        dataset = zc.Dataset(path)
        for _ in range(2):
            if "'x'" in message:
                assert dataset.__getitems__([3, 11])[1]["t"] == "text 11"
            with pytest.raises(zc.ZcError, match=message) as caught:
                dataset.__getitems__([3, 12, 4])
            assert (caught.value.code, caught.value.path) == ("ZC_FORMAT_CHECKSUM", str(path))


def test_a_file_cut_short_is_a_typed_error_in_the_middle_of_a_job(tmp_path: Path) -> None:
    path = write_images(tmp_path / "data", samples=200, side=40, shards=2)
    dataset = zc.Dataset(path)
    for _ in range(3):
        dataset.__getitems__(range(200))
    cut = max(path.glob("*.zcs"))
    os.truncate(cut, 8192)
    with pytest.raises(zc.ZcError) as caught:
        dataset.__getitems__([0, 199])
    assert (caught.value.code, caught.value.path) == ("ZC_IO_POISONED", str(cut))
    assert int(dataset.__getitems__([0])[0]["label"]) == 0


def test_a_json_number_is_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    # As JavaScript writes it, its digits are those of another integer.
    wide = 4.115890225586502e16
    with zc.DatasetWriter(tmp_path / "set", schema={"extra": zc.field.json()}) as writer:
        writer.append({"extra": [wide, 1.0]})
    dataset = zc.Dataset(tmp_path / "set")
    rows = [dataset[0]["extra"], dataset.__getitems__([0])[0]["extra"]]
    with zc.DataLoader(dataset) as loader:
        rows += [row for batch in loader for row in batch["extra"]]
    assert [repr(row) for row in rows] == [repr([wide, 1])] * 3
