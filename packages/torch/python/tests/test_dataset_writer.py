from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zero_copy_loader import Dataset, DatasetWriter, ShardWriter, ZcError, scalar, tensor, text
from zero_copy_loader.dataset_writer import parse_bytes
from zero_copy_loader.manifest import parse_manifest

SCHEMA = {"x": tensor("uint8", [100])}


def _row(value: int) -> dict[str, Any]:
    return {"x": np.full(100, value, np.uint8)}


def test_manifest_tells_the_shards(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", SCHEMA, shard_bytes=250) as writer:
        for value in range(5):
            writer.append(_row(value))
    manifest = json.loads((tmp_path / "data" / "dataset.json").read_text())
    assert [shard["name"] for shard in manifest["shards"]] == [f"shard-00000{i}.zcs" for i in range(3)]
    assert [shard["samples"] for shard in manifest["shards"]] == [2, 2, 1]
    for shard in manifest["shards"]:
        content = (tmp_path / "data" / shard["name"]).read_bytes()
        assert shard["bytes"] == len(content)
        assert shard["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["samples"] == 5
    assert os.listdir(tmp_path) == ["data"]


def test_a_sample_larger_than_a_shard_gets_one_of_its_own(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", {"t": text()}, shard_bytes=4, sha256=False) as writer:
        for value in ("", "abcd", "abcdefgh", "", "e"):
            writer.append({"t": value})
    manifest = writer.finish()
    assert [shard.samples for shard in manifest.shards] == [2, 1, 2]
    assert manifest.shards[0].sha256 is None


def test_a_dataset_without_samples_has_one_empty_shard(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", SCHEMA):
        pass
    assert len(Dataset(tmp_path / "data")) == 0
    assert len(list((tmp_path / "data").glob("*.zcs"))) == 1


def test_neither_schema_nor_sample(tmp_path: Path) -> None:
    with pytest.raises(ZcError, match="neither a sample nor a schema"):
        DatasetWriter(tmp_path / "data").finish()
    assert os.listdir(tmp_path) == []


def test_nothing_appears_before_finish_or_after_an_error(tmp_path: Path) -> None:
    def write() -> None:
        with DatasetWriter(tmp_path / "data", SCHEMA) as writer:
            writer.append(_row(1))
            assert not (tmp_path / "data").exists()
            raise KeyError("the user's own")

    with pytest.raises(KeyError):
        write()
    assert os.listdir(tmp_path) == []


def test_a_target_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with DatasetWriter(tmp_path / "data", SCHEMA) as writer:
        writer.append(_row(1))
    with pytest.raises(ZcError) as caught:
        DatasetWriter(tmp_path / "data", SCHEMA)
    assert caught.value.code == "ZC_IO_EXISTS"
    with DatasetWriter(tmp_path / "data", SCHEMA, overwrite=True) as writer:
        writer.append(_row(2))
    assert Dataset(tmp_path / "data")[0]["x"][0] == 2
    assert os.listdir(tmp_path) == ["data"]
    (tmp_path / "data" / "notes.txt").write_text("mine")
    with pytest.raises(ZcError, match="besides a dataset"):
        DatasetWriter(tmp_path / "data", SCHEMA, overwrite=True)
    (tmp_path / "data" / "dataset.json").unlink()
    with pytest.raises(ZcError, match="no dataset") as caught:
        DatasetWriter(tmp_path / "data", SCHEMA, overwrite=True)
    assert caught.value.code == "ZC_IO_EXISTS"


def test_two_writers_of_one_target(tmp_path: Path) -> None:
    first = DatasetWriter(tmp_path / "data", SCHEMA)
    with pytest.raises(ZcError) as caught:
        DatasetWriter(tmp_path / "data", SCHEMA)
    assert caught.value.code == "ZC_FORMAT_BUSY"
    assert str(os.getpid()) in str(caught.value)
    first.append(_row(1))
    first.finish()
    assert os.listdir(tmp_path) == ["data"]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from zero_copy_loader import DatasetWriter, scalar
writer = DatasetWriter(sys.argv[1], {"n": scalar("int32")})
writer.append({"n": 1})
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "data")], env=environment)
    assert os.listdir(tmp_path) == [".data.zc-partial"]
    with DatasetWriter(tmp_path / "data", {"n": scalar("int32")}) as writer:
        writer.append({"n": 2})
    assert int(Dataset(tmp_path / "data")[0]["n"]) == 2
    assert os.listdir(tmp_path) == ["data"]


def test_what_died_while_claiming_is_removed(tmp_path: Path) -> None:
    start_time = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    alive = f".data.zc-partial-{os.getpid()}-{start_time}-alive"
    for name in (f".data.zc-partial-{os.getpid()}-1-dead", alive, ".data.zc-partial-notes"):
        (tmp_path / name).mkdir()
    DatasetWriter(tmp_path / "data", SCHEMA).abort()
    assert sorted(os.listdir(tmp_path)) == sorted([alive, ".data.zc-partial-notes"])


def test_a_replacement_that_was_cut_off_is_settled(tmp_path: Path) -> None:
    aside = tmp_path / ".data.zc-partial-replaced"
    DatasetWriter(tmp_path / "data", SCHEMA).finish()
    os.rename(tmp_path / "data", aside)
    with pytest.raises(ZcError, match="ZC_IO_EXISTS"):
        DatasetWriter(tmp_path / "data", SCHEMA)
    assert os.listdir(tmp_path) == ["data"]
    aside.mkdir()
    DatasetWriter(tmp_path / "data", SCHEMA, overwrite=True).finish()
    assert os.listdir(tmp_path) == ["data"]


def test_two_writers_of_one_shard(tmp_path: Path) -> None:
    path = tmp_path / "a.zcs"
    with ShardWriter(path, SCHEMA) as first:
        with pytest.raises(ZcError, match="ZC_FORMAT_BUSY"):
            ShardWriter(path, SCHEMA)
        first.append(_row(1))
    # What a dead writer left is taken over.
    (tmp_path / ".a.zcs.zc-partial").write_bytes(b"rest")
    with ShardWriter(path, SCHEMA, overwrite=True) as second:
        second.append(_row(2))
    assert Dataset(path)[0]["x"][0] == 2
    assert os.listdir(tmp_path) == ["a.zcs"]


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path / "data", SCHEMA)
    writer.abort()
    for use in (lambda: writer.append(_row(1)), writer.finish):
        with pytest.raises(ZcError) as caught:
            use()
        assert caught.value.code == "ZC_CLOSED"


@pytest.mark.parametrize(
    ("size", "expected"),
    [("256MiB", 2**28), ("1GB", 10**9), ("4096", 4096), (7, 7), ("1.5 KiB", 1536), ("2k", 2000)],
)
def test_sizes(size: int | str, expected: int) -> None:
    assert parse_bytes(size) == expected


@pytest.mark.parametrize("size", ["", "MiB", "12XB", "1iB", 0, -1, True, None, 1.5])
def test_what_is_no_size(size: Any) -> None:
    with pytest.raises(ZcError) as caught:
        parse_bytes(size)
    assert caught.value.code == "ZC_ARGUMENT"


@pytest.fixture
def manifest(tmp_path: Path) -> dict[str, Any]:
    with DatasetWriter(tmp_path / "data", SCHEMA) as writer:
        writer.append(_row(1))
    value: dict[str, Any] = json.loads((tmp_path / "data" / "dataset.json").read_text())
    return value


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "zc-shard"}, "ZC_FORMAT_MANIFEST"),
        ({"version": [2, 0]}, "ZC_FORMAT_VERSION"),
        ({"version": None}, "ZC_FORMAT_MANIFEST"),
        ({"schema": {}}, "ZC_FORMAT_SCHEMA"),
        ({"samples": 2}, "ZC_FORMAT_MANIFEST"),
        ({"samples": True}, "ZC_FORMAT_MANIFEST"),
        ({"bytes": -1}, "ZC_FORMAT_MANIFEST"),
        ({"shards": None}, "ZC_FORMAT_MANIFEST"),
        ({"shards": [None]}, "ZC_FORMAT_MANIFEST"),
    ],
)
def test_a_bad_manifest_is_refused(manifest: dict[str, Any], changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ZcError) as caught:
        parse_manifest(json.dumps({**manifest, **changes}).encode(), "dataset.json")
    assert caught.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../x.zcs"},
        {"name": ".."},
        {"name": "a\\b"},
        {"name": ""},
        {"name": "x" * 256},
        {"name": "\ud800"},
        {"bytes": 1.5},
        {"uuid": "d7ad2af0-31cf-4fb2-996e-ec7000e0a2db"},
        {"samples": "1"},
        {"uuid": "no"},
        {"uuid": 1},
        {"sha256": "A" * 64},
    ],
)
def test_a_bad_shard_of_a_manifest_is_refused(manifest: dict[str, Any], changes: dict[str, Any]) -> None:
    manifest["shards"][0] |= changes
    with pytest.raises(ZcError) as caught:
        parse_manifest(json.dumps(manifest).encode(), "dataset.json")
    assert caught.value.code == "ZC_FORMAT_MANIFEST"


@pytest.mark.parametrize("changes", [{"bytes": 2**44 + 1}, {"samples": 2**32}])
def test_a_shard_beyond_the_limits_is_refused(manifest: dict[str, Any], changes: dict[str, Any]) -> None:
    manifest["shards"][0] |= changes
    with pytest.raises(ZcError) as caught:
        parse_manifest(json.dumps(manifest).encode(), "dataset.json")
    assert caught.value.code == "ZC_FORMAT_LIMIT"


def test_a_manifest_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ZcError) as caught:
        parse_manifest(b"[" * 10**6, "dataset.json")
    assert (caught.value.code, caught.value.path) == ("ZC_FORMAT_LIMIT", "dataset.json")


@pytest.mark.parametrize("text", [b"", b"[1", b"\xff", b"NaN"])
def test_a_manifest_that_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ZcError) as caught:
        parse_manifest(text, "dataset.json")
    assert caught.value.code == "ZC_FORMAT_MANIFEST"


def test_a_writer_that_is_dropped_says_so_and_frees_the_target(tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path / "set")
    writer.append({"label": 1})
    with pytest.warns(RuntimeWarning, match=r"dropped before finish\(\)"):
        del writer
    assert list(tmp_path.iterdir()) == []
    with DatasetWriter(tmp_path / "set") as again:
        again.append({"label": 2})
    assert Dataset(tmp_path / "set")[0]["label"] == 2


def test_a_forked_child_leaves_its_parents_writer_alone(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set") as writer:
        writer.append({"label": 1})
        child = os.fork()
        if child == 0:
            writer.__del__()
            os._exit(0)
        os.waitpid(child, 0)
    assert len(Dataset(tmp_path / "set")) == 1


def test_a_sample_unlike_the_first_is_told_where_the_schema_came_from(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set") as writer:
        writer.append({"audio": np.zeros(3, np.float32)})
        with pytest.raises(ZcError, match=r"found shape \[4\]") as raised:
            writer.append({"audio": np.zeros(4, np.float32)})
    assert 'zc.tensor("float32", [None])' in raised.value.advice


def test_numpys_text_is_text(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set") as writer:
        for word in np.array(["one", "three"]):
            writer.append({"word": word})
    assert [row["word"] for row in Dataset(tmp_path / "set")] == ["one", "three"]


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        ((1, 2), "a tuple, expected a mapping"),
        ({7: 1}, "field name 7 is of type int"),
        ({"x": {1, 2}}, "of type set"),
    ],
)
def test_a_first_sample_that_suggests_no_schema(tmp_path: Path, sample: Any, says: str) -> None:
    writer = DatasetWriter(tmp_path / "set")
    with pytest.raises(ZcError) as raised:
        writer.append(sample)
    writer.abort()
    assert raised.value.code == "ZC_FORMAT_SCHEMA"
    assert says in str(raised.value)


def test_a_second_writer_in_one_process_is_told_to_end_the_first(tmp_path: Path) -> None:
    first = DatasetWriter(tmp_path / "set")
    with pytest.raises(ZcError, match=r"ZC_FORMAT_BUSY .*: another writer of this process") as raised:
        DatasetWriter(tmp_path / "set")
    assert "abort()" in raised.value.advice
    first.abort()


def test_an_empty_list_has_as_many_dimensions_as_the_field(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", {"x": tensor("int64", [None, 3])}) as writer:
        writer.append({"x": [[1, 2, 3]]})
        writer.append({"x": []})
        with pytest.raises(ZcError, match="found shape"):
            writer.append({"x": [[]]})
    assert [sample["x"].shape for sample in Dataset(tmp_path / "set")] == [(1, 3), (0, 3)]


class Exported:
    """An array of some library that offers it by DLPack alone."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class Image:
    """An array as Pillow's images offer it."""

    def __init__(self, array: Any) -> None:
        self.__array_interface__ = array.__array_interface__
        self._kept = array


@pytest.mark.parametrize("offer", [Exported, Image])
def test_arrays_of_other_libraries(tmp_path: Path, offer: Any) -> None:
    arrays = [np.arange(6, dtype=np.int16).reshape(2, 3) + number for number in range(2)]
    with DatasetWriter(tmp_path / "theirs") as writer:
        for array in arrays:
            writer.append({"x": offer(array)})
    with DatasetWriter(tmp_path / "numpys") as writer:
        for array in arrays:
            writer.append({"x": array})
    name = "shard-000000.zcs"
    assert (tmp_path / "theirs" / name).read_bytes() == (tmp_path / "numpys" / name).read_bytes()


def test_an_array_that_is_elsewhere_is_refused(tmp_path: Path) -> None:
    class OnDevice:
        def __dlpack__(self, **_: Any) -> Any:
            raise BufferError("on a device")

        def __dlpack_device__(self) -> tuple[int, int]:
            return (2, 0)

    with DatasetWriter(tmp_path / "set", {"x": scalar("int64")}) as writer:
        with pytest.raises(ZcError, match="in the memory of the CPU") as raised:
            writer.append({"x": OnDevice()})
        assert raised.value.code == "ZC_FORMAT_VALUE"
        writer.append({"x": 1})


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, True, 1.5, np.int64(2**31), np.float32(1)])
def test_one_number_is_held_to_the_range_of_its_field(tmp_path: Path, value: Any) -> None:
    with DatasetWriter(tmp_path / "set", {"n": scalar("int32")}) as writer:
        with pytest.raises(ZcError, match="row 0 of field 'n'"):
            writer.append({"n": value})
        for number in (2**31 - 1, -(2**31), np.int64(7), np.int32(8)):
            writer.append({"n": number})
    assert [int(sample["n"]) for sample in Dataset(tmp_path / "set")] == [2**31 - 1, -(2**31), 7, 8]
