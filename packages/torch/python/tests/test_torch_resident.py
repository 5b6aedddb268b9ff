"""Batches that this process gathers itself, once all rows lie in memory and were found right."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.datasets import write_images, write_ragged
from helpers.trainers import eventually

torch = pytest.importorskip("torch")

import zero_copy_loader as zc  # noqa: E402
from zero_copy_loader import protocol, resident_rows  # noqa: E402
from zero_copy_loader.gathered_iteration import GatheredIteration  # noqa: E402
from zero_copy_loader.torch import DataLoader  # noqa: E402

SAMPLES = 103


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("resident") / "images", samples=SAMPLES)


@pytest.fixture
def copy(images: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(images, tmp_path / "images"))


def gathers(loader: DataLoader, epochs: int = 3) -> bool:
    """Whether it comes to gather its batches itself; leaves it at the beginning of an epoch."""
    for _ in range(epochs):
        for _ in loader:
            pass
        if loader._resident is not None and loader._resident._thread is not None:
            loader._resident._thread.join()
    return isinstance(iter(loader), GatheredIteration)


def gathering(path: Path, **options: Any) -> DataLoader:
    loader = DataLoader(path, **{"batch_size": 10, "shuffle": True, "seed": 5, **options})
    assert gathers(loader)
    return loader


def labels(batches: Any) -> list[list[int]]:
    return [batch["label"].tolist() for batch in batches]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shuffle": False},
        {"drop_last": True},
        {"rank": 1, "world_size": 3},
        {"shuffle": zc.BlockShuffle(blocks=8192, window=40)},
        {"batch_size": 1},
        {"batch_size": 1000},
        {"fields": ["label"]},
        {"prefetch_batches": 5},
    ],
    ids=str,
)
def test_the_batches_are_those_that_the_server_reads(images: Path, options: dict[str, Any]) -> None:
    chosen = {"batch_size": 10, "shuffle": True, "seed": 5, **options}
    with gathering(images, **chosen) as loader, DataLoader(images, mode="copied", **chosen) as served:
        for epoch in (3, 4):
            loader.set_epoch(epoch)
            served.set_epoch(epoch)
            iteration = iter(loader)
            assert isinstance(iteration, GatheredIteration)
            count = 0
            for ours, theirs in zip(iteration, served, strict=True):
                assert ours.keys() == theirs.keys()
                assert ours.indices.tolist() == theirs.indices.tolist()
                for name, value in theirs.items():
                    assert ours[name].dtype == value.dtype
                    assert torch.equal(ours[name], value)
                count += 1
            assert count == len(loader)
            assert loader.state_dict() == served.state_dict()


def test_a_long_order_comes_in_parts(tmp_path: Path) -> None:
    with zc.DatasetWriter(tmp_path / "long") as writer:
        for number in range(100_000):
            writer.append({"label": np.int64(number)})
    with gathering(tmp_path / "long", batch_size=7) as loader:
        seen = np.concatenate([batch["label"].numpy() for batch in loader])
        assert len(seen) == 100_000
        assert np.array_equal(np.sort(seen), np.arange(100_000))


def test_it_goes_on_where_a_state_was_taken(images: Path) -> None:
    with gathering(images) as loader:
        batches = iter(loader)
        first = [next(batches)["label"].tolist() for _ in range(4)]
        state = loader.state_dict()
        rest = labels(batches)
        assert sorted(number for batch in first + rest for number in batch) == list(range(SAMPLES))
        loader.load_state_dict(state)
        assert isinstance(again := iter(loader), GatheredIteration)
        assert labels(again) == rest
        with DataLoader(images, batch_size=10, shuffle=True, seed=5) as other:
            other.load_state_dict(state)
            assert labels(other) == rest


def test_batches_are_the_callers_own(images: Path) -> None:
    with gathering(images, shuffle=False) as loader:
        first = [*loader]
        for batch in first:
            batch["image"].zero_()
            batch["label"].fill_(-1)
        second = [*loader]
        expected = zc.Dataset(images)
        for number, image in enumerate(torch.cat([batch["image"] for batch in second])):
            assert np.array_equal(image.numpy(), expected[number]["image"])
        assert all((batch["label"] == -1).all() for batch in first)


def test_it_keeps_to_the_memory_that_it_may_have(images: Path) -> None:
    budget = 600_000
    with gathering(images, max_memory_bytes=budget) as loader:
        # The images, the labels and the samples' numbers each begin on a page.
        most = budget // (5 * 4096 + 4096 + 4096)
        assert len([*loader]) == 11
        kept: list[Any] = []

        def keep() -> None:
            while True:
                kept.extend(loader)

        with pytest.raises(zc.ZcError, match="are held") as raised:
            keep()
        assert raised.value.code == "ZC_MEMORY_BUDGET"
        assert most - 2 <= len(kept) <= most
        kept.clear()
        del raised
        gc.collect()
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES


def test_only_what_needs_nothing_else_is_gathered(images: Path, tmp_path: Path) -> None:
    ragged = write_ragged(tmp_path / "ragged")
    with zc.DatasetWriter(tmp_path / "flags") as writer:
        for number in range(50):
            writer.append({"flag": np.array([number % 2 == 0] * 64), "label": np.int64(number)})
    others: list[tuple[Path, dict[str, Any]]] = [
        (images, {"mode": "copied"}),
        (images, {"verify": "always"}),
        (images, {"on_corrupt": "skip"}),
        (images, {"page_cache_budget": 4096}),
        (images, {"collate_fn": lambda samples: samples, "transform_threads": 0}),
        (images, {"sampler": range(50), "shuffle": None}),
        (ragged, {}),
        (tmp_path / "flags", {}),
    ]
    for path, options in others:
        with DataLoader(path, **{"batch_size": 10, "shuffle": True, **options}) as loader:
            assert not gathers(loader), options
    with zc.DataLoader(images, batch_size=10) as loader:
        assert not gathers(loader)  # type: ignore[arg-type]


def test_rows_that_left_memory_are_read_by_the_server(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident_rows, "LOOKS_EVERY_S", 0.0)
    with gathering(copy) as loader:
        for shard in copy.glob("*.zcs"):
            with shard.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert loader._resident is not None
        resident = [shard.mapped.resident_bytes(0, shard.size_bytes) for shard in loader._resident._shards]
        if sum(resident) == 0:
            assert not isinstance(iter(loader), GatheredIteration)
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES
        assert gathers(loader)


def test_a_corrupt_row_is_left_to_the_server(copy: Path) -> None:
    shard = sorted(copy.glob("*.zcs"))[1]
    with DataLoader(copy, batch_size=10) as loader:
        assert len([*loader]) == 11
        content = bytearray(shard.read_bytes())
        content[4096 + 5] ^= 1
        shard.write_bytes(content)
        assert not gathers(loader, epochs=1)
        assert loader._resident is not None
        assert loader._resident._refused


def test_another_dataset_at_the_same_path_is_not_taken_for_it(copy: Path, tmp_path: Path) -> None:
    with DataLoader(copy, batch_size=10) as loader:
        assert len([*loader]) == 11
        shutil.move(copy, tmp_path / "former")
        shutil.copytree(write_images(tmp_path / "new", samples=SAMPLES, side=24, shards=3), copy)
        for entry in copy.glob("*.json"):
            entry.unlink()
        write_images(tmp_path / "other", samples=SAMPLES)
        assert not gathers(loader, epochs=1)


def test_a_file_that_is_cut_short_is_a_typed_error(copy: Path) -> None:
    shard = sorted(copy.glob("*.zcs"))[1]
    with gathering(copy, prefetch_batches=1) as loader:
        batches = iter(loader)
        next(batches)
        os.truncate(shard, 4096)
        with pytest.raises(zc.ZcError) as raised:
            for _ in batches:
                pass
        assert raised.value.code == "ZC_IO_POISONED"
        assert raised.value.path == str(shard)
        assert not isinstance(iter(loader), GatheredIteration)


def test_a_newer_iteration_ends_the_former(images: Path) -> None:
    with gathering(images) as loader:
        former = iter(loader)
        next(former)
        newer = iter(loader)
        assert len(labels(newer)) == 11
        with pytest.raises(zc.ZcError, match="newer iteration"):
            next(former)
        left = iter(loader)
        next(left)
    with pytest.raises(StopIteration):
        next(left)


def test_a_server_that_ends_is_a_typed_error_once_it_is_needed(images: Path) -> None:
    with gathering(images, batch_size=1) as loader:
        batches = iter(loader)
        next(batches)
        os.kill(loader.stats()["server_pid"], signal.SIGKILL)
        # The order has come.
        assert len([*batches]) == SAMPLES - 1
        with pytest.raises(zc.ZcError) as raised:
            iter(loader)
        assert raised.value.code == "ZC_TORCH_SERVER_GONE"
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES


def test_threads_may_share_an_iterator(images: Path) -> None:
    with gathering(images, batch_size=1) as loader:
        for _ in range(5):
            batches = iter(loader)
            seen: list[int] = []

            def take(batches: Any = batches, seen: list[int] = seen) -> None:
                for batch in batches:
                    seen.extend(batch["label"].tolist())

            threads = [threading.Thread(target=take) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(seen) == list(range(SAMPLES))


def test_a_forked_child_is_refused_and_harms_nobody(images: Path) -> None:
    with gathering(images, batch_size=1) as loader:
        batches = iter(loader)
        next(batches)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                while True:
                    next(batches)
            except zc.ZcError as error:
                status = 0 if error.code == "ZC_TORCH_FORKED" else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len([*batches]) == SAMPLES - 1


@pytest.mark.parametrize("change", ["another batch", "no sample", "part of a batch"])
def test_an_order_that_breaks_the_protocol_ends_the_connection(
    images: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    decode = protocol.decode_order

    def changed(payload: bytes) -> Any:
        first, samples = decode(payload)
        if change == "another batch":
            first += 1
        elif change == "no sample":
            samples[3] = SAMPLES
        else:
            samples = samples[:-1][:15]
        return first, samples

    with gathering(images) as loader:
        monkeypatch.setattr(protocol, "decode_order", changed)
        with pytest.raises(zc.ZcError) as raised:
            next(iter(loader))
        assert raised.value.code == "ZC_TORCH_PROTOCOL"


def test_statistics_count_what_was_gathered(images: Path) -> None:
    with gathering(images) as loader:
        before = loader.stats()["loader"]
        for _ in loader:
            time.sleep(0.002)
        after = loader.stats()
        assert after["batches"] == 11
        found = after["loader"]
        assert found["batches"] - before["batches"] == 11
        assert found["samples"] - before["samples"] == SAMPLES
        assert found["bytes_copied"] - before["bytes_copied"] >= SAMPLES * 24 * 24 * 3
        assert found["step_ms"] > before["step_ms"]
        assert found["stalls"] - before["stalls"] + found["ready_batches"] - before["ready_batches"] == 11


def test_nothing_is_left_of_loaders_that_have_ended(images: Path) -> None:
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    def maps() -> int:
        return Path("/proc/self/maps").read_text().count(str(images))

    gc.collect()
    threads_before, maps_before = threads(), maps()
    for _ in range(5):
        loader = gathering(images)
        batches = iter(loader)
        next(batches)
        loader.close()
        del loader, batches
    gc.collect()
    eventually(lambda: threads() <= threads_before + 1 and maps() <= maps_before)


def test_without_a_limit_large_batches_never_fail(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident_rows, "default_budget", lambda: 1)
    with gathering(images, prefetch_batches=1) as loader:
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES
    with DataLoader(images, batch_size=10, max_memory_bytes=80_000) as loader:
        # Too little for batches that lie ready: the server reads.
        assert not gathers(loader)


def test_a_file_of_another_name_is_left_to_the_server(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident_rows, "LOOKS_EVERY_S", 0.0)
    with gathering(copy) as loader:
        shard = sorted(copy.glob("*.zcs"))[0]
        shutil.move(shard, tmp_path / "elsewhere")
        assert not isinstance(iter(loader), GatheredIteration)
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES


def test_without_another_thread_the_server_reads(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with DataLoader(images, batch_size=10) as loader:
        assert len([*loader]) == 11
        monkeypatch.setattr(threading.Thread, "start", refuse)
        assert len([*loader]) == 11


def test_an_ended_iteration_holds_no_memory(images: Path) -> None:
    with gathering(images, max_memory_bytes=200_000) as loader:
        for _ in range(10):
            former = iter(loader)
            next(former)
        assert sum(len(batch["label"]) for batch in loader) == SAMPLES


def test_the_check_ends_with_its_loader(images: Path) -> None:
    loader = DataLoader(images, batch_size=10)
    assert len([*loader]) == 11
    iter(loader)
    resident = loader._resident
    assert resident is not None
    del loader
    gc.collect()
    assert resident._refused
