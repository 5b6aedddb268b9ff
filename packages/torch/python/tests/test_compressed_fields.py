"""Rows compressed with zstd: the golden shard is read to the last bit, and bad frames are refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import zero_copy_loader as zc
from zero_copy_loader import zstd_frames

FOLDER = Path(__file__).parents[3] / "format" / "test" / "golden" / "zstd"
SHARD = FOLDER / "zstd.zcs"

pytestmark = pytest.mark.skipif(not SHARD.is_file(), reason="the golden shards are only in a checkout")


def raw_frame(content: bytes, claims: int | None = None) -> bytes:
    """A frame of one raw block, which needs no compressor."""
    size = (len(content) if claims is None else claims).to_bytes(4, "little")
    return zstd_frames.MAGIC + b"\xa0" + size + (len(content) << 3 | 1).to_bytes(3, "little") + content


GOOD = raw_frame(b"nine bytes" * 30)


def test_fields_without_codec_are_read() -> None:
    dataset = zc.Dataset([str(SHARD)])
    assert [int(dataset.get_sample(i)["label"]) for i in range(len(dataset))] == [-2, -1, 0, 1]


def test_what_has_to_be_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    sample = zc.Dataset([str(SHARD)]).get_sample(0)
    with pytest.raises(zc.ZcError, match="caption") as failure:
        sample["caption"]
    assert failure.value.code == "ZC_FORMAT_CODEC"
    assert "pip install zstandard" in str(failure.value)


def test_the_golden_shard_is_read() -> None:
    pytest.importorskip("zstandard")
    dataset = zc.Dataset([str(SHARD)])
    golden = json.loads((FOLDER / "zstd.json").read_text())
    for i, expected in enumerate(golden["samples"]):
        sample = dataset[i]
        for name in ("image", "audio", "grid"):
            found = sample[name]
            assert (found.dtype.name, list(found.shape)) == (expected[name]["dtype"], expected[name]["shape"])
            assert found.tobytes().hex() == expected[name]["hex"]
            assert isinstance(found, np.ndarray)
        assert sample["photo"].hex() == expected["photo"]["hex"]
        assert (sample["caption"], sample["notes"]) == (expected["caption"], expected["notes"])
        assert bool(sample["mark"]) is expected["mark"]


def test_batches_hold_decoded_rows() -> None:
    golden = json.loads((FOLDER / "zstd.json").read_text())["samples"]
    with zc.DataLoader(SHARD, batch_size=3, shuffle=True, seed=1) as loader:
        seen: list[int] = []
        for batch in loader:
            for row, index in enumerate(batch.indices.tolist()):
                expected = golden[index]
                for name in ("image", "audio", "grid"):
                    found = batch[name][row]
                    assert (found.dtype.name, list(found.shape)) == (
                        expected[name]["dtype"],
                        expected[name]["shape"],
                    )
                    assert found.tobytes().hex() == expected[name]["hex"]
                assert batch["photo"][row].hex() == expected["photo"]["hex"]
                assert (batch["caption"][row], batch["notes"][row]) == (
                    expected["caption"],
                    expected["notes"],
                )
                assert bool(batch["mark"][row]) is expected["mark"]
                seen.append(index)
    assert sorted(seen) == list(range(len(golden)))


def test_a_good_frame_tells_its_length() -> None:
    assert zstd_frames.content_bytes_of(memoryview(GOOD)) == 300


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"not a frame",
        b"\x50\x2a\x4d\x18\x02\x00\x00\x00\x01\x02",
        GOOD + GOOD,
        GOOD + b"\x50\x2a\x4d\x18\x00\x00\x00\x00",
        GOOD[:4] + b"\xa1" + GOOD[5:],
        GOOD[:4] + b"\xa8" + GOOD[5:],
        GOOD[:4] + b"\x00" + GOOD[5:],
        GOOD[:9] + bytes([GOOD[9] | 6]) + GOOD[10:],
        raw_frame(b"x", claims=2**29),
        raw_frame(b"x", claims=2**30 + 1),
        GOOD[:4] + b"\x80\x50" + GOOD[5:],
        *(GOOD[:length] for length in range(len(GOOD))),
    ],
)
def test_a_bad_frame_is_refused_before_it_is_decoded(frame: bytes) -> None:
    with pytest.raises(zstd_frames.FrameError):
        zstd_frames.content_bytes_of(memoryview(frame))


@pytest.mark.parametrize("claims", [299, 301])
def test_a_frame_of_another_length_than_it_claims_is_refused(claims: int) -> None:
    pytest.importorskip("zstandard")
    with pytest.raises(zstd_frames.FrameError):
        zstd_frames.decode(memoryview(raw_frame(b"nine bytes" * 30, claims)), claims)


def test_a_frame_that_fits_itself_but_not_its_row_is_refused() -> None:
    with pytest.raises(zstd_frames.FrameError, match="where 7 belong"):
        zstd_frames.decode(memoryview(GOOD), 7)
