"""The NumPy loader on the real server: what a batch holds, and in which order."""

from __future__ import annotations

import gc
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zero_copy_loader as zc
from helpers.compare import assert_same_value
from helpers.datasets import ragged_sample, write_images, write_ragged
from helpers.trainers import eventually
from zero_copy_loader import client


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("loader") / "images")


@pytest.fixture(scope="module")
def ragged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ragged(tmp_path_factory.mktemp("loader") / "ragged")


def held_batches(loader: zc.DataLoader) -> int:
    found: int = loader.stats()["server"]["held_batches"]
    return found


def test_batches_are_what_the_dataset_gives_for_their_indices(images: Path) -> None:
    dataset = zc.Dataset(images)
    seen: list[int] = []
    with zc.DataLoader(images, batch_size=16, shuffle=True, seed=7) as loader:
        assert len(loader) == 7
        for batch in loader:
            indices = batch.indices.tolist()
            assert batch["image"].shape == (len(indices), 24, 24, 3)
            assert batch["label"].tolist() == indices
            for row, index in enumerate(indices):
                assert_same_value(batch["image"][row], dataset[index]["image"])
            seen += indices
    assert sorted(seen) == list(range(100))
    assert seen != sorted(seen)


def test_each_iteration_is_the_next_epoch(images: Path) -> None:
    with zc.DataLoader(images, batch_size=32, shuffle=True, seed=3) as loader:
        first, second = ([index for batch in loader for index in batch.indices.tolist()] for _ in range(2))
        assert sorted(first) == sorted(second) == list(range(100))
        assert first != second
        for _ in loader:
            break
        loader.set_epoch(1)
        assert [index for batch in loader for index in batch.indices.tolist()] == second


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [30, 30, 30, 10]), (True, [30, 30, 30])])
def test_the_last_batch(images: Path, drop_last: bool, sizes: list[int]) -> None:
    with zc.DataLoader(images, batch_size=30, drop_last=drop_last) as loader:
        assert [len(batch["label"]) for batch in loader] == sizes
        assert len(loader) == len(sizes)


def test_a_choice_of_fields_comes_in_the_schemas_order(images: Path) -> None:
    with zc.DataLoader(images, batch_size=50, fields=["label"]) as loader:
        assert [list(batch) for batch in loader] == [["label"], ["label"]]
    with (
        zc.DataLoader(images, fields=["depth"]) as wrong,
        pytest.raises(zc.ZcError, match="depth"),
    ):
        iter(wrong)


def test_ragged_fields_text_and_json(ragged: Path) -> None:
    with zc.DataLoader(ragged, batch_size=8, shuffle=True) as loader:
        count = 0
        for batch in loader:
            expected = [ragged_sample(index) for index in batch.indices.tolist()]
            for name in ("audio", "boxes", "grid"):
                assert len(batch[name]) == len(expected)
                for found, sample in zip(batch[name], expected, strict=True):
                    assert_same_value(found, sample[name])
            for name in ("caption", "photo", "meta"):
                assert batch[name] == [sample[name] for sample in expected]
                assert batch[name][-1] == expected[-1][name]
                assert batch[name][1:3] == [sample[name] for sample in expected[1:3]]
            count += len(expected)
    assert count == 40


def test_padding(ragged: Path) -> None:
    with zc.DataLoader(ragged, batch_size=40) as loader:
        batch = next(iter(loader))
        waves, lengths = batch["audio"].padded(value=-7)
        grids, shapes = batch["grid"].padded()
    assert waves.shape == (40, 50 + 13 * 6)
    assert grids.shape == (40, 3, 6)
    for number in range(40):
        sample = ragged_sample(number)
        assert lengths[number] == len(sample["audio"])
        assert_same_value(waves[number, : lengths[number]], sample["audio"])
        assert (waves[number, lengths[number] :] == -7).all()
        rows, columns = sample["grid"].shape
        assert shapes[number].tolist() == [rows, columns]
        assert_same_value(grids[number, :rows, :columns], sample["grid"])
        assert grids[number].sum() == sample["grid"].sum()


DTYPES: dict[str, Any] = {
    "bool": np.array([True, False, True]),
    "uint8": np.array([0, 1, 255], np.uint8),
    "int64": np.array([-(2**63), 0, 2**63 - 1]),
    "uint64": np.array([0, 1, 2**64 - 1], np.uint64),
    "float16": np.array([-0.0, 1.5, np.inf], np.float16),
    "bfloat16": np.array([0x8000, 0x3FC0, 0x7F80], np.uint16),
    "float64": np.array([np.pi, -1e300, 5e-324]),
    "complex64": np.array([1 + 2j, -3j, 0], np.complex64),
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(tmp_path: Path, dtype: str) -> None:
    values = DTYPES[dtype]
    schema = {"fixed": zc.tensor(dtype, [3]), "one": zc.scalar(dtype), "ragged": zc.tensor(dtype, [None])}
    with zc.DatasetWriter(tmp_path / "set", schema) as writer:
        for row in range(3):
            writer.append({"fixed": values, "one": values[row], "ragged": values[:row]})
    with zc.DataLoader(tmp_path / "set", batch_size=3) as loader:
        (batch,) = loader
    assert_same_value(batch["fixed"], np.stack([values] * 3))
    assert_same_value(batch["one"], values)
    assert_same_value(batch["ragged"][2], values[:2])
    assert batch["ragged"].offsets.tolist() == [0, 0, 1, 3]


def test_arrays_alias_the_slot_and_each_has_its_own_bytes(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        batch = next(iter(loader))
        inside = [
            segment.address <= batch["image"].ctypes.data < segment.address + segment.size_bytes
            for segment in client.shared_client().segments
        ]
        assert any(inside)
        assert batch["image"].ctypes.data % 4096 == 0
        assert batch["image"].flags.c_contiguous
        assert batch["image"].flags.writeable
        assert batch["label"].nbytes == 80


def test_a_slot_is_reused_when_the_last_alias_is_gone(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        iterator = iter(loader)
        batch = next(iterator)
        corner, label = batch["image"][0, :2].T, batch["label"]
        expected = corner.copy(), label.copy()
        del batch
        for _ in iterator:
            assert_same_value(corner, expected[0])
            assert_same_value(label, expected[1])
        del _, iterator
        assert eventually(lambda: held_batches(loader) == 1)
        del corner
        assert held_batches(loader) == 1
        del label
        assert eventually(lambda: held_batches(loader) == 0)


def test_an_epoch_needs_few_slots(images: Path) -> None:
    with zc.DataLoader(images, batch_size=5, prefetch_batches=2) as loader:
        places = {batch["image"].ctypes.data for _ in range(3) for batch in loader}
    assert len(places) <= 3


def test_keeping_all_batches_is_safe(images: Path) -> None:
    dataset = zc.Dataset(images)
    with zc.DataLoader(images, batch_size=5, shuffle=True) as loader:
        kept = list(loader)
        assert len({batch["image"].ctypes.data for batch in kept}) == 20
        for batch in kept:
            for row, index in enumerate(batch.indices.tolist()):
                assert_same_value(batch["image"][row], dataset[index]["image"])


def test_past_the_budget_keeping_is_an_error_that_says_so(images: Path) -> None:
    with zc.DataLoader(images, batch_size=5, max_memory_bytes=8 * 16384) as loader:
        kept: list[dict[str, Any]] = []
        with pytest.raises(zc.ZcError, match="ZC_MEMORY_BUDGET") as raised:
            kept.extend(loader)
        assert "max_memory_bytes" in str(raised.value)
        assert 3 <= len(kept) <= 8
        del raised
        kept.clear()
        gc.collect()
        assert sum(len(batch["label"]) for batch in loader) == 100


def test_changes_in_place_reach_neither_file_nor_later_batches(images: Path) -> None:
    before = [path.read_bytes() for path in sorted(images.iterdir())]
    dataset = zc.Dataset(images)
    with zc.DataLoader(images, batch_size=20) as loader:
        for _ in range(2):
            for batch in loader:
                for row, index in enumerate(batch.indices.tolist()):
                    assert_same_value(batch["image"][row], dataset[index]["image"])
                batch["image"].fill(9)
                batch["label"] *= 0
    assert [path.read_bytes() for path in sorted(images.iterdir())] == before


def test_two_loaders_side_by_side(images: Path, ragged: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as train, zc.DataLoader(ragged, batch_size=4) as validation:
        pairs = 0
        for first, second in zip(train, validation, strict=True):
            assert first["label"].tolist() == first.indices.tolist()
            assert second["caption"] == [ragged_sample(i)["caption"] for i in second.indices.tolist()]
            pairs += 1
        assert pairs == 10
        assert train.stats()["server_pid"] == validation.stats()["server_pid"]


def test_a_newer_iteration_takes_the_place_of_the_one_before(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        first = iter(loader)
        next(first)
        second = iter(loader)
        for _ in range(2):
            with pytest.raises(zc.ZcError, match=r"ZC_SUPERSEDED.*newer iteration of this loader has begun"):
                next(first)
        assert len(list(second)) == 10


def test_passes_that_need_loaders_of_their_own_are_told(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        with pytest.raises(zc.ZcError, match="ZC_SUPERSEDED"):
            next(zip(loader, loader, strict=True))
        outer = iter(loader)
        next(outer)
        assert [len(list(loader)) for _ in range(2)] == [10, 10]
        with pytest.raises(zc.ZcError, match="ZC_SUPERSEDED"):
            next(outer)


def test_an_iteration_that_was_left_or_had_all_its_batches_ends_silently(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        for _ in loader:
            break
        left = iter(loader)
        for _ in left:
            break
        whole = iter(loader)
        assert sum(1 for _ in zip(range(10), whole, strict=False)) == 10
        assert len(list(loader)) == 10
        assert list(whole) == []


def test_batches_of_growing_size(tmp_path: Path) -> None:
    """Rows that outgrow the slots by far: larger slots take the place of the first ones."""
    schema = {"tokens": zc.tensor("uint16", [None])}
    lengths = [10] * 60 + [40_000] * 20
    with zc.DatasetWriter(tmp_path / "set", schema) as writer:
        for length in lengths:
            writer.append({"tokens": np.full(length, length, np.uint16)})
    with zc.DataLoader(tmp_path / "set", batch_size=4) as loader:
        kept = next(iter(loader))
        for _ in range(2):
            found = [len(row) for batch in loader for row in batch["tokens"]]
            assert found == lengths
        assert [row.tolist() for row in kept["tokens"]] == [[10] * 10] * 4


def test_only_a_few_bytes_cross_the_socket(tmp_path: Path) -> None:
    with zc.DatasetWriter(tmp_path / "set") as writer:
        for number in range(64):
            writer.append({"image": np.full((128, 1024), number, np.uint8), "label": np.int64(number)})
    with zc.DataLoader(tmp_path / "set", batch_size=16) as loader:
        for _ in loader:
            pass
        before = loader.stats()
        batches = sum(1 for _ in range(4) for _ in loader)
        after = loader.stats()
    per_batch = (after["socket_bytes"] - before["socket_bytes"]) / batches
    assert per_batch < 1024
    assert after["server"]["batches"] - before["server"]["batches"] == batches


def test_a_corrupt_row_is_an_error_or_left_out(tmp_path: Path) -> None:
    with zc.DatasetWriter(tmp_path / "set") as writer:
        for number in range(20):
            writer.append({"image": np.full((64, 64), number + 1, np.uint8), "label": np.int64(number)})
    [path] = (tmp_path / "set").glob("*.zcs")
    content = bytearray(path.read_bytes())
    content[content.index(bytes([8] * 4096)) + 100] = 99
    path.write_bytes(content)
    with zc.DataLoader(tmp_path / "set", batch_size=6, on_corrupt="skip") as loader:
        batches = [(batch["image"][:, 0, 0].tolist(), batch["label"].tolist()) for batch in loader]
        assert [len(images) for images, _ in batches] == [6, 5, 6, 2]
        for images, labels in batches:
            assert images == [label + 1 for label in labels]
        assert 7 not in batches[1][1]
        assert loader.stats()["loader"]["skipped"] == 1
    with (
        zc.DataLoader(tmp_path / "set", batch_size=6) as loader,
        pytest.raises(zc.ZcError, match="ZC_FORMAT_CHECKSUM"),
    ):
        list(loader)
    with pytest.raises(zc.ZcError, match="ZC_ARGUMENT"):
        zc.DataLoader(tmp_path / "set", on_corrupt="ignore")  # type: ignore[arg-type]


def test_statistics_say_where_the_time_went(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        assert loader.stats()["loader"] is None
        taken = 0
        for _ in loader:
            time.sleep(0.01)
            taken += 1
        stats = loader.stats()["loader"]
        assert (stats["batches"], stats["samples"]) == (taken, len(loader.dataset))
        # The step behind the last batch ends with the iteration.
        assert stats["step_ms"] >= (taken - 1) * 10
        assert stats["waited_ms"] > 0
        assert stats["bytes_resident"] + stats["bytes_read"] > 0
        assert stats["helpers"] > 0
        assert stats["verdict"]["by"] in (
            "step",
            "disk",
            "cpu",
            "transforms",
            "planning",
            "tables",
            "memory",
            "depth",
        )
        assert stats["verdict"]["text"]


def _batches_unread() -> int:
    """Frames of loaders that have come and that nobody has looked at."""
    try:
        unread = client.shared_client()._control.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 0
    count = 0
    while len(unread) >= 8:
        length, channel = struct.unpack_from("<II", unread)
        count += channel > 0
        unread = unread[8 + length :]
    return count


def test_a_batch_that_has_come_is_no_stall(images: Path) -> None:
    with zc.DataLoader(images, batch_size=10) as loader:
        batches = iter(loader)
        # Until it is there, and nobody has looked.
        assert eventually(lambda: _batches_unread() > 0)
        next(batches)
        stats = loader.stats()["loader"]
        assert (stats["stalls"], stats["ready_batches"]) == (0, 1)


def test_closing_is_final_and_leaves_batches(images: Path) -> None:
    loader = zc.DataLoader(images, batch_size=10)
    batch = next(iter(loader))
    loader.close()
    loader.close()
    assert batch["label"].tolist() == list(range(10))
    with pytest.raises(zc.ZcError, match="ZC_CLOSED"):
        iter(loader)


def test_a_loader_that_is_forgotten_is_closed_in_the_server(images: Path) -> None:
    with zc.DataLoader(images) as watch:
        loaders = watch.stats()["server"]["loaders"]
        other = zc.DataLoader(images, batch_size=10)
        assert len(list(other)) == 10
        assert watch.stats()["server"]["loaders"] == loaders + 1
        del other
        assert eventually(lambda: watch.stats()["server"]["loaders"] == loaders)


def test_breaking_off_gives_slots_back(images: Path) -> None:
    with zc.DataLoader(images, batch_size=5) as loader:
        for _ in range(30):
            for _batch in loader:
                break
        del _batch
        assert eventually(lambda: held_batches(loader) == 0)


def test_what_cannot_be_opened_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(zc.ZcError) as raised:
        iter(zc.DataLoader(tmp_path / "nothing"))
    assert raised.value.code == "ZC_IO_OPEN"
    assert "nothing" in str(raised.value)


def test_arguments_are_checked(images: Path) -> None:
    with pytest.raises(zc.ZcError, match="ZC_ARGUMENT"):
        zc.DataLoader(images, batch_size=0)
    with pytest.raises(zc.ZcError, match="ZC_ARGUMENT"):
        iter(zc.DataLoader(images, rank=2, world_size=2))


def test_numpy_users_need_no_torch(images: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import zero_copy_loader as zc\n"
        f"print(sum(len(batch['label']) for batch in zc.DataLoader({str(images)!r}, batch_size=8)))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (found.stdout.strip(), found.stderr) == ("100", "")
