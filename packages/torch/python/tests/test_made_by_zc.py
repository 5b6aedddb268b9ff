"""Datasets that ``zc merge``, ``append``, ``split`` and ``reshard`` made are read as any other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zero_copy_loader import Dataset, DatasetWriter, tensor, text

ZC = Path(__file__).parents[3] / "cli" / "bin" / "zc.js"

pytestmark = pytest.mark.skipif(
    not ZC.is_file(), reason="the command line is beside the package in a checkout only"
)

SCHEMA = {"x": tensor("uint8", [2000]), "tokens": tensor("int64", [None]), "name": text()}


def _zc(*arguments: str | Path) -> None:
    node = shutil.which("node")
    assert node is not None
    subprocess.run([node, str(ZC), *map(str, arguments)], check=True, capture_output=True)


def _sample(value: int) -> dict[str, Any]:
    return {
        "x": np.full(2000, value, np.uint8),
        "tokens": np.arange(value, dtype=np.int64),
        "name": f"n{value}",
    }


def _write(path: Path, values: range) -> Path:
    with DatasetWriter(path, SCHEMA, shard_bytes=10_000) as writer:
        for value in values:
            writer.append(_sample(value))
    return path


def _values(path: Path) -> list[int]:
    values = []
    for sample in (dataset := Dataset(path)).get_batch(range(len(dataset))):
        value = int(sample["name"][1:])
        expected = _sample(value)
        assert np.array_equal(sample["x"], expected["x"])
        assert np.array_equal(sample["tokens"], expected["tokens"])
        values.append(value)
    return values


def test_whole_shards_and_rows_in_stored_form(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "a", range(20)), _write(tmp_path / "b", range(20, 30))
    merged = tmp_path / "merged"
    _zc("merge", first, second, merged)
    assert _values(merged) == list(range(30))
    _zc("append", merged, first)
    assert _values(merged) == [*range(30), *range(20)]
    _zc("split", first, tmp_path / "parts", "--fractions", "train=0.8,test=0.2", "--seed", "7")
    parts = [_values(tmp_path / "parts" / name) for name in ("train", "test")]
    assert [len(part) for part in parts] == [16, 4]
    assert sorted(parts[0] + parts[1]) == list(range(20))


def test_shuffled_and_aligned(tmp_path: Path) -> None:
    first = _write(tmp_path / "a", range(20))
    _zc("reshard", first, tmp_path / "shuffled", "--shuffle-seed", "7")
    shuffled = _values(tmp_path / "shuffled")
    assert shuffled != list(range(20))
    assert sorted(shuffled) == list(range(20))
    _zc("reshard", first, tmp_path / "aligned", "--row-align", "512", "--shard-bytes", "1MB")
    assert _values(tmp_path / "aligned") == list(range(20))


def test_compressed(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    _zc("reshard", _write(tmp_path / "a", range(20)), tmp_path / "small", "--codec", "zstd")
    assert _values(tmp_path / "small") == list(range(20))
