"""Orders that the user's own samplers give, on the real server, without torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("sampler") / "images", side=8)


def batches(loader: zc.DataLoader) -> list[list[int]]:
    return [batch["label"].tolist() for batch in loader]


class Walk:
    """An order that goes on from epoch to epoch, unless it is told otherwise; it can save where it is."""

    def __init__(self) -> None:
        self.at = 1
        self.left = 0
        self.loaded = 0
        self.epochs: list[int] = []

    def __iter__(self) -> Iterator[int]:
        if not self.left:
            self.left = 23
        while self.left:
            self.left -= 1
            self.at = self.at * 37 % 101
            yield self.at - 1

    def set_epoch(self, epoch: int) -> None:
        self.epochs.append(epoch)
        self.at, self.left = epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        return {"at": self.at, "left": self.left}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.loaded += 1
        self.at, self.left = state["at"], state["left"]


@pytest.mark.parametrize("prefetch", [None, 1, 40])
@pytest.mark.parametrize("drop_last", [False, True])
def test_ids_come_in_the_samplers_order(images: Path, prefetch: int | None, drop_last: bool) -> None:
    order = [7, 7, 99, 0, 3, *range(60, 20, -1)]
    with zc.DataLoader(
        images, batch_size=4, sampler=order, drop_last=drop_last, prefetch_batches=prefetch
    ) as loader:
        expected = [order[at : at + 4] for at in range(0, 44 if drop_last else 48, 4)]
        assert len(loader) == len(expected)
        for _ in range(3):
            assert batches(loader) == expected


@pytest.mark.parametrize(
    "lists",
    [
        [[1, 2], [3], [4, 5, 6, 7, 8, 9]],
        [np.array([5, 6]), np.arange(40, dtype=np.uint8)],
        [(np.int64(3), 4, np.uint16(5))],
        [range(10)],
        [],
    ],
)
def test_a_batch_sampler_gives_batches_of_any_size(images: Path, lists: list[Any]) -> None:
    with zc.DataLoader(images, batch_sampler=lists) as loader:
        assert len(loader) == len(lists)
        assert batches(loader) == [[int(number) for number in each] for each in lists]


def test_a_batch_of_thousands_of_ids_takes_several_frames(images: Path) -> None:
    order = [number * 7 % 100 for number in range(20_000)]
    with zc.DataLoader(images, batch_size=7000, sampler=order, fields=["label"]) as loader:
        assert batches(loader) == [order[:7000], order[7000:14000], order[14000:]]


def test_a_generator_is_one_epoch(images: Path) -> None:
    with zc.DataLoader(images, batch_size=2, sampler=(number for number in (3, 1, 2))) as loader:
        assert batches(loader) == [[3, 1], [2]]
        assert batches(loader) == []
        with pytest.raises(TypeError, match="len"):
            len(loader)


def test_no_more_is_asked_ahead_than_the_server_wants(images: Path) -> None:
    asked = 0

    def counting() -> Iterator[int]:
        nonlocal asked
        for number in range(100):
            asked += 1
            yield number

    with zc.DataLoader(images, batch_size=2, sampler=counting(), prefetch_batches=3) as loader:
        iterator = iter(loader)
        assert 6 <= asked <= 10
        for _ in range(4):
            next(iterator)
        assert 14 <= asked <= 40
        assert sum(len(batch["label"]) for batch in iterator) == 92


def test_what_a_sampler_raises_comes_at_its_batch(images: Path) -> None:
    class MineError(Exception):
        pass

    def failing() -> Iterator[int]:
        yield from range(7)
        raise MineError("mine")

    with zc.DataLoader(images, batch_size=2, sampler=failing()) as loader:
        iterator = iter(loader)
        assert [next(iterator)["label"].tolist() for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]
        with pytest.raises(MineError, match="mine"):
            next(iterator)
        assert list(iterator) == []
        assert loader.state_dict()["position"] == 6


@pytest.mark.parametrize(
    ("lists", "code", "says"),
    [
        (
            [[1], [2, 100]],
            "ZC_INDEX_RANGE",
            "gave 100 at place 1 of batch 1, and the dataset has 100 samples",
        ),
        ([[1], [-1]], "ZC_INDEX_RANGE", "gave -1 at place 0 of batch 1"),
        ([[1], []], "ZC_ARGUMENT", "for batch 1 the sampler gave 0 ids"),
        ([[1], [0.5]], "ZC_ARGUMENT", r"for batch 1 the sampler gave \[0.5\]"),
        ([[1], ["one"]], "ZC_ARGUMENT", "for batch 1"),
        ([[1], 7], "ZC_ARGUMENT", "for batch 1 the sampler gave 7"),
        ([[1], [2**70]], "ZC_ARGUMENT", "for batch 1"),
    ],
)
def test_what_is_no_id_is_named(images: Path, lists: list[Any], code: str, says: str) -> None:
    with zc.DataLoader(images, batch_sampler=lists) as loader:
        iterator = iter(loader)
        assert next(iterator)["label"].tolist() == [1]
        with pytest.raises(zc.ZcError, match=says) as raised:
            next(iterator)
        assert raised.value.code == code


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sampler": [1], "shuffle": True}, "sampler and shuffle cannot both be given"),
        ({"sampler": [1], "batch_sampler": [[1]]}, "batch_sampler and sampler cannot both be given"),
        ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler and batch_size cannot both be given"),
        ({"batch_sampler": [[1]], "drop_last": True}, "batch_sampler and drop_last cannot both be given"),
        ({"batch_sampler": [[1]], "shuffle": True}, "batch_sampler and shuffle cannot both be given"),
        ({"sampler": [1], "rank": 0, "world_size": 2}, "sampler and rank cannot both be given"),
        ({"sampler": 7}, "sampler must be an iterable"),
        ({"batch_sampler": "12"}, "batch_sampler must be an iterable"),
    ],
)
def test_other_orders_beside_a_sampler_are_refused(images: Path, options: Any, says: str) -> None:
    with pytest.raises(zc.ZcError, match=says) as raised:
        zc.DataLoader(images, **options)
    assert raised.value.code == "ZC_ARGUMENT"


class Steps:
    """An iterator that can save where it is, over an order that cannot."""

    def __init__(self) -> None:
        self.at = 0

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> int:
        self.at += 1
        if self.at > 18:
            raise StopIteration
        return self.at * 13 % 100

    def state_dict(self) -> dict[str, int]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.at = state["at"]


class OfSteps:
    def __iter__(self) -> Steps:
        return Steps()


ORDERS: dict[str, Any] = {
    "an iterator with a state": {"sampler": OfSteps(), "batch_size": 4},
    "a list": {"sampler": [number * 7 % 100 for number in range(23)], "batch_size": 4},
    "a sampler with a state": {"sampler": Walk(), "batch_size": 4},
    "batches": {"batch_sampler": [[1], [2, 3], [4, 5, 6], [7, 8]]},
}


@pytest.mark.parametrize("kind", ORDERS)
def test_a_job_goes_on_behind_what_was_handed_out(images: Path, kind: str) -> None:
    def loader() -> zc.DataLoader:
        return zc.DataLoader(images, prefetch_batches=3, **copy.deepcopy(ORDERS[kind]))

    with loader() as whole:
        expected = batches(whole)
    for taken in range(len(expected) + 1):
        with loader() as first:
            iterator = iter(first)
            before = [next(iterator)["label"].tolist() for _ in range(taken)]
            saved = json.loads(json.dumps(first.state_dict()))
        with loader() as second:
            second.load_state_dict(saved)
            assert second.state_dict() == saved
            assert saved["epoch"] == (taken == len(expected))
            after = batches(second) if taken < len(expected) else []
        assert before + after == expected


def test_a_state_belongs_to_its_kind_of_order(images: Path) -> None:
    with (
        zc.DataLoader(images) as plain,
        zc.DataLoader(images, sampler=[1, 2]) as ids,
        zc.DataLoader(images, batch_sampler=[[1, 2]]) as lists,
    ):
        for one, other in ((plain, ids), (ids, lists), (lists, plain)):
            with pytest.raises(zc.ZcError, match="the state's sampler is"):
                one.load_state_dict(other.state_dict())
        with_state = {**ids.state_dict(), "sampler": {"counts": "samples", "state": {"at": 1}}}
        ids.load_state_dict(with_state)
        with pytest.raises(zc.ZcError, match="ZC_STATE_MISMATCH"):
            next(iter(ids))


def test_the_epoch_is_told_to_a_sampler_that_wants_it(images: Path) -> None:
    walk = Walk()
    with zc.DataLoader(images, batch_size=4, sampler=walk) as loader:
        loader.set_epoch(5)
        iterator = iter(loader)
        before = [next(iterator)["label"].tolist() for _ in range(2)]
        saved = loader.state_dict()
        rest = [batch["label"].tolist() for batch in iterator]
        loader.load_state_dict(saved)
        # As a training loop does at the beginning of each epoch, that of the state included.
        loader.set_epoch(5)
        assert batches(loader) == rest
        loader.set_epoch(5)
        assert batches(loader) == before + rest
    assert walk.epochs == [5, 5, 5]


def test_a_sampler_may_be_left_and_begun_again(images: Path) -> None:
    let_go = 0

    class Counting:
        def __iter__(self) -> Iterator[int]:
            nonlocal let_go
            try:
                yield from range(100)
            finally:
                let_go += 1

    with zc.DataLoader(images, batch_size=5, sampler=Counting()) as loader:
        for _ in range(3):
            for _batch in loader:
                break
        assert len(list(loader)) == 20
    del loader
    assert let_go == 4
