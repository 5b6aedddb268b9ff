"""Functions of the user's own between the server and the training loop, without torch."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.compare import assert_same_value
from helpers.datasets import ragged_sample, write_images, write_ragged
from helpers.trainers import eventually

THREADS = [0, 1, 3]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("transform") / "images", side=8)


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("transform") / "ragged")


def note_of(error: BaseException) -> str:
    """The note that Python 3.11 shows below the error."""
    (note,) = vars(error)["__notes__"]
    return str(note)


@pytest.mark.parametrize("threads", THREADS)
def test_each_sample_is_transformed_and_the_order_is_kept(images: Path, threads: int) -> None:
    dataset = zc.Dataset(images)

    def transform(sample: dict[str, Any]) -> dict[str, Any]:
        # The first of a batch is the last to be done.
        time.sleep(0.002 if sample["label"] % 10 == 0 else 0)
        return {"mean": sample["image"].mean(), "label": sample["label"], "image": sample["image"][:2]}

    with zc.DataLoader(
        images, batch_size=10, shuffle=True, transform=transform, transform_threads=threads
    ) as loader:
        for _ in range(2):
            seen: list[int] = []
            for batch in loader:
                assert batch["label"].tolist() == batch.indices.tolist()
                for row, number in enumerate(batch["label"].tolist()):
                    assert batch["mean"][row] == dataset[number]["image"].mean()
                    assert_same_value(batch["image"][row], dataset[number]["image"][:2])
                seen += batch["label"].tolist()
            assert sorted(seen) == list(range(100))


@pytest.mark.parametrize("threads", THREADS)
def test_collate_gets_a_list_of_samples_of_every_kind(ragged: Path, threads: int) -> None:
    def collate(samples: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
        return len(samples), samples

    with zc.DataLoader(ragged, batch_size=16, collate_fn=collate, transform_threads=threads) as loader:
        given = list(loader)
    assert [count for count, _ in given] == [16, 16, 8]
    for number, sample in enumerate(sample for _, samples in given for sample in samples):
        for name, expected in ragged_sample(number).items():
            assert_same_value(sample[name], expected)


def test_a_transform_comes_before_the_collate(images: Path) -> None:
    with zc.DataLoader(
        images, batch_size=4, transform=lambda sample: int(sample["label"]) * 2, collate_fn=sum
    ) as loader:
        assert next(iter(loader)) == 12


def test_samples_are_views_that_keep_their_batch(images: Path) -> None:
    dataset = zc.Dataset(images)

    def collate(samples: list[dict[str, Any]]) -> Any:
        samples[0]["image"] += 1
        return samples[0]["image"], samples[1]["image"]

    with zc.DataLoader(images, batch_size=5, collate_fn=collate, transform_threads=2) as loader:
        for _ in range(2):
            kept = list(loader)
            for number, (changed, same) in enumerate(kept):
                assert_same_value(changed, dataset[number * 5]["image"] + np.uint8(1))
                assert_same_value(same, dataset[number * 5 + 1]["image"])
                assert not changed.flags.owndata
        del kept, changed, same
        gc.collect()
        assert eventually(lambda: loader.stats()["server"]["held_batches"] == 0)


@pytest.mark.parametrize("threads", THREADS)
def test_an_error_is_the_users_own_and_names_the_sample(images: Path, threads: int) -> None:
    class MineError(Exception):
        pass

    def transform(sample: dict[str, Any]) -> dict[str, Any]:
        if sample["label"] in (33, 38):
            raise MineError("no good")
        return sample

    with zc.DataLoader(images, batch_size=10, transform=transform, transform_threads=threads) as loader:
        iterator = iter(loader)
        assert [next(iterator)["label"][0] for _ in range(3)] == [0, 10, 20]
        with pytest.raises(MineError, match="no good") as raised:
            next(iterator)
        assert "in transform of sample 33, row 3 of batch 3" in note_of(raised.value)
        assert list(iterator) == []
        assert loader.state_dict()["position"] == 30
        assert next(iter(loader))["label"].tolist() == list(range(10))


def test_an_error_of_a_collate_function_names_the_samples(images: Path) -> None:
    def collate(samples: list[dict[str, Any]]) -> Any:
        raise KeyError(len(samples))

    with zc.DataLoader(images, batch_size=20, shuffle=True, collate_fn=collate) as loader:
        with pytest.raises(KeyError) as raised:
            next(iter(loader))
        assert "in collate_fn of batch 0, samples " in note_of(raised.value)
        assert note_of(raised.value).endswith(", …")


def test_a_stop_iteration_is_not_the_end_of_the_epoch(images: Path) -> None:
    with (
        zc.DataLoader(images, transform=lambda _: next(iter(()))) as loader,
        pytest.raises(RuntimeError, match="raised StopIteration"),
    ):
        list(loader)


@pytest.mark.parametrize("threads", [0, 2])
def test_what_was_not_handed_out_does_not_count(images: Path, threads: int) -> None:
    def loader() -> zc.DataLoader:
        return zc.DataLoader(
            images,
            batch_size=10,
            shuffle=True,
            transform=lambda sample: sample,
            transform_threads=threads,
            prefetch_batches=4,
        )

    with loader() as whole:
        expected = [batch["label"].tolist() for batch in whole]
        assert whole.state_dict()["epoch"] == 1
    with loader() as first:
        iterator = iter(first)
        before = [next(iterator)["label"].tolist() for _ in range(3)]
        time.sleep(0.05)
        state = first.state_dict()
        assert state["position"] == 30
    with loader() as second:
        second.load_state_dict(state)
        assert before + [batch["label"].tolist() for batch in second] == expected


def test_a_sampler_and_a_transform_get_on(images: Path) -> None:
    order = [5, 3, 99, 7, 7, 1]

    def sampled() -> Any:
        yield from order
        raise LookupError("the sampler's")

    with zc.DataLoader(images, batch_size=2, sampler=sampled(), transform=lambda sample: sample) as loader:
        iterator = iter(loader)
        assert [next(iterator)["label"].tolist() for _ in range(3)] == [[5, 3], [99, 7], [7, 1]]
        with pytest.raises(LookupError, match="the sampler's"):
            next(iterator)


def test_a_newer_iteration_is_told(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10, transform=lambda sample: sample) as loader:
        first = iter(loader)
        next(first)
        second = iter(loader)
        with pytest.raises(zc.ZcError, match="ZC_SUPERSEDED"):
            next(first)
        assert len(list(second)) == 10
        assert list(second) == []


def workers() -> int:
    """Threads that work on batches."""
    return sum(thread.name.removeprefix("zero-copy-loader-").isdigit() for thread in threading.enumerate())


def test_threads_work_ahead_and_end_with_the_loader(images: Path) -> None:
    begun: set[int] = set()

    def transform(sample: dict[str, Any]) -> Any:
        begun.add(int(sample["label"]) // 10)
        return sample

    assert workers() == 0
    with zc.DataLoader(images, batch_size=10, transform=transform, transform_threads=2) as loader:
        iterator = iter(loader)

        def works_ahead() -> bool:
            number = int(next(iterator)["label"][0]) // 10
            time.sleep(0.01)
            return number + 1 in begun

        assert any(works_ahead() for _ in range(9))
        assert workers() == 2
    assert workers() == 0


def test_a_loader_that_is_forgotten_leaves_no_threads(images: Path) -> None:
    loader = zc.DataLoader(images, batch_size=10, transform=lambda sample: sample, transform_threads=2)
    assert len(list(loader)) == 10
    assert workers() == 2
    del loader
    gc.collect()
    assert eventually(lambda: workers() == 0)


def test_the_default_is_a_thread_a_core(images: Path) -> None:
    names = set()

    def transform(sample: dict[str, Any]) -> Any:
        names.add(threading.current_thread().name)
        time.sleep(0.001)
        return sample

    with zc.DataLoader(images, batch_size=50, transform=transform) as loader:
        list(loader)
    assert len(names) == min(len(os.sched_getaffinity(0)), 8)


def test_a_batch_that_lost_all_its_rows(tmp_path: Path) -> None:
    with zc.DatasetWriter(tmp_path / "set") as writer:
        for number in range(4):
            writer.append({"image": np.full((64, 64), number + 1, np.uint8), "label": np.int64(number)})
    [path] = (tmp_path / "set").glob("*.zcs")
    content = bytearray(path.read_bytes())
    for number in (2, 3):
        content[content.index(bytes([number + 1] * 4096)) + 100] = 99
    path.write_bytes(content)
    options: dict[str, Any] = {"batch_size": 2, "on_corrupt": "skip"}
    with zc.DataLoader(tmp_path / "set", transform=lambda sample: sample, **options) as loader:
        assert [batch["image"].shape for batch in loader] == [(2, 64, 64), (0, 64, 64)]
    with zc.DataLoader(tmp_path / "set", collate_fn=len, **options) as loader:
        assert list(loader) == [2, 0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"transform": 3}, "transform must be a function, not 3"),
        ({"collate_fn": "stack"}, "collate_fn must be a function"),
        ({"transform_threads": 2}, "neither a transform nor a collate_fn"),
        ({"transform": len, "transform_threads": -1}, "transform_threads must be a whole number from 0 on"),
    ],
)
def test_what_does_not_fit_is_refused(images: Path, options: Any, says: str) -> None:
    with pytest.raises(zc.ZcError, match=says) as raised:
        zc.DataLoader(images, **options)
    assert raised.value.code == "ZC_ARGUMENT"
