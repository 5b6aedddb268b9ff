"""Batches that the native core takes off the socket by itself, and what it leaves to Python."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images
from helpers.interrupts import Interrupts
from helpers.trainers import eventually

torch = pytest.importorskip("torch")

import zero_copy_loader as zc  # noqa: E402
from zero_copy_loader import client  # noqa: E402
from zero_copy_loader.torch import DataLoader  # noqa: E402


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("taking") / "images")


def counted(batches: Any) -> tuple[Callable[[], Any], list[int]]:
    """The iterator's native way, which from here on notes the batches that came by it."""
    native, taken = batches._taker, []

    def take() -> Any:
        batch = native()
        if batch is not None:
            taken.append(len(batch["label"]))
        return batch

    batches._taker = take
    return native, taken


def test_plain_batches_come_by_one_native_call(images: Path) -> None:
    with DataLoader(images, batch_size=10, shuffle=True, seed=1) as loader:
        batches = iter(loader)
        _, taken = counted(batches)
        seen = [number for batch in batches for number in batch["label"].tolist()]
        assert sorted(seen) == list(range(100))
        assert len(taken) > 3
        stats = loader.stats()
        assert stats["batches"] == 10
        assert stats["loader"]["stalls"] + stats["loader"]["ready_batches"] >= 10
        assert stats["loader"]["waited_ms"] > 0


def test_numbers_of_samples_are_made_when_asked_for_and_keep_the_slot(images: Path) -> None:
    with DataLoader(images, batch_size=10) as loader:
        batch = next(iter(loader))
        assert not isinstance(batch._indices, torch.Tensor)
        indices = batch.indices
        assert indices is batch.indices
        del batch
        gc.collect()
        assert loader.stats()["server"]["held_batches"] >= 1
        assert indices.tolist() == list(range(10))


def test_a_batch_whose_numbers_nobody_asks_for_ends_its_lease(images: Path) -> None:
    with DataLoader(images, batch_size=50) as loader:
        assert len(list(loader)) == 2
        gc.collect()
        assert eventually(lambda: loader.stats()["server"]["held_batches"] == 0)


def test_two_loaders_take_turns_at_one_socket(images: Path) -> None:
    with DataLoader(images, batch_size=7) as first, DataLoader(images, batch_size=9) as second:
        seen: list[list[int]] = [[], []]
        for pair in zip(first, second, strict=False):
            for numbers, batch in zip(seen, pair, strict=True):
                numbers += batch["label"].tolist()
    # The first one's last batch is taken, and then there is none of the second's to go with it.
    assert seen == [list(range(7 * 12)), list(range(100))]


def test_nothing_is_taken_once_the_connection_has_ended(images: Path) -> None:
    loader = DataLoader(images, batch_size=10)
    batches = iter(loader)
    next(batches)
    native, _ = counted(batches)
    client.close_shared_client()
    # The number of the socket may be another file's by now.
    assert native() is None
    with pytest.raises(zc.ZcError, match="ZC_CLOSED"):
        next(batches)


def test_a_forked_child_takes_nothing(images: Path) -> None:
    loader = DataLoader(images, batch_size=10)
    batches = iter(loader)
    next(batches)
    native, _ = counted(batches)
    child = os.fork()
    if child == 0:
        os._exit(0 if native() is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert next(batches)["label"].tolist() == list(range(10, 20))
    loader.close()


def test_an_interrupt_loses_no_batch_that_was_not_counted(images: Path) -> None:
    interrupts = Interrupts(interval_s=0.002)
    with DataLoader(images, batch_size=4) as loader:
        next(iter(loader))

        def step() -> bool:
            for batch in loader:
                assert len(batch["label"]) == 4
            return interrupts.raised < 30

        interrupts.disturb(step)
        assert interrupts.sent == interrupts.raised >= 30
        loader.set_epoch(0)
        assert [number for batch in loader for number in batch["label"].tolist()] == list(range(100))


def test_a_batch_that_has_come_is_no_stall(images: Path) -> None:
    with DataLoader(images, batch_size=10) as loader:
        batches = iter(loader)
        next(batches)
        before = loader.stats()["loader"]
        time.sleep(0.2)
        next(batches)
        after = loader.stats()["loader"]
    assert after["stalls"] == before["stalls"]
    assert after["step_ms"] - before["step_ms"] >= 190
