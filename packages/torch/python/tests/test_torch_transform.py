"""Functions between the server and the training loop, with tensors, as torch's own DataLoader calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zero_copy_loader as zc
from helpers.datasets import ragged_sample, write_images, write_ragged

torch = pytest.importorskip("torch")
from torch.utils import data  # noqa: E402

from zero_copy_loader.batch import Batch  # noqa: E402
from zero_copy_loader.torch import DataLoader  # noqa: E402


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("transform") / "images", side=8)


class Transformed(data.Dataset[Any]):
    """A map-style dataset whose samples are transformed, as people write it."""

    def __init__(self, path: Path, transform: Any) -> None:
        self.dataset = zc.Dataset(path)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        return self.transform({name: torch.as_tensor(value) for name, value in self.dataset[index].items()})


def scaled(sample: dict[str, Any]) -> Any:
    return {"image": sample["image"].float().div_(255), "label": sample["label"], "name": "x"}


def paired(sample: dict[str, Any]) -> Any:
    return sample["image"].flip(0), int(sample["label"])


@pytest.mark.parametrize("transform", [scaled, paired])
@pytest.mark.parametrize("threads", [0, 3])
def test_batches_are_those_of_torchs_own_loader(images: Path, transform: Any, threads: int) -> None:
    theirs = data.DataLoader(Transformed(images, transform), batch_size=16)
    with DataLoader(images, batch_size=16, transform=transform, transform_threads=threads) as ours:
        for found, expected in zip(ours, theirs, strict=True):
            assert type(found) in (Batch, type(expected))
            values = zip(
                found.values() if isinstance(found, dict) else found,
                expected.values() if isinstance(expected, dict) else expected,
                strict=True,
            )
            for value, other in values:
                if isinstance(other, torch.Tensor):
                    assert value.dtype == other.dtype
                    assert torch.equal(value, other)
                else:
                    assert value == other


def test_a_collate_function_gets_tensors_that_lie_in_the_slot(tmp_path: Path) -> None:
    path = write_ragged(tmp_path / "ragged")

    def collate(samples: list[dict[str, Any]]) -> Any:
        audio = torch.nn.utils.rnn.pad_sequence([sample["audio"] for sample in samples], batch_first=True)
        return audio, [sample["caption"] for sample in samples], [sample["boxes"] for sample in samples]

    with DataLoader(path, batch_size=8, collate_fn=collate) as loader:
        for number, (audio, captions, boxes) in enumerate(loader):
            expected = [ragged_sample(number * 8 + row) for row in range(8)]
            assert captions == [sample["caption"] for sample in expected]
            for row, sample in enumerate(expected):
                length = len(sample["audio"])
                assert audio[row, :length].numpy().tolist() == sample["audio"].tolist()
                assert not audio[row, length:].any()
                assert boxes[row].numpy().tolist() == sample["boxes"].tolist()


def test_changes_in_place_reach_neither_file_nor_later_batches(images: Path) -> None:
    dataset = zc.Dataset(images)

    def spoil(sample: dict[str, Any]) -> dict[str, Any]:
        sample["image"].add_(1)
        return sample

    with DataLoader(images, batch_size=20, transform=spoil) as loader:
        for _ in range(2):
            for batch in loader:
                for row, index in enumerate(batch.indices.tolist()):
                    assert torch.equal(batch["image"][row], torch.as_tensor(dataset[index]["image"]) + 1)
                    assert batch["label"][row] == index
