"""Ragged fields that come as one tensor, on the real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.compare import assert_same_value
from helpers.datasets import ragged_sample, write_ragged


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("padding") / "ragged")


def test_rows_are_filled_up_and_their_lengths_told(ragged: Path) -> None:
    pad: zc.padding.Pads = {"audio": {"value": -7, "multiple_of": 16}, "boxes": True, "label": False}
    with zc.DataLoader(ragged, batch_size=7, shuffle=True, pad=pad) as loader:
        for batch in loader:
            expected = [ragged_sample(number) for number in batch.indices.tolist()]
            waves, lengths = batch["audio"]
            boxes, counts = batch["boxes"]
            longest = max(len(sample["audio"]) for sample in expected)
            assert waves.shape == (len(expected), -(-longest // 16) * 16)
            assert boxes.shape == (len(expected), max(len(sample["boxes"]) for sample in expected), 4)
            for row, sample in enumerate(expected):
                assert lengths[row] == len(sample["audio"])
                assert_same_value(waves[row, : lengths[row]], sample["audio"])
                assert (waves[row, lengths[row] :] == -7).all()
                assert_same_value(boxes[row, : counts[row]], sample["boxes"])
                assert not boxes[row, counts[row] :].any()


def test_the_left_side_can_be_filled_to_a_given_length(ragged: Path) -> None:
    pad: zc.padding.Pads = {"audio": {"length": 200, "side": "left"}}
    with zc.DataLoader(ragged, batch_size=8, pad=pad) as loader:
        waves, lengths = next(iter(loader))["audio"]
    assert waves.shape == (8, 200)
    for row in range(8):
        assert_same_value(waves[row, 200 - lengths[row] :], ragged_sample(row)["audio"])
        assert not waves[row, : 200 - lengths[row]].any()


def test_a_field_that_cannot_be_padded_is_named(ragged: Path) -> None:
    for name, says in (("grid", 'field "grid" cannot be padded'), ("nothing", "nothing")):
        with zc.DataLoader(ragged, pad={name: True}) as loader, pytest.raises(zc.ZcError, match=says):
            iter(loader)


def test_padded_rows_go_through_a_transform(ragged: Path) -> None:
    def transform(sample: dict[str, Any]) -> Any:
        assert (sample["audio"].values[sample["audio"].lengths :] == 0).all()
        return {"audio": sample["audio"], "label": sample["label"]}

    with zc.DataLoader(
        ragged, batch_size=8, fields=["audio", "label"], pad={"audio": True}, transform=transform
    ) as loader:
        for batch in loader:
            assert isinstance(batch["audio"], zc.Padded)
            for values, length, label in zip(*batch["audio"], batch["label"].tolist(), strict=True):
                assert_same_value(values[:length], ragged_sample(label)["audio"])


def test_padded_tensors(ragged: Path) -> None:
    torch = pytest.importorskip("torch")
    from zero_copy_loader.torch import DataLoader

    with DataLoader(ragged, batch_size=8, pad={"audio": True}) as loader:
        kept = [batch["audio"] for batch in loader]
    number = 0
    for waves, lengths in kept:
        assert (waves.dtype, lengths.dtype) == (torch.int16, torch.int64)
        assert waves.untyped_storage().nbytes() == waves.nbytes
        for row, length in enumerate(lengths.tolist()):
            assert np.array_equal(waves[row, :length].numpy(), ragged_sample(number)["audio"])
            number += 1
    assert number == 40
