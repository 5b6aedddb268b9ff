"""The PyTorch loader on the real server: tensors that alias the slot."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.datasets import ragged_sample, write_images, write_ragged
from zero_copy_loader import client

torch = pytest.importorskip("torch")
from zero_copy_loader.torch import DataLoader, Packed  # noqa: E402


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("torch") / "images")


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("torch") / "ragged")


def test_two_epochs_of_tensors_that_alias_the_slot(images: Path) -> None:
    dataset = zc.Dataset(images)
    orders = []
    with DataLoader(images, batch_size=64, shuffle=True, seed=7) as loader:
        for _ in range(2):
            order: list[int] = []
            for batch in loader:
                image, indices = batch["image"], batch.indices.tolist()
                assert image.dtype == torch.uint8
                assert image.shape == (len(indices), 24, 24, 3)
                assert any(
                    segment.address <= image.data_ptr() < segment.address + segment.size_bytes
                    for segment in client.shared_client().segments
                )
                for row, index in enumerate(indices):
                    assert image[row].numpy().tobytes() == dataset[index]["image"].tobytes()
                assert batch["label"].tolist() == indices
                order += indices
            orders.append(order)
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(100))
    assert orders[0] != orders[1]


def test_each_field_is_a_storage_of_its_own_bytes(images: Path) -> None:
    with DataLoader(images, batch_size=64) as loader:
        batch = next(iter(loader))
    assert batch["label"].untyped_storage().nbytes() == 64 * 8
    assert batch["image"].untyped_storage().nbytes() == 64 * 24 * 24 * 3
    saved = io.BytesIO()
    torch.save(batch["label"], saved)
    assert saved.tell() < 4096
    saved.seek(0)
    assert torch.load(saved).tolist() == list(range(64))


def test_the_slot_lives_as_long_as_any_alias(images: Path) -> None:
    with DataLoader(images, batch_size=10) as loader:
        iterator = iter(loader)
        batch = next(iterator)
        kept = batch["image"].view(10, -1)[:, :8].float().requires_grad_(), batch["image"][3].unsqueeze(0)
        expected = kept[1].clone()
        del batch
        for _ in iterator:
            pass
        assert torch.equal(kept[1], expected)


def test_changes_in_place_do_not_come_back(images: Path) -> None:
    with DataLoader(images, batch_size=10) as loader:
        first = [batch["image"].sum().item() for batch in loader]
        for batch in loader:
            batch["image"].add_(1).mul_(3)
        assert [batch["image"].sum().item() for batch in loader] == first


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("bool", torch.bool),
        ("int64", torch.int64),
        ("uint16", torch.uint16),
        ("float16", torch.float16),
        ("bfloat16", torch.bfloat16),
        ("complex64", torch.complex64),
    ],
)
def test_dtypes(tmp_path: Path, name: str, dtype: Any) -> None:
    values = torch.tensor([1.0, 0.0, 1.0]).to(dtype)
    bits = values.view(torch.uint16).numpy() if name == "bfloat16" else values.numpy()
    schema = {"fixed": zc.tensor(name, [3]), "ragged": zc.tensor(name, [None]), "one": zc.scalar(name)}
    with zc.DatasetWriter(tmp_path / "set", schema) as writer:
        for row in range(3):
            writer.append({"fixed": bits, "ragged": bits[:row], "one": bits[row]})
    with DataLoader(tmp_path / "set", batch_size=3) as loader:
        (batch,) = loader
    assert batch["fixed"].dtype == batch["one"].dtype == batch["ragged"].values.dtype == dtype
    assert torch.equal(batch["fixed"], values.expand(3, 3))
    assert torch.equal(batch["one"], values)
    assert torch.equal(batch["ragged"][2], values[:2])
    assert batch["fixed"].untyped_storage().nbytes() == batch["fixed"].nbytes


def test_ragged_audio_and_text(ragged: Path) -> None:
    with DataLoader(ragged, batch_size=8, shuffle=True) as loader:
        for batch in loader:
            expected = [ragged_sample(index) for index in batch.indices.tolist()]
            audio = batch["audio"]
            assert isinstance(audio, Packed)
            assert audio.offsets.dtype == torch.int64
            waves, lengths = audio.padded(value=-1)
            boxes, counts = batch["boxes"].padded()
            assert lengths.tolist() == [len(sample["audio"]) for sample in expected]
            assert counts[:, 0].tolist() == [len(sample["boxes"]) for sample in expected]
            for row, sample in enumerate(expected):
                assert np.array_equal(audio[row].numpy(), sample["audio"])
                assert np.array_equal(waves[row, : lengths[row]].numpy(), sample["audio"])
                assert (waves[row, lengths[row] :] == -1).all()
                assert np.array_equal(boxes[row, : counts[row, 0]].numpy(), sample["boxes"])
                assert np.array_equal(batch["grid"][row].numpy(), sample["grid"])
            assert batch["caption"] == [sample["caption"] for sample in expected]
            assert batch["meta"].tolist() == [sample["meta"] for sample in expected]


def test_training(tmp_path: Path) -> None:
    """A model learns from nothing but `for batch in loader`, and the job is saved and loaded with torch."""
    random = np.random.default_rng(0)
    weights = random.standard_normal(8).astype(np.float32)
    with zc.DatasetWriter(tmp_path / "set") as writer:
        for _ in range(512):
            x = random.standard_normal(8).astype(np.float32)
            writer.append({"x": x, "y": x @ weights})
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with DataLoader(tmp_path / "set", batch_size=32, shuffle=True) as loader:
        for _ in range(10):
            for batch in loader:
                loss = torch.nn.functional.mse_loss(model(batch["x"])[:, 0], batch["y"])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        torch.save({"model": model.state_dict(), "loader": loader.state_dict()}, tmp_path / "last.pt")
    assert loss.item() < 1e-4
    with DataLoader(tmp_path / "set", batch_size=32, shuffle=True) as again:
        again.load_state_dict(torch.load(tmp_path / "last.pt")["loader"])
        assert again.state_dict()["epoch"] == 10


def test_packed_rows_move_as_a_tensor_does(ragged: Path) -> None:
    with DataLoader(ragged, batch_size=8) as loader:
        audio = next(iter(loader))["audio"]
    there = audio.to(device="meta")
    assert (there.values.device.type, len(there)) == ("meta", 8)
    assert there[3].shape == audio[3].shape
    assert [row.tolist() for row in audio.to(torch.float32)] == [row.tolist() for row in audio]
