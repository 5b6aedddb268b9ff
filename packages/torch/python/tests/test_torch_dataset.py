"""The map-style dataset in torch's own loader: default collate and ours, with and without workers."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.datasets import ragged_sample, write_images, write_ragged

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader, Subset  # noqa: E402

import zero_copy_loader as zc  # noqa: E402
from zero_copy_loader.torch import Dataset, Packed, collate  # noqa: E402

SAMPLES = 60


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("data") / "images", samples=SAMPLES)


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("data") / "ragged")


def check(batch: Any, plain: zc.Dataset) -> list[int]:
    """Compares a batch of `images` with its samples one by one; gives their numbers."""
    labels: list[int] = batch["label"].tolist()
    for image, number in zip(batch["image"], labels, strict=True):
        assert (image.numpy() == plain[number]["image"]).all()
    return labels


@pytest.mark.parametrize("collate_fn", [None, collate])
@pytest.mark.parametrize("kind", [zc.Dataset, Dataset])
def test_in_this_process(images: Path, collate_fn: Any, kind: type[zc.Dataset]) -> None:
    dataset: Any = kind(images)
    loader: DataLoader[Any] = DataLoader(dataset, batch_size=16, shuffle=True, collate_fn=collate_fn)
    for _ in range(2):
        seen = [number for batch in loader for number in check(batch, zc.Dataset(images))]
        assert sorted(seen) == list(range(SAMPLES))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_in_workers(images: Path, method: str) -> None:
    dataset = Dataset(images)
    plain = zc.Dataset(images)
    # Used before: what the children inherit or get is in the middle of its life.
    kept = dataset.__getitems__(range(10)).batch
    loader = DataLoader(
        dataset,
        batch_size=8,
        shuffle=True,
        num_workers=2,
        persistent_workers=True,
        multiprocessing_context=method,
        collate_fn=collate if method == "fork" else None,
    )
    for _ in range(2):
        seen = [number for batch in loader for number in check(batch, plain)]
        assert sorted(seen) == list(range(SAMPLES))
    assert check(kept, plain) == list(range(10))
    assert check(dataset.__getitems__([9, 3]).batch, plain) == [9, 3]


def test_a_batch_is_handed_on_and_copied_nowhere(images: Path) -> None:
    dataset = Dataset(images)
    rows = dataset.__getitems__([4, 2])
    batch = collate(rows)
    assert batch["image"].data_ptr() == rows.batch["image"].data_ptr()
    assert batch["image"].is_contiguous()
    assert batch["image"].untyped_storage().nbytes() == batch["image"].nbytes
    assert batch.indices.tolist() == [4, 2]
    assert torch.utils.data.default_collate(rows)["label"].tolist() == [4, 2]


def test_samples_that_were_changed_are_stacked(images: Path) -> None:
    dataset = Dataset(images)

    class Changed:
        def __init__(self, change: Any) -> None:
            self.change = change

        def __len__(self) -> int:
            return len(dataset)

        def __getitems__(self, ids: list[int]) -> Sequence[Any]:
            rows = dataset.__getitems__(ids)
            return self.change(rows) or rows

    def last(rows: Any) -> None:
        rows[len(rows) - 1]["label"] = torch.tensor(-1)

    def first(rows: Any) -> None:
        rows[0]["label"] = torch.tensor(-1)

    def renamed(rows: Any) -> list[dict[str, Any]]:
        return [{"y": row["label"]} for row in rows]

    def fewer(rows: Any) -> list[dict[str, Any]]:
        return [*rows][1:]

    expected = {
        last: ("label", [0, 1, -1]),
        first: ("label", [-1, 1, 2]),
        renamed: ("y", [0, 1, 2]),
        fewer: ("label", [1, 2]),
    }
    for change, (name, labels) in expected.items():
        for collate_fn in (None, collate):
            changed: Any = Changed(change)
            batch = next(iter(DataLoader(changed, batch_size=3, collate_fn=collate_fn)))
            assert batch[name].tolist() == labels, change
    subset = Subset(dataset, [7, 5])
    assert next(iter(DataLoader(subset, batch_size=2)))["label"].tolist() == [7, 5]


def test_every_kind_of_field(ragged: Path) -> None:
    ids = [39, 0, 7, 7, 21]
    dataset = Dataset(ragged)
    for batch in (collate(dataset.__getitems__(ids)), collate(zc.Dataset(ragged).__getitems__(ids))):
        for place, number in enumerate(ids):
            expected = ragged_sample(number)
            for name in ("audio", "boxes", "grid"):
                assert isinstance(batch[name], Packed)
                assert (batch[name][place].numpy() == expected[name]).all()
            for name in ("caption", "photo", "meta"):
                assert batch[name][place] == expected[name]
            one = dataset[number]
            assert torch.equal(one["grid"], torch.from_numpy(expected["grid"]))
            assert (one["label"].dtype, int(one["label"])) == (torch.int64, number)
    assert [row["audio"].shape for row in dataset.__getitems__(ids)] == [
        ragged_sample(number)["audio"].shape for number in ids
    ]


def test_bfloat16_is_itself(tmp_path: Path) -> None:
    values = torch.arange(12, dtype=torch.bfloat16).reshape(4, 3)
    with zc.ShardWriter(tmp_path / "a.zcs", {"x": zc.tensor("bfloat16", [3])}) as writer:
        for row in values:
            writer.append({"x": row.view(torch.uint16).numpy()})
    dataset = Dataset(tmp_path / "a.zcs")
    assert torch.equal(dataset[2]["x"], values[2])
    assert torch.equal(collate(dataset.__getitems__([3, 1]))["x"], values[[3, 1]])


def test_pickled_it_opens_by_path(images: Path) -> None:
    dataset = Dataset(images)
    dataset.__getitems__([1])
    again = pickle.loads(pickle.dumps(dataset))
    assert type(again) is Dataset
    assert check(again.__getitems__([3]).batch, zc.Dataset(images)) == [3]
    rows = pickle.loads(pickle.dumps(dataset.__getitems__([3, 4])))
    assert check(collate(rows), zc.Dataset(images)) == [3, 4]
    assert np.asarray(dataset[3]["label"]) == 3
