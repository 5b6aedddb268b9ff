"""torch's own samplers: the order that they have in torch's own DataLoader, epoch after epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images

torch = pytest.importorskip("torch")
from torch.utils import data  # noqa: E402

from zero_copy_loader.torch import DataLoader  # noqa: E402

WEIGHTS = [1 + number % 5 for number in range(100)]


class Global(data.Sampler[int]):
    """Draws from torch's global generator as soon as it is gone over."""

    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(100).tolist())

    def __len__(self) -> int:
        return 100


def seeded(sampler: type[Any], *arguments: Any, **options: Any) -> Any:
    return sampler(*arguments, generator=torch.Generator().manual_seed(3), **options)


def by_rank(rank: int, drop_last: bool) -> Callable[[Any], Any]:
    return lambda dataset: data.DistributedSampler(
        dataset, num_replicas=3, rank=rank, seed=5, drop_last=drop_last
    )


SAMPLERS: dict[str, Callable[[Any], Any]] = {
    "sequential": data.SequentialSampler,
    "random": data.RandomSampler,
    "random with a generator": lambda dataset: seeded(data.RandomSampler, dataset),
    "random with replacement": lambda dataset: data.RandomSampler(dataset, replacement=True, num_samples=70),
    "subset": lambda _: data.SubsetRandomSampler(range(0, 100, 3)),
    "weighted": lambda _: data.WeightedRandomSampler(WEIGHTS, 60),
    "weighted without replacement": lambda _: seeded(
        data.WeightedRandomSampler, WEIGHTS, 60, replacement=False
    ),
    "of global draws": lambda _: Global(),
    **{f"rank {rank}": by_rank(rank, False) for rank in range(3)},
    "rank 2, dropping the last": by_rank(2, True),
}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("sampler") / "images", side=8)


def epochs(loader: Any, sampler: Any) -> list[list[list[int]]]:
    """The labels of three epochs' batches, from the same seed each time."""
    torch.manual_seed(11)
    found = []
    for epoch in range(3):
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)
        found.append([batch["label"].tolist() for batch in loader])
        # Training draws from the same generator.
        torch.rand(3)
    return found


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_give_the_order_that_they_give_torch(images: Path, name: str, drop_last: bool) -> None:
    dataset: Any = zc.Dataset(images)
    theirs, ours = SAMPLERS[name](dataset), SAMPLERS[name](dataset)
    expected = epochs(data.DataLoader(dataset, batch_size=8, sampler=theirs, drop_last=drop_last), theirs)
    with DataLoader(images, batch_size=8, sampler=ours, drop_last=drop_last) as loader:
        assert len(loader) == len(expected[0])
        assert epochs(loader, ours) == expected


@pytest.mark.parametrize("name", ["random", "weighted", "of global draws", "rank 1"])
def test_batch_samplers_do_so_too(images: Path, name: str) -> None:
    dataset: Any = zc.Dataset(images)
    theirs, ours = (data.BatchSampler(SAMPLERS[name](dataset), 16, False) for _ in range(2))
    expected = epochs(data.DataLoader(dataset, batch_sampler=theirs), theirs.sampler)
    with DataLoader(images, batch_sampler=ours) as loader:
        assert len(loader) == len(expected[0])
        assert epochs(loader, ours.sampler) == expected


def test_tensors_are_ids(images: Path) -> None:
    lists = [torch.tensor([5, 3]), [torch.tensor(7), torch.tensor([9])], torch.arange(4, dtype=torch.int32)]
    with DataLoader(images, batch_sampler=lists) as loader:
        assert [batch["label"].tolist() for batch in loader] == [[5, 3], [7, 9], [0, 1, 2, 3]]
    with DataLoader(images, batch_size=3, sampler=torch.tensor([4, 2, 0])) as loader:
        assert [batch["label"].tolist() for batch in loader] == [[4, 2, 0]]
    with (
        DataLoader(images, batch_sampler=[torch.tensor([0.5])]) as loader,
        pytest.raises(zc.ZcError, match="for batch 0 the sampler gave tensor"),
    ):
        next(iter(loader))


def test_a_job_with_a_seeded_sampler_goes_on(images: Path) -> None:
    def loader() -> DataLoader:
        return DataLoader(images, batch_size=8, sampler=seeded(data.RandomSampler, range(100)))

    with loader() as whole:
        expected = [batch["label"].tolist() for batch in whole]
    with loader() as first:
        iterator = iter(first)
        before = [next(iterator)["label"].tolist() for _ in range(5)]
        state = first.state_dict()
    with loader() as second:
        second.load_state_dict(state)
        assert before + [batch["label"].tolist() for batch in second] == expected
