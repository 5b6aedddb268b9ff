"""Views share the file's memory, keep it alive, and never lie or crash when the file is cut short."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from zero_copy_loader import Dataset, ShardWriter, ZcError, scalar, tensor, to_numpy

BIG_BYTES = 64 * 2**20


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.zcs"
    with ShardWriter(path, {"x": tensor("float32", [BIG_BYTES // 4])}) as writer:
        writer.append({"x": np.arange(BIG_BYTES // 4, dtype=np.float32)})
    return path


def _mapped_range(path: Path) -> tuple[int, int]:
    line = next(line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(str(path)))
    first, last = line.split()[0].split("-")
    return int(first, 16), int(last, 16)


def _private_bytes() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in status if line.startswith(("RssAnon:", "RssShmem:")))


def _address(array: npt.NDArray[np.generic]) -> int:
    return int(array.__array_interface__["data"][0])


def test_to_numpy_shares_memory_with_the_mapped_shard(big: Path) -> None:
    dataset = Dataset(big)
    before = _private_bytes()
    array = to_numpy(dataset.get_sample(0), dtype=np.float32, shape=(1024, BIG_BYTES // 4096))
    total = float(array[::64].sum(dtype=np.float64))
    assert total > 0
    first, last = _mapped_range(big)
    assert first <= _address(array) < _address(array) + array.nbytes <= last
    assert _private_bytes() - before < BIG_BYTES // 16
    assert not array.flags.writeable


def test_copies_do_not_share_memory(big: Path) -> None:
    dataset = Dataset(big)
    first, last = _mapped_range(big)
    for sample in (dataset[0], dataset.get(0), dataset[[0]][0], dataset[-1:][0]):
        assert not first <= _address(sample["x"]) < last
        sample["x"][0] = 7
    assert dataset[0]["x"][0] == 0


def test_a_view_outlives_the_dataset(big: Path) -> None:
    dataset = Dataset(big)
    array = to_numpy(dataset.get_sample(0))[5:10]
    dataset.close()
    del dataset
    gc.collect()
    assert array.tolist() == [5, 6, 7, 8, 9]
    del array
    gc.collect()
    assert str(big) not in Path("/proc/self/maps").read_text()


def test_the_descriptor_is_closed_once_the_file_is_mapped(big: Path) -> None:
    dataset = Dataset(big)
    opened = {os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
    assert str(big) not in opened
    assert len(dataset) == 1


def test_a_shard_cut_short_while_mapped_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "cut.zcs"
    with ShardWriter(path, {"x": tensor("uint8", [8192]), "n": scalar("int32")}) as writer:
        for index in range(64):
            writer.append({"x": np.full(8192, index + 1, np.uint8), "n": index})
    program = """
import os, sys
from zero_copy_loader import Dataset, ZcError
dataset = Dataset(sys.argv[1])
whole = dataset.get_sample(0)["x"]
held = dataset.get_sample(40)
view = held["x"]
os.truncate(sys.argv[1], 65536)
print(int(view.sum()), int(whole.sum()))
for use in (lambda: held["x"], lambda: held["n"], lambda: dataset[41], lambda: dataset.get_sample(0),
            lambda: dataset.__getitems__([1, 2]), lambda: dataset[0]):
    try:
        use()
        print("no error")
    except ZcError as error:
        print(error.code)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    # Behind the file's new end a view reads zeros; before it, what is there.
    assert ended.stdout.split("\n") == ["0 8192", *["ZC_IO_POISONED"] * 6, ""]


def test_a_cut_that_is_met_first_by_a_read_is_poisoned_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cut.zcs"
    with ShardWriter(path, {"x": tensor("uint8", [8192])}) as writer:
        for index in range(64):
            writer.append({"x": np.full(8192, index + 1, np.uint8)})
    reads: list[Callable[[Dataset], object]] = [
        lambda dataset: dataset[50],
        lambda dataset: dataset.get_sample(50)["x"],
        lambda dataset: dataset[[1, 50]],
    ]
    for read in reads:
        copy = tmp_path / "copy.zcs"
        copy.write_bytes(path.read_bytes())
        dataset = Dataset(copy)
        dataset[0]
        os.truncate(copy, 65536)
        with pytest.raises(ZcError) as caught:
            read(dataset)
        assert caught.value.code == "ZC_IO_POISONED"
        copy.unlink()
