"""The example of the founding document, word for word, on shards of raw float32 arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import zero_copy_loader as zc

SHAPE = (224, 224, 3)
ROWS_PER_SHARD = 4
EXAMPLE = """
from zero_copy_loader import DataLoader, to_numpy
import numpy as np
loader = DataLoader(["shard1.bin", "shard2.bin", "shard3.bin"])
sample = loader.get_sample(0)
array = to_numpy(sample, dtype=np.float32, shape=(224, 224, 3))
indices = [0, 1, 2, 3]
batch = loader.get_batch(indices)
arrays = [to_numpy(s, dtype=np.float32, shape=(224, 224, 3)) for s in batch]
loader.prefetch_next(count=2)
loader.wait_prefetch()
"""


def row(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(number).random(SHAPE, np.float32)


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for shard in range(3):
        with zc.ShardWriter(
            tmp_path / f"shard{shard + 1}.bin", {"data": zc.tensor("float32", SHAPE)}
        ) as writer:
            for number in range(ROWS_PER_SHARD):
                writer.append({"data": row(shard * ROWS_PER_SHARD + number)})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drop_pages(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def resident_bytes(path: Path) -> int:
    from zero_copy_loader.core import MappedFile

    return MappedFile(str(path)).resident_bytes(0, path.stat().st_size)


def own_memory_bytes() -> int:
    """RssAnon and RssShmem: what is the process's own, without mapped files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon", "RssShmem")))


def test_the_example_runs_word_for_word(shards: Path) -> None:
    paths = [shards / f"shard{number}.bin" for number in (1, 2, 3)]
    for path in paths:
        drop_pages(path)
    assert sum(resident_bytes(path) for path in paths[1:]) == 0
    names: dict[str, object] = {}
    exec(EXAMPLE, names)
    loader, array, batch, arrays = (names[name] for name in ("loader", "array", "batch", "arrays"))
    assert isinstance(loader, zc.DataLoader)
    assert isinstance(array, np.ndarray)
    assert isinstance(batch, list)
    assert isinstance(arrays, list)
    assert np.array_equal(array, row(0))
    assert all(np.array_equal(found, row(number)) for number, found in enumerate(arrays))
    # The last sample asked for lies in the first shard, so the two others are in the page cache now.
    assert [resident_bytes(path) for path in paths[1:]] == [path.stat().st_size for path in paths[1:]]
    loader.close()


def test_a_sample_shares_memory_with_the_shard(shards: Path) -> None:
    loader = zc.DataLoader([str(shards / "shard1.bin")])
    first = loader.get_sample(0)
    before = own_memory_bytes()
    array = zc.to_numpy(first, dtype=np.float32, shape=SHAPE)
    assert array.sum() > 0
    assert own_memory_bytes() - before < array.nbytes // 4
    ranges = [
        [int(end, 16) for end in line.split()[0].split("-")]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if line.endswith("shard1.bin")
    ]
    assert any(begin <= array.ctypes.data < end for begin, end in ranges)


def test_what_cannot_be_prefetched_is_reported(shards: Path) -> None:
    with zc.DataLoader([shards / f"shard{number}.bin" for number in (1, 2, 3)]) as loader:
        loader.get_sample(0)
        loader.prefetch_next(count=1)
        assert loader.wait_prefetch() == (shards / "shard2.bin").stat().st_size
        (shards / "shard2.bin").unlink()
        loader.prefetch_next(count=1)
        with pytest.raises(zc.ZcError, match=r"ZC_IO_OPEN.*shard2\.bin"):
            loader.wait_prefetch()
        loader.get_sample(11)
        loader.prefetch_next(count=5)
        assert loader.wait_prefetch() == 0
