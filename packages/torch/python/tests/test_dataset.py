from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zero_copy_loader import (
    Dataset,
    DatasetWriter,
    Sample,
    ShardWriter,
    ZcError,
    field,
    scalar,
    tensor,
    text,
    to_numpy,
)

SAMPLES = 100


def _sample(index: int) -> dict[str, Any]:
    return {
        "image": np.full((8, 8), index, np.uint8),
        "label": np.int32(index),
        "audio": np.arange(index, dtype=np.int16),
        "caption": f"row {index}",
        "photo": bytes([index]) * (index % 5),
    }


SCHEMA = {
    "image": tensor("uint8", [8, 8]),
    "label": scalar("int32"),
    "audio": tensor("int16", [None]),
    "caption": text(),
    "photo": field.bytes(),
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    with DatasetWriter(path, SCHEMA, shard_bytes=2000) as writer:
        for index in range(SAMPLES):
            writer.append(_sample(index))
    return path


def _labels(samples: list[dict[str, Any]]) -> list[int]:
    return [int(sample["label"]) for sample in samples]


def test_a_directory_of_several_shards(directory: Path) -> None:
    dataset = Dataset(directory)
    assert len(dataset) == SAMPLES
    assert len(list(directory.glob("*.zcs"))) > 3
    assert _labels(list(dataset)) == list(range(SAMPLES))
    assert dataset[17]["caption"] == "row 17"
    assert dataset[17]["audio"].tolist() == list(range(17))
    assert dataset[17]["photo"] == b"\x11\x11"
    assert dataset.schema.names == tuple(SCHEMA)


def test_opening_a_directory_touches_no_shard(directory: Path) -> None:
    Dataset(directory)
    assert str(directory) not in Path("/proc/self/maps").read_text()


def test_lists_of_shards_and_single_shards(directory: Path) -> None:
    shards = sorted(directory.glob("*.zcs"))
    assert _labels(list(Dataset(shards))) == list(range(SAMPLES))
    assert int(Dataset(shards[::-1])[-1]["label"]) == len(Dataset(shards[0])) - 1
    assert len(Dataset([str(shard) for shard in shards[:2]])) == len(Dataset(shards[0])) + len(
        Dataset(shards[1])
    )


def test_indices(directory: Path) -> None:
    dataset = Dataset(directory)
    assert _labels(dataset[[3, 1, 4, 3, -1]]) == [3, 1, 4, 3, 99]
    assert _labels(dataset[np.array([99, 0])]) == [99, 0]
    assert _labels(dataset[10:20:3]) == [10, 13, 16, 19]
    assert _labels(dataset[::-33]) == [99, 66, 33, 0]
    assert dataset[[]] == []
    assert dataset[5:5] == []
    assert int(dataset[-1]["label"]) == 99
    assert int(dataset[np.int64(3)]["label"]) == 3
    assert int(dataset[np.array(3)]["label"]) == 3  # type: ignore[call-overload]


@pytest.mark.parametrize("index", [100, -101, [0, 100], [-101], 2**70])
def test_an_index_outside_is_refused(directory: Path, index: Any) -> None:
    with pytest.raises(ZcError) as caught:
        Dataset(directory)[index]
    assert caught.value.code in ("ZC_INDEX_RANGE", "ZC_ARGUMENT")
    assert "100" in str(caught.value) or index == 2**70


@pytest.mark.parametrize("index", ["image", 1.5, None, [1.5], [[1]], [True]])
def test_what_is_no_index_is_refused(directory: Path, index: Any) -> None:
    with pytest.raises(ZcError) as caught:
        Dataset(directory)[index]
    assert caught.value.code == "ZC_ARGUMENT"


def test_samples_are_mappings_of_views(directory: Path) -> None:
    dataset = Dataset(directory)
    sample = dataset.get(17, copy=False)
    assert isinstance(sample, Sample)
    assert list(sample) == list(SCHEMA)
    assert len(sample) == 5
    assert "image" in sample
    assert "imag" not in sample
    with pytest.raises(KeyError):
        sample["imag"]
    assert not sample["image"].flags.writeable
    assert sample["photo"].readonly
    assert sample["image"] is sample["image"]
    assert [int(each["label"]) for each in dataset.get_batch([3, 1, -1])] == [3, 1, 99]
    copied = pickle.loads(pickle.dumps(sample))
    assert type(copied) is dict
    assert copied["audio"].tolist() == list(range(17))


def test_to_numpy_wants_a_field_where_there_are_several(directory: Path) -> None:
    sample = Dataset(directory).get_sample(4)
    assert to_numpy(sample, field="image", shape=(4, 16)).tolist() == [[4] * 16] * 4
    assert to_numpy(sample, field="label").shape == ()
    assert to_numpy(sample, field="photo", dtype="<u4").tolist() == [0x04040404]
    assert to_numpy(sample, field="image", dtype=np.float32).shape == (16,)
    for wrong in (
        {},
        {"field": "imag"},
        {"field": "image", "shape": 3},
        {"field": "image", "shape": ()},
        {"field": "audio", "dtype": np.float32},
        {"field": "photo", "dtype": np.complex128},
    ):
        with pytest.raises(ZcError) as caught:
            to_numpy(sample, **wrong)
        assert caught.value.code == "ZC_ARGUMENT"
    assert to_numpy(Dataset(directory)[4], field="photo").tolist() == [4] * 4
    with pytest.raises(ZcError, match="needs a copy"):
        to_numpy(np.zeros((4, 6), np.int8)[:, :3], shape=12)


def test_one_field_stands_for_the_sample(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "a.zcs", {"x": tensor("float32", [2, 3])}) as writer:
        writer.append({"x": np.arange(6, dtype=np.float32).reshape(2, 3)})
    sample = Dataset(tmp_path / "a.zcs").get_sample(0)
    view = np.asarray(sample)
    assert view.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert np.shares_memory(view, sample["x"])
    assert np.asarray(sample, dtype=np.float64).dtype == np.float64
    copied = np.array(sample)
    copied[0, 0] = 9
    assert sample["x"][0, 0] == 0


@pytest.mark.skipif("sys.version_info < (3, 12)", reason="Python has __buffer__ from 3.12 on")
def test_one_field_offers_the_buffer_protocol(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "a.zcs", {"x": tensor("float32", [2, 3])}) as writer:
        writer.append({"x": np.ones((2, 3), np.float32)})
    view = memoryview(Dataset(tmp_path / "a.zcs").get_sample(0))  # type: ignore[arg-type]
    assert (view.shape, view.format, view.readonly) == ((2, 3), "f", True)


def test_torch_loads_and_collates_it(directory: Path) -> None:
    torch = pytest.importorskip("torch")

    class Images(torch.utils.data.Dataset[Any]):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.dataset = Dataset(directory)

        def __len__(self) -> int:
            return len(self.dataset)

        def __getitems__(self, indices: list[int]) -> list[dict[str, Any]]:
            return [{k: s[k] for k in ("image", "label")} for s in self.dataset.__getitems__(indices)]

    for workers in (0, 2):
        seen = []
        for batch in torch.utils.data.DataLoader(Images(), batch_size=16, num_workers=workers):
            assert batch["image"].shape[1:] == (8, 8)
            seen += batch["label"].tolist()
        assert seen == list(range(SAMPLES))


def test_pickling_opens_by_path(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory.parent)
    pickled = pickle.dumps(Dataset("data"))
    monkeypatch.chdir("/")
    again = pickle.loads(pickled)
    assert int(again[42]["label"]) == 42


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_children_read_too(directory: Path, method: str) -> None:
    dataset = Dataset(directory)
    assert int(dataset[1]["label"]) == 1
    with multiprocessing.get_context(method).Pool(2) as pool:
        rows = pool.map(dataset.__getitem__, range(SAMPLES), chunksize=10)
    assert _labels(rows) == list(range(SAMPLES))


def test_threads_read_the_same_samples(directory: Path) -> None:
    dataset = Dataset(directory)
    wrong: list[int] = []

    def read() -> None:
        wrong.extend(i for i in range(SAMPLES) if dataset[i]["image"][0, 0] != i)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_after_close(directory: Path) -> None:
    with Dataset(directory) as dataset:
        view = dataset.get_sample(1)["image"]
    dataset.close()
    for use in (lambda: dataset[0], lambda: dataset[[0]], lambda: dataset.get_sample(0)):
        with pytest.raises(ZcError) as caught:
            use()
        assert caught.value.code == "ZC_CLOSED"
    assert view[0, 0] == 1


def test_more_shards_than_may_be_open(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zero_copy_loader.dataset.SHARDS_OPEN_MAX", 2)
    dataset = Dataset(directory)
    assert _labels(list(dataset)) == list(range(SAMPLES))
    assert Path("/proc/self/maps").read_text().count(str(directory)) == 2


def test_a_shard_that_the_manifest_does_not_list_is_refused(directory: Path) -> None:
    shards = sorted(directory.glob("*.zcs"))
    os.replace(shards[1], shards[0])
    with pytest.raises(ZcError) as caught:
        Dataset(directory)[0]
    assert caught.value.code == "ZC_FORMAT_MANIFEST"


def test_shards_of_two_schemas_are_refused(tmp_path: Path) -> None:
    for name, dtype in (("a.zcs", "int8"), ("b.zcs", "int16")):
        with ShardWriter(tmp_path / name, {"x": scalar(dtype)}) as writer:
            writer.append({"x": 1})
    with pytest.raises(ZcError) as caught:
        Dataset([tmp_path / "a.zcs", tmp_path / "b.zcs"])
    assert (caught.value.code, caught.value.path) == ("ZC_FORMAT_SCHEMA", str(tmp_path / "b.zcs"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/no/such", "ZC_IO_OPEN"),
        ("/proc", "ZC_IO_OPEN"),
        ([], "ZC_ARGUMENT"),
        (7, "ZC_ARGUMENT"),
        (["/"], "ZC_IO_OPEN"),
    ],
)
def test_what_cannot_be_opened(path: Any, code: str) -> None:
    with pytest.raises(ZcError) as caught:
        Dataset(path)
    assert caught.value.code == code


def test_an_empty_shard_among_others(tmp_path: Path) -> None:
    for name, rows in (("a", 0), ("b", 2), ("c", 0), ("d", 1)):
        with ShardWriter(tmp_path / name, {"x": scalar("int8"), "t": text()}) as writer:
            for row in range(rows):
                writer.append({"x": row, "t": name})
    dataset = Dataset([tmp_path / name for name in "abcd"])
    assert [(s["t"], int(s["x"])) for s in dataset] == [("b", 0), ("b", 1), ("d", 0)]
    assert [s["t"] for s in dataset[[2, 0]]] == ["d", "b"]
