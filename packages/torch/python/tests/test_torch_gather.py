"""Batches of a map-style dataset that one native call gathers: once every row of their shards was seen."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import write_images

torch = pytest.importorskip("torch")

import zero_copy_loader as zc  # noqa: E402
from zero_copy_loader.torch import Dataset  # noqa: E402

SAMPLES = 60


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("gather") / "images", samples=SAMPLES)


def all_seen(path: Path) -> Dataset:
    dataset = Dataset(path)
    # It is noticed with the first batch in which nothing was new.
    for _ in range(2):
        dataset.__getitems__(list(range(SAMPLES)))
    return dataset


def at_once(dataset: Any, indices: Any) -> Any:
    return dataset._gatherer.gather_at_once(indices)


def test_the_first_look_at_a_shard_checks_its_rows(images: Path) -> None:
    dataset = Dataset(images)
    assert at_once(dataset, [0]) is None
    for number in [*range(SAMPLES)] * 2:
        dataset.__getitems__([number])
    assert at_once(dataset, [0]) is not None


def test_it_is_what_is_gathered_field_by_field(images: Path) -> None:
    dataset, plain = all_seen(images), zc.Dataset(images)
    numbers = [59, 0, 17, 17, 30]
    gathered = at_once(dataset, numbers)
    expected = plain.__getitems__(numbers).batch
    assert len(gathered) == 5
    assert gathered.batch.way == "copied"
    assert gathered.batch.indices.tolist() == numbers
    for name, value in expected.items():
        assert gathered.batch[name].dtype == torch.from_numpy(value).dtype
        assert gathered.batch[name].numpy().tolist() == value.tolist()
    assert [row["label"].item() for row in gathered] == numbers


@pytest.mark.parametrize(
    "indices",
    [[60], [-1], [2**70], [True], [1.0], (1, 2), range(3), "12", None, [], torch.tensor([1, 2])],
    ids=repr,
)
def test_what_is_no_list_of_samples_is_left_to_the_longer_way(images: Path, indices: Any) -> None:
    assert at_once(all_seen(images), indices) is None


def test_numbers_that_are_no_samples_raise_as_before(images: Path) -> None:
    dataset = all_seen(images)
    with pytest.raises(zc.ZcError, match="ZC_INDEX_RANGE"):
        dataset.__getitems__([0, SAMPLES])
    assert dataset.__getitems__([-1]).batch["label"].tolist() == [SAMPLES - 1]


def test_batches_are_the_callers_own_and_their_memory_is_used_again(images: Path) -> None:
    dataset = all_seen(images)
    first = dataset.__getitems__([1, 2]).batch["image"]
    address, expected = first.data_ptr(), first.clone()
    first.zero_()
    second = dataset.__getitems__([1, 2]).batch["image"]
    assert second.data_ptr() != address
    assert torch.equal(second, expected)
    del first
    assert dataset.__getitems__([1, 2]).batch["image"].data_ptr() == address


def test_memory_lives_as_long_as_any_part_of_a_batch(images: Path) -> None:
    dataset = all_seen(images)
    batch = dataset.__getitems__([5, 6, 7]).batch
    row, indices = batch["label"][1:2], batch.indices
    del batch, dataset
    assert (row.tolist(), indices.tolist()) == ([6], [5, 6, 7])


def test_a_closed_dataset_says_so(images: Path) -> None:
    dataset = all_seen(images)
    dataset.close()
    with pytest.raises(zc.ZcError, match="ZC_CLOSED"):
        dataset.__getitems__([0])


def test_a_shard_that_is_cut_short_is_told(images: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(images, tmp_path / "images"))
    dataset = all_seen(path)
    for shard in path.glob("*.zcs"):
        os.truncate(shard, 100)
    with pytest.raises(zc.ZcError, match="ZC_IO_POISONED"):
        dataset.__getitems__([0, 1])


def test_threads_gather_side_by_side(images: Path) -> None:
    dataset = all_seen(images)
    wrong: list[Any] = []

    def gather(seed: int) -> None:
        for step in range(200):
            numbers = [(seed * 7 + step * 3 + each) % SAMPLES for each in range(8)]
            found = dataset.__getitems__(numbers).batch["label"].tolist()
            if found != numbers:
                wrong.append((numbers, found))

    threads = [threading.Thread(target=gather, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_shard_with_booleans_is_gathered_field_by_field(tmp_path: Path) -> None:
    """For their bytes are looked at each time."""
    with zc.DatasetWriter(tmp_path / "flags", schema={"flag": zc.field.scalar("bool")}) as writer:
        for number in range(10):
            writer.append({"flag": number % 3 == 0})
    dataset = Dataset(tmp_path / "flags")
    for _ in range(2):
        assert dataset.__getitems__([0, 1, 3]).batch["flag"].tolist() == [True, False, True]
    assert at_once(dataset, [0]) is None
