"""What a loader is given: other spellings that it takes, and refusals that say what to pass instead."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("arguments") / "images")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("batch_size", True, "not True"),
        ("batch_size", "8", "not '8'"),
        ("batch_size", 0, "from 1 on"),
        ("seed", 2**64 - 1, "seed % 2**53"),
        ("shuffle", "yes", "one of False, True, 'full'"),
        ("shuffle", {"blocks": 8}, "a dict of blocks and window"),
        ("shuffle", {"blocks": 8, "window": 0}, "window of shuffle must be a whole number from 1 on"),
        ("drop_last", None, "one of False, True"),
        ("mode", "turbo", "'auto', 'direct', 'copied'"),
        ("verify", False, "'auto', 'always', 'never'"),
        ("fields", "image", "Pass ['image']"),
        ("paths", [], "Name at least one shard"),
        ("paths", "s3://bucket/train", "Only local paths"),
        ("paths", [7], "a path or a list of paths"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_at_once(
    images: Path, name: str, value: Any, says: str
) -> None:
    arguments: dict[str, Any] = {"paths": images, name: value}
    with pytest.raises(zc.ZcError) as raised:
        zc.DataLoader(**arguments)
    assert raised.value.code == "ZC_ARGUMENT"
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("batchsize", "Did you mean batch_size?"),
        ("num_workers", "there is no argument num_workers"),
        ("num_workers", "a server reads ahead"),
        ("generator", "Pass seed"),
        ("dataset", "as the first argument"),
        ("colour", "there is no argument colour"),
    ],
)
def test_an_argument_that_is_none_is_refused(images: Path, name: str, says: str) -> None:
    arguments: dict[str, Any] = {name: 2}
    with pytest.raises(zc.ZcError) as raised:
        zc.DataLoader(images, **arguments)
    assert raised.value.code == "ZC_ARGUMENT"
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("pad", "says"),
    [
        ("audio", 'Pass {"audio": True}'),
        ({"audio": 3}, "pad of 'audio' must be True or a dict, not 3"),
        ({"audio": {"valeu": 3}}, "Did you mean value?"),
        ({"audio": {"length": 0}}, "length of pad must be a whole number from 1 on"),
        ({"audio": {"side": "top"}}, "side of pad must be one of 'left', 'right'"),
        ({"audio": {"value": "0"}}, "value of pad must be a number"),
    ],
)
def test_padding_that_does_not_fit_is_refused(images: Path, pad: Any, says: str) -> None:
    with pytest.raises(zc.ZcError) as raised:
        zc.DataLoader(images, pad=pad)
    assert raised.value.code == "ZC_ARGUMENT"
    assert says in str(raised.value)


def test_numpys_integers_are_whole_numbers(images: Path) -> None:
    with zc.DataLoader(images, batch_size=np.int64(40), shuffle=True, seed=np.uint8(3)) as loader:
        assert [len(batch["label"]) for batch in loader] == [40, 40, 20]
        assert loader.state_dict()["seed"] == 3


@pytest.mark.parametrize("listed", [False, True])
def test_a_dataset_can_stand_for_its_paths(
    images: Path, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images)
    dataset = zc.Dataset(["shard-000000.zcs"] if listed else ".")
    with zc.DataLoader(dataset, batch_size=50) as loader:
        assert loader.dataset is dataset
        assert sum(len(batch["label"]) for batch in loader) == len(dataset)


@pytest.mark.parametrize("index", [100, -101])
def test_a_sample_that_is_not_there(images: Path, index: int) -> None:
    with pytest.raises(zc.ZcError, match="ZC_INDEX_RANGE"):
        zc.DataLoader(images).get_sample(index)


def test_a_rank_that_is_no_number(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(zc.ZcError, match=r"ZC_ARGUMENT: the environment variable RANK is 'first'"):
        len(zc.DataLoader(images))


def test_a_loader_tells_what_it_reads(images: Path) -> None:
    assert repr(zc.DataLoader(images, batch_size=8, shuffle=True, seed=7)) == (
        f"<DataLoader of {images}: batches of 8, shuffled with seed 7>"
    )


@pytest.mark.parametrize("state", [None, "last.pt", {"epoch": 1}])
def test_what_is_no_state_is_refused(images: Path, state: Any) -> None:
    with zc.DataLoader(images) as loader, pytest.raises(zc.ZcError) as raised:
        loader.load_state_dict(state)
    assert raised.value.code == ("ZC_STATE_MISMATCH" if isinstance(state, dict) else "ZC_ARGUMENT")


@pytest.mark.parametrize("position", [None, "3", -1])
def test_a_state_whose_position_is_none_is_refused(images: Path, position: Any) -> None:
    with zc.DataLoader(images) as loader, pytest.raises(zc.ZcError, match="the state's position must be"):
        loader.load_state_dict({**loader.state_dict(), "position": position})


@pytest.mark.parametrize("used", [False, True])
def test_a_loader_is_not_pickled(images: Path, used: bool) -> None:
    with zc.DataLoader(images) as loader:
        if used:
            next(iter(loader))
        with pytest.raises(zc.ZcError, match="cannot be pickled"):
            pickle.dumps(loader)


def test_a_relative_path_outlives_a_change_of_the_working_directory(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images.parent)
    dataset = zc.Dataset(images.name)
    monkeypatch.chdir("/")
    assert dataset.source == str(images)
    assert dataset[99]["label"] == 99
    with pytest.raises(zc.ZcError, match="Only local paths"):
        zc.Dataset("s3://bucket/train")
