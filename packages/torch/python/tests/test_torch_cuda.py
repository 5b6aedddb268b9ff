"""Pinned slots and copies on a CUDA device; only where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images
from helpers.trainers import eventually

torch = pytest.importorskip("torch")
from zero_copy_loader.torch import DataLoader  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("cuda") / "images", samples=400, side=64)


def test_slots_become_pinned(images: Path) -> None:
    with DataLoader(images, batch_size=20, pin_memory=True) as loader:
        assert eventually(lambda: all(batch["image"].is_pinned() for batch in loader))


def test_batches_come_on_the_device(images: Path) -> None:
    with DataLoader(images, batch_size=20) as there, DataLoader(images, batch_size=20, device="cuda") as here:
        for _ in range(3):
            for found, expected in zip(here, there, strict=True):
                assert found["image"].is_cuda
                assert torch.equal(found["image"].cpu(), expected["image"])
                assert found["label"].tolist() == expected["label"].tolist()


@pytest.mark.parametrize("device", [None, "cuda"])
def test_batches_let_go_of_under_a_busy_stream_have_their_bytes(images: Path, device: str | None) -> None:
    dataset = zc.Dataset(images)
    sums = torch.tensor([dataset[number]["image"].sum(dtype="int64") for number in range(400)], device="cuda")
    busy, wrong, batches = torch.ones(2048, 2048, device="cuda"), torch.zeros((), device="cuda"), 0
    with DataLoader(images, batch_size=8, shuffle=True, pin_memory=device is None, device=device) as loader:
        while batches < 10_000:
            for batch in loader:
                busy = (busy @ busy).clamp_(0, 1)
                image, label = (batch[name].to("cuda", non_blocking=True) for name in ("image", "label"))
                del batch
                wrong += (image.flatten(1).sum(1, dtype=torch.int64) != sums[label]).sum()
                batches += 1
    assert wrong.item() == 0


def test_a_device_that_is_not_there(images: Path) -> None:
    with (
        DataLoader(images, device="cuda:99") as loader,
        pytest.raises(zc.ZcError, match="there is no device cuda:99"),
    ):
        iter(loader)
