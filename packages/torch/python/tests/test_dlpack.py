"""Arrays and tensors of batches and samples, handed to other libraries by DLPack without a copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images


def test_batches_of_arrays(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    with zc.DataLoader(write_images(tmp_path / "set"), batch_size=10) as loader:
        batch = next(iter(loader))
        tensor = torch.from_dlpack(batch["image"])
        assert tensor.data_ptr() == batch["image"].ctypes.data
        # The tensor alone keeps the slot.
        expected = batch["image"].copy()
        del batch
        for _ in loader:
            pass
        assert (tensor.numpy() == expected).all()


def test_batches_of_tensors(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from zero_copy_loader.torch import DataLoader

    with DataLoader(write_images(tmp_path / "set"), batch_size=10) as loader:
        batch = next(iter(loader))
        array = np.from_dlpack(batch["image"])
        assert array.ctypes.data == batch["image"].data_ptr()
        assert (array == batch["image"].numpy()).all()


def test_a_sample_of_a_file_stays_read_only(tmp_path: Path) -> None:
    sample = zc.Dataset(write_images(tmp_path / "set")).get_sample(3)
    array = np.from_dlpack(sample["image"])
    assert array.ctypes.data == sample["image"].ctypes.data
    assert not array.flags.writeable


def test_a_sample_of_one_field_is_an_array_itself(tmp_path: Path) -> None:
    zc.pack([{"x": np.arange(3)}], tmp_path / "set")
    sample = zc.Dataset(tmp_path / "set").get_sample(0)
    array = np.from_dlpack(sample)
    assert array.ctypes.data == sample["x"].ctypes.data
    assert array.tolist() == [0, 1, 2]
    several = zc.Dataset(write_images(tmp_path / "images")).get_sample(0)
    with pytest.raises(zc.ZcError, match="ZC_ARGUMENT"):
        np.from_dlpack(several)


def test_what_came_by_dlpack_is_written_again(tmp_path: Path) -> None:
    dataset = zc.Dataset(write_images(tmp_path / "set", samples=5))
    zc.pack([{"image": sample["image"], "label": sample["label"]} for sample in dataset], tmp_path / "again")
    again = zc.Dataset(tmp_path / "again")
    assert all((again[row]["image"] == dataset[row]["image"]).all() for row in range(5))
