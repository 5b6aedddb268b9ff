"""Shards whose disk fails, or that are replaced, while they are open: typed errors, and the process lives."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from helpers.failing_disk import failing_disk, why_no_disk
from helpers.programs import run_program
from zero_copy_loader import Dataset, ShardWriter, ZcError, tensor

ROWS = 160
ROW_BYTES = 128 << 10
FAILS_FROM = 12 << 20


def _write(path: Path, value: int = 0) -> None:
    with ShardWriter(path, {"x": tensor("uint8", [ROW_BYTES])}) as writer:
        for index in range(ROWS):
            writer.append({"x": np.full(ROW_BYTES, (index + value) % 256, np.uint8)})


disk_reason = why_no_disk()


@pytest.mark.skipif(disk_reason is not None, reason=str(disk_reason))
def test_rows_that_the_disk_cannot_read_are_typed_errors() -> None:
    program = """
import sys
from zero_copy_loader import Dataset, ZcError
dataset = Dataset(sys.argv[1])
first = dataset[0]["x"]
with open(sys.argv[2], "r+b") as disk:
    disk.truncate(int(sys.argv[3]))
for use in (lambda: dataset[140], lambda: dataset[0], lambda: dataset.get_sample(0)["x"],
            lambda: dataset[[0, 150]], lambda: dataset.get_batch([1])):
    try:
        use()
        print("no error")
    except ZcError as error:
        print(error.code, sys.argv[1] in str(error))
print(int(first.sum()))
"""
    with failing_disk() as disk:
        path = disk.folder / "a.zcs"
        _write(path)
        disk.forget_pages()
        ended = run_program(program, path, disk.image, str(FAILS_FROM))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split("\n") == [*["ZC_IO_POISONED True"] * 5, "0", ""]


@pytest.mark.skipif(disk_reason is not None, reason=str(disk_reason))
def test_a_shard_that_cannot_be_read_is_an_error_when_it_is_opened() -> None:
    with failing_disk() as disk:
        path = disk.folder / "a.zcs"
        _write(path)
        disk.forget_pages()
        disk.fail_from(FAILS_FROM)
        with pytest.raises(ZcError) as caught:
            Dataset(path)
        assert caught.value.code == "ZC_IO_READ"
        assert caught.value.path == str(path)
        assert "EIO" in str(caught.value) or "Input/output error" in str(caught.value)


def test_a_shard_replaced_by_another_stays_the_one_that_was_opened(tmp_path: Path) -> None:
    path, other = tmp_path / "a.zcs", tmp_path / "b.zcs"
    _write(path)
    _write(other, value=100)
    dataset = Dataset(path)
    dataset[0]
    os.replace(other, path)
    assert [int(dataset[index]["x"][0]) for index in range(ROWS)] == list(range(ROWS))
    assert int(Dataset(path)[0]["x"][0]) == 100


@pytest.mark.parametrize("name", ["dataset.json", "a.zcs"])
def test_a_pipe_in_the_place_of_a_file_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    opens: Callable[[], object] = {
        "dataset.json": lambda: Dataset(tmp_path),
        "a.zcs": lambda: Dataset(tmp_path / name),
    }[name]
    with pytest.raises(ZcError) as caught:
        opens()
    assert caught.value.code == {"dataset.json": "ZC_FORMAT_MANIFEST", "a.zcs": "ZC_IO_OPEN"}[name]
