"""Where a job stands: saved in the middle of an epoch, gone on with elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images
from zero_copy_loader.shuffle import Shuffle


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("state") / "images")


def labels(loader: zc.DataLoader) -> list[int]:
    return [label for batch in loader for label in batch["label"].tolist()]


@pytest.mark.parametrize("taken", [0, 1, 4, 9, 10])
def test_a_job_goes_on_exactly_where_it_was_saved(images: Path, taken: int) -> None:
    def loader() -> zc.DataLoader:
        return zc.DataLoader(images, batch_size=10, shuffle=True, seed=5, prefetch_batches=3)

    with loader() as whole:
        expected = labels(whole) + labels(whole)
    with loader() as first:
        iterator = iter(first)
        before = [label for _ in range(taken) for label in next(iterator)["label"].tolist()]
        state = json.loads(json.dumps(first.state_dict()))
    with loader() as second:
        second.load_state_dict(state)
        assert second.state_dict() == state
        after = labels(second)
        after += labels(second) if len(before + after) < len(expected) else []
    assert len(json.dumps(state)) < 1024
    assert before + after == expected


def test_kinds_of_shuffle_reach_the_server_and_the_state(images: Path) -> None:
    def loader(shuffle: Shuffle) -> zc.DataLoader:
        return zc.DataLoader(images, batch_size=10, shuffle=shuffle, seed=5)

    blocks: zc.BlockShuffle = {"blocks": 20_000, "window": 50}
    with loader("full") as full, loader(True) as true, loader(blocks) as first, loader(blocks) as second:
        assert labels(full) == labels(true)
        assert full.state_dict() == true.state_dict()
        iterator = iter(first)
        before = [label for _ in range(3) for label in next(iterator)["label"].tolist()]
        state = json.loads(json.dumps(first.state_dict()))
        assert state["shuffle"] == blocks
        second.load_state_dict(state)
        after = labels(second)
        assert sorted(before + after) == list(range(100))
        assert before + after not in (labels(full), list(range(100)))
        with pytest.raises(zc.ZcError, match="ZC_STATE_MISMATCH"):
            full.load_state_dict(state)
        assert "by blocks of 20000 bytes in windows of 50" in repr(first)


def test_a_rest_that_is_too_little_for_a_batch_is_passed_over(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10, shuffle=True) as first:
        iterator = iter(first)
        for _ in range(8):
            next(iterator)
        state = first.state_dict()
    with zc.DataLoader(images, batch_size=30, shuffle=True, drop_last=True) as loader:
        loader.load_state_dict(state)
        after = labels(loader)
        assert len(after) == 90
        loader.set_epoch(1)
        assert after == labels(loader)


def test_batch_size_and_ranks_may_differ_afterwards(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10, shuffle=True, seed=5) as whole:
        expected = labels(whole)
    first = zc.DataLoader(images, batch_size=10, shuffle=True, seed=5, rank=0, world_size=2)
    next(iter(first))
    state = first.state_dict()
    assert state["position"] == 20
    seen: list[int] = []
    for rank in range(4):
        with zc.DataLoader(images, batch_size=5, shuffle=True, seed=5, rank=rank, world_size=4) as part:
            part.load_state_dict(state)
            seen += labels(part)
    assert sorted(seen) == sorted(expected[20:])


def test_the_end_of_an_epoch_is_the_start_of_the_next(images: Path) -> None:
    with zc.DataLoader(images, batch_size=30, drop_last=True) as loader:
        for _ in loader:
            state = loader.state_dict()
        assert (state["epoch"], state["position"]) == (1, 0)
        assert loader.state_dict() == state


def test_after_a_break_the_state_is_where_it_was(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        for number, _ in enumerate(loader):
            if number == 2:
                break
        assert loader.state_dict()["position"] == 30
        assert next(iter(loader))["label"].tolist() == list(range(10))
        assert loader.state_dict()["epoch"] == 1


def test_an_iterator_that_was_asked_for_nothing_is_no_epoch(images: Path) -> None:
    """PyTorch Lightning asks for two before it takes a batch, the second one after it has loaded a state."""
    with zc.DataLoader(images, batch_size=10, shuffle=True, seed=5) as loader:
        expected = [labels(loader), labels(loader)]
    with zc.DataLoader(images, batch_size=10, shuffle=True, seed=5) as loader:
        iter(loader)
        kept = iter(loader)
        assert labels(loader) == expected[0]
        with pytest.raises(zc.ZcError, match="ZC_SUPERSEDED"):
            next(kept)
        loader.load_state_dict({**loader.state_dict(), "position": 40})
        iter(loader)
        assert (loader.state_dict()["epoch"], loader.state_dict()["position"]) == (1, 40)
        assert labels(loader) == expected[1][40:]
        assert loader.state_dict()["epoch"] == 2
        loader.set_epoch(1)
        iter(loader)
        assert labels(loader) == expected[1]


def test_a_state_that_does_not_fit_is_refused(images: Path, tmp_path: Path) -> None:
    other = write_images(tmp_path / "other", samples=50)
    with zc.DataLoader(images, seed=1) as loader:
        state = loader.state_dict()
        for key, value in {"seed": 2, "shuffle": True, "version": 9, "dataset": "0"}.items():
            with pytest.raises(zc.ZcError, match="ZC_STATE_MISMATCH") as raised:
                loader.load_state_dict({**state, key: value})
            assert key in str(raised.value)
    with zc.DataLoader(other, seed=1) as loader, pytest.raises(zc.ZcError, match="ZC_STATE_MISMATCH"):
        loader.load_state_dict(state)


def test_ranks_are_disjoint_and_complete(images: Path) -> None:
    parts = []
    for rank in range(3):
        with zc.DataLoader(images, batch_size=7, shuffle=True, rank=rank, world_size=3) as loader:
            parts.append(labels(loader))
            assert len(loader) == 5
    assert {len(part) for part in parts} == {34}
    together = [label for part in parts for label in part]
    assert set(together) == set(range(100))
    # 102 places for 100 samples: two are filled up from the front, as torch's DistributedSampler does.
    assert len(together) - len(set(together)) == 2


def test_ranks_come_from_the_environment(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with zc.DataLoader(images, batch_size=50) as loader:
        assert labels(loader) == list(range(50, 100))
        monkeypatch.setenv("RANK", "0")
        with pytest.raises(zc.ZcError, match="ZC_RANK_CHANGED"):
            iter(loader)
