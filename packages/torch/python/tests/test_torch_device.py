"""Batches made ready for a device, as far as a machine without one can tell: the CPU plays its part."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest

import zero_copy_loader as zc
from helpers.datasets import write_images, write_ragged
from helpers.trainers import eventually

torch = pytest.importorskip("torch")
from zero_copy_loader.torch import DataLoader, Packed  # noqa: E402
from zero_copy_loader.torch.nested import map_tensors  # noqa: E402
from zero_copy_loader.torch.stream_leases import HeldUntil, StreamLeases  # noqa: E402

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("device") / "images", side=8)


class Moment:
    """An event that comes when the test says so."""

    def __init__(self) -> None:
        self.come = threading.Event()

    def synchronize(self) -> None:
        assert self.come.wait(30)


class Copy:
    """A batch that was copied."""

    done = True

    def __init__(self, value: Any) -> None:
        self.value = value

    def result(self) -> Any:
        return self.value


class Device:
    """Does on the CPU what a device does: copies batches, or lends slots until its moments have come."""

    def __init__(self, copies: bool) -> None:
        self.copies = copies
        self.moments: list[Moment] = []
        self.segments: list[Any] = []
        self.threads: set[str] = set()
        self.leases = None if copies else StreamLeases(self.record, HeldUntil())

    def record(self) -> Moment:
        self.moments.append(Moment())
        return self.moments[-1]

    def pin(self, segment: Any) -> None:
        self.segments.append(segment)

    def pinned(self, value: Any) -> Any:
        self.threads.add(threading.current_thread().name)
        return value

    def copy(self, value: Any) -> Copy:
        return Copy(map_tensors(value, lambda tensor: tensor.clone()))


class OnDevice(DataLoader):
    """A loader for a device of ours."""

    ours: Device

    def _accelerator(self) -> Any:
        return self.ours


@without_cuda
@pytest.mark.parametrize("options", [{"device": "cuda"}, {"device": "cuda:7"}, {"pin_memory": True}])
def test_without_cuda_it_says_so_once_and_goes_on(images: Path, options: Any) -> None:
    with DataLoader(images, batch_size=20, **options) as loader:
        with pytest.warns(UserWarning, match="there is no CUDA device") as warned:
            first = [batch["label"].tolist() for batch in loader]
        assert len(warned) == 1
        assert warned[0].filename == __file__
        assert first == [batch["label"].tolist() for batch in loader]


def test_the_cpu_is_a_device_that_needs_nothing(images: Path) -> None:
    with DataLoader(images, batch_size=20, device="cpu") as loader:
        assert [batch["image"].device.type for batch in loader] == ["cpu"] * 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"device": "gpu"}, "device is 'gpu', which torch does not know"),
        ({"device": "meta"}, "on cpu and cuda, not on meta"),
        ({"device": 1.5}, "which torch does not know"),
        ({"pin_memory": "yes"}, "pin_memory must be one of False, True"),
    ],
)
def test_what_is_no_device_is_refused(images: Path, options: Any, says: str) -> None:
    with pytest.raises(zc.ZcError, match=says) as raised:
        DataLoader(images, **options)
    assert raised.value.code == "ZC_ARGUMENT"


@pytest.mark.parametrize("options", [{"device": "cuda"}, {"pin_memory": True}])
def test_numpy_arrays_have_no_device(images: Path, options: Any) -> None:
    with pytest.raises(zc.ZcError, match=r"from zero_copy_loader\.torch import DataLoader"):
        zc.DataLoader(images, **options)


def test_copies_are_made_ahead_and_in_order(images: Path) -> None:
    with OnDevice(images, batch_size=10, shuffle=True, prefetch_batches=4) as loader:
        loader.ours = Device(copies=True)
        for epoch in range(2):
            iterator, seen = iter(loader), []
            for number, batch in enumerate(iterator, 1):
                assert batch["label"].tolist() == batch.indices.tolist()
                seen += batch["label"].tolist()
                if number < 10:
                    state = loader.state_dict()
                    assert (state["epoch"], state["position"]) == (epoch, number * 10)
            assert sorted(seen) == list(range(100))
        assert loader.ours.segments
        del batch
        assert eventually(lambda: loader.stats()["server"]["held_batches"] == 0)


@pytest.mark.parametrize("threads", [0, 2])
def test_what_a_transform_made_is_pinned_and_then_copied(images: Path, threads: int) -> None:
    def half(sample: dict[str, Any]) -> Any:
        return {"image": sample["image"].float() / 2, "label": sample["label"]}

    with OnDevice(images, batch_size=10, transform=half, transform_threads=threads) as loader:
        loader.ours = Device(copies=True)
        for number, batch in enumerate(loader):
            assert batch["image"].dtype == torch.float32
            assert batch["label"].tolist() == list(range(number * 10, number * 10 + 10))
        here = threading.current_thread().name
        assert (here in loader.ours.threads) == (threads == 0)


def test_a_slot_is_used_again_only_behind_the_work_that_was_queued(images: Path) -> None:
    with OnDevice(images, batch_size=10, prefetch_batches=2) as loader:
        loader.ours = device = Device(copies=False)
        iterator = iter(loader)
        batch = next(iterator)
        first = batch["image"].data_ptr()
        del batch
        gc.collect()
        # Nothing of the device is called where a tensor dies.
        assert device.moments == []
        batch = next(iterator)
        [pending] = device.moments
        places = set()
        for batch in iterator:
            assert batch["label"].tolist() == batch.indices.tolist()
            places.add(batch["image"].data_ptr())
        assert first not in places
        del batch
        assert loader.stats()["server"]["held_batches"] > 0
        pending.come.set()

        def is_given_back() -> bool:
            # What was let go of behind the last batch is seen to when another one is asked for.
            next(iter(loader))
            for moment in device.moments:
                moment.come.set()
            return bool(loader.stats()["server"]["held_batches"] <= 1)

        assert eventually(is_given_back)


def test_tensors_are_found_wherever_they_are(tmp_path: Path) -> None:
    with DataLoader(write_ragged(tmp_path / "ragged"), batch_size=8) as loader:
        batch = next(iter(loader))
    moved = map_tensors(
        {"batch": batch, "list": [batch["label"], (1, "x")]}, lambda tensor: tensor.to(torch.float64)
    )
    audio = moved["batch"]["audio"]
    assert isinstance(audio, Packed)
    assert audio.values.dtype == moved["list"][0].dtype == torch.float64
    assert audio[3].tolist() == batch["audio"][3].tolist()
    assert moved["list"][1] == (1, "x")
    assert moved["batch"]["caption"] is batch["caption"]
    assert moved["batch"].indices.tolist() == batch.indices.tolist()
    assert moved["batch"].indices.data_ptr() != batch.indices.data_ptr()
