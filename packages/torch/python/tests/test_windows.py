"""Windows over token streams, against slices of one `np.memmap`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import zero_copy_loader as zc
from zero_copy_loader import DataLoader

ROOT = Path(__file__).parents[4]
SHAKESPEARE = Path(os.environ.get("ZC_SHARED_DATA", ROOT.parent / "shared" / "data")) / "tinyshakespeare.txt"

Flat = npt.NDArray[np.uint16]


def text() -> bytes:
    """The plays where they are to be had, else lines that never repeat."""
    if SHAKESPEARE.exists():
        return SHAKESPEARE.read_bytes()
    return b"\n\n".join(f"{i}: {i * i} times".encode() for i in range(40_000))


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Flat, list[int]]:
    """Paragraphs as documents of bytes, as a dataset of several shards and as one flat file."""
    folder = tmp_path_factory.mktemp("windows")
    documents = [np.frombuffer(part, np.uint8).astype(np.uint16) for part in text().split(b"\n\n")]
    schema = {"tokens": zc.tensor("uint16", [None])}
    with zc.DatasetWriter(folder / "set", schema, shard_bytes=400_000) as writer:
        for document in documents:
            writer.append({"tokens": document})
    assert len(list((folder / "set").glob("*.zcs"))) > 3
    np.concatenate(documents).tofile(folder / "flat.bin")
    return folder / "set", np.memmap(folder / "flat.bin", np.uint16, "r"), [len(each) for each in documents]


@pytest.mark.parametrize(("length", "stride"), [(1025, 1024), (256, 64), (100, 1000), (250_000, 90_000)])
def test_windows_are_slices_of_the_flat_file(
    tokens: tuple[Path, Flat, list[int]], length: int, stride: int
) -> None:
    path, flat, _ = tokens
    count = (len(flat) - length) // stride + 1
    seen: list[int] = []
    windows: zc.Windows = {"field": "tokens", "length": length, "stride": stride}
    with DataLoader(path, batch_size=32, shuffle=True, seed=1, windows=windows) as loader:
        assert len(loader) == -(-count // 32)
        for batch in loader:
            assert batch["tokens"].shape == (len(batch.indices), length)
            for window, number in zip(batch["tokens"], batch.indices, strict=True):
                assert (window == flat[number * stride : number * stride + length]).all()
            seen += batch.indices.tolist()
    assert sorted(seen) == list(range(count))


def test_two_ranks_share_the_windows_and_three_go_on_with_them(tokens: tuple[Path, Flat, list[int]]) -> None:
    path, flat, _ = tokens
    count = (len(flat) - 1025) // 1024 + 1
    windows: zc.Windows = {"field": "tokens", "length": 1025, "stride": 1024}

    def share(rank: int, size: int) -> DataLoader:
        return DataLoader(
            path, batch_size=16, shuffle=True, seed=5, windows=windows, rank=rank, world_size=size
        )

    seen: list[int] = []
    states: list[dict[str, Any]] = []
    for rank in range(2):
        with share(rank, 2) as loader:
            batches = iter(loader)
            for _ in range(7):
                seen += next(batches).indices.tolist()
            states.append(loader.state_dict())
    assert states[0] == states[1]
    for rank in range(3):
        with share(rank, 3) as loader:
            loader.load_state_dict(states[0])
            for batch in loader:
                seen += batch.indices.tolist()
    # Each once, but for the last padding.
    assert sorted(set(seen)) == list(range(count))
    assert len(seen) - count < 3
    other: zc.Windows = {"field": "tokens", "length": 1024}
    loader = DataLoader(path, batch_size=16, shuffle=True, seed=5, windows=other)
    with loader, pytest.raises(zc.ZcError, match="ZC_STATE_MISMATCH"):
        loader.load_state_dict(states[0])


def test_documents_come_along(tokens: tuple[Path, Flat, list[int]]) -> None:
    path, _, lengths = tokens
    document_of = np.repeat(np.arange(len(lengths)), lengths)
    windows: zc.Windows = {"field": "tokens", "length": 512, "documents": "ids"}
    with DataLoader(path, batch_size=64, shuffle=True, windows=windows) as loader:
        for batch in loader:
            assert (batch["documents"].dtype, batch["positions"].dtype) == (np.int64, np.int32)
            for row, number in enumerate(batch.indices):
                wanted = document_of[number * 512 : number * 512 + 512]
                assert (batch["documents"][row] == wanted).all()
                first_of = np.searchsorted(wanted, wanted)
                assert (batch["positions"][row] == np.arange(512) - first_of).all()
    windows = {"field": "tokens", "length": 512, "documents": "offsets"}
    with DataLoader(path, batch_size=64, windows=windows) as loader:
        for batch in loader:
            for row, number in enumerate(batch.indices):
                wanted = document_of[number * 512 : number * 512 + 512]
                begins = np.flatnonzero(np.diff(wanted)) + 1
                assert batch["borders"][row].tolist() == [0, *begins, 512]


def test_windows_that_keep_to_their_document(tokens: tuple[Path, Flat, list[int]]) -> None:
    path, flat, lengths = tokens
    windows: zc.Windows = {"field": "tokens", "length": 128, "cross_documents": False, "padding": 7}
    starts = np.cumsum([0, *lengths])
    wanted = [
        (start + at, min(128, length - at))
        for start, length in zip(starts, lengths, strict=False)
        for at in range(0, length, 128)
    ]
    with DataLoader(path, batch_size=64, shuffle=True, windows=windows) as loader:
        seen = 0
        for batch in loader:
            for window, number in zip(batch["tokens"], batch.indices, strict=True):
                start, length = wanted[number]
                assert (window[:length] == flat[start : start + length]).all()
                assert (window[length:] == 7).all()
                seen += 1
    assert seen == len(wanted)


def test_torch_tensors_of_tokens(tokens: tuple[Path, Flat, list[int]]) -> None:
    torch = pytest.importorskip("torch")
    from zero_copy_loader.torch import DataLoader as TorchLoader

    path, flat, _ = tokens
    with TorchLoader(path, batch_size=4, windows={"field": "tokens", "length": 65, "stride": 64}) as loader:
        batch = next(iter(loader))
        assert batch["tokens"].dtype == torch.uint16
        window = batch["tokens"].long()
        assert window[3].tolist() == flat[192:257].tolist()


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ({"length": 8}, "windows need 'field'"),
        ({"field": "tokens"}, "windows need 'length'"),
        ({"field": "tokens", "length": 0}, "length of windows must be a whole number from 1 on"),
        ({"field": "tokens", "length": 8, "stride": 1.5}, "stride of windows must be a whole number"),
        ({"field": "tokens", "length": 8, "documents": "yes"}, "one of 'offsets', 'ids'"),
        ({"field": "tokens", "length": 8, "steps": 3}, "windows have no 'steps'"),
        ("tokens", "windows must be a dict"),
    ],
)
def test_windows_that_do_not_fit_are_refused_at_once(tmp_path: Path, windows: Any, says: str) -> None:
    with pytest.raises(zc.ZcError, match="ZC_ARGUMENT") as raised:
        DataLoader(tmp_path, windows=windows)
    assert says in str(raised.value)


def test_what_only_the_dataset_tells_is_refused_when_it_is_opened(
    tokens: tuple[Path, Flat, list[int]],
) -> None:
    path, _, _ = tokens
    loader = DataLoader(path, windows={"field": "token", "length": 8})
    with loader, pytest.raises(zc.ZcError, match='did you mean "tokens"'):
        len(loader)
