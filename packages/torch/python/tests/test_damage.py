"""Nothing that is wrong with a file ends in anything but a coded error."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zero_copy_loader import Dataset, ShardWriter, ZcError, field, scalar, tensor, text
from zero_copy_loader.core import crc32c
from zero_copy_loader.head import HEAD_BYTES
from zero_copy_loader.limits import BLOCK_BYTES
from zero_copy_loader.tail import TAIL_BYTES

SCHEMA = {
    "image": tensor("uint8", [40, 30]),
    "label": scalar("int32"),
    "audio": tensor("int16", [None], row_align=64),
    "boxes": tensor("float32", [None, None]),
    "caption": text(),
    "meta": field.json(),
    "good": scalar("bool"),
}


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "whole.zcs"
    rng = np.random.default_rng(1)
    with ShardWriter(path, SCHEMA) as writer:
        for index in range(5):
            writer.append(
                {
                    "image": rng.integers(0, 256, (40, 30)).astype(np.uint8),
                    "label": index,
                    "audio": rng.integers(-9, 9, index * 17).astype(np.int16),
                    "boxes": np.ones((index, 4), np.float32),
                    "caption": "ü" * index,
                    "meta": {"i": index},
                    "good": index % 2 == 0,
                }
            )
    return path


def read_all(path: Path) -> str | None:
    """Reads every row every way; gives the code of the error that ended it."""
    try:
        dataset = Dataset(path)
        for index in range(len(dataset)):
            dict(dataset.get_sample(index))
        assert dataset.__getitems__(range(len(dataset))) is not None
    except ZcError as error:
        return error.code if error.path == str(path) else f"{error.code} of {error.path}"
    return None


def test_a_whole_shard_reads(shard: Path) -> None:
    assert read_all(shard) is None


def test_a_cut_anywhere_is_found(shard: Path) -> None:
    whole = shard.read_bytes()
    cut = shard.with_name("cut.zcs")
    lengths = {*range(0, len(whole), 997), *range(len(whole) - 2 * TAIL_BYTES, len(whole)), HEAD_BYTES}
    for length in sorted(lengths):
        cut.write_bytes(whole[:length])
        assert read_all(cut) == "ZC_FORMAT_TRUNCATED", length


def test_a_flipped_bit_of_head_footer_tail_or_tables_is_found(shard: Path) -> None:
    whole = shard.read_bytes()
    tables = _table_blocks(whole)
    footer_offset = struct.unpack_from("<Q", whole, len(whole) - TAIL_BYTES)[0]
    places = [*range(32), *range(32, HEAD_BYTES, 509)]
    places += range(footer_offset, len(whole) - TAIL_BYTES, 41)
    places += range(len(whole) - TAIL_BYTES, len(whole))
    places += [at for block in tables for at in range(block, block + BLOCK_BYTES, 307)]
    places += [at for block in tables for at in range(block + 4088, block + BLOCK_BYTES)]
    for at in places:
        assert _read_flipped(shard, whole, at, 1 << at % 8) is not None, at


def test_a_flipped_bit_of_a_row_is_found(shard: Path) -> None:
    whole = shard.read_bytes()
    layout = _footer(whole)["layout"]
    for each in layout:
        offset, length = each["region"]
        by_row = (each is layout[2]) or (each is layout[3])
        for at in range(offset, offset + length, max(1, length // 25)):
            code = _read_flipped(shard, whole, at, 0x10)
            # Padding between rows is covered only where checksums are per block.
            assert code == "ZC_FORMAT_CHECKSUM" or (by_row and code is None and whole[at] == 0), at


def _read_flipped(shard: Path, whole: bytes, at: int, bit: int) -> str | None:
    flipped = bytearray(whole)
    flipped[at] ^= bit
    path = shard.with_name("flipped.zcs")
    path.unlink(missing_ok=True)
    path.write_bytes(flipped)
    return read_all(path)


def _footer(whole: bytes) -> Any:
    offset, length = struct.unpack_from("<QQ", whole, len(whole) - TAIL_BYTES)
    return json.loads(whole[offset : offset + length])


def _table_blocks(whole: bytes) -> list[int]:
    return [
        at
        for each in _footer(whole)["layout"]
        for name, (offset, length) in each.items()
        if name != "region"
        for at in range(offset, offset + length, BLOCK_BYTES)
    ]


def _rewrite_footer(shard: Path, change: Callable[[Any], Any]) -> Path:
    """The shard with another footer and right checksums: what a hostile writer would make."""
    whole = shard.read_bytes()
    offset = struct.unpack_from("<Q", whole, len(whole) - TAIL_BYTES)[0]
    footer = _footer(whole)
    changed = change(footer)
    text = changed if isinstance(changed, bytes) else json.dumps(footer, separators=(",", ":")).encode()
    tail = bytearray(whole[-TAIL_BYTES:])
    struct.pack_into("<QQQI", tail, 0, offset, len(text), offset + len(text) + TAIL_BYTES, crc32c(text))
    struct.pack_into("<I", tail, 52, crc32c(bytes(tail[:52])))
    path = shard.with_name("hostile.zcs")
    path.write_bytes(whole[:offset] + text + bytes(tail))
    return path


def _set(*keys: Any) -> Callable[[Any], None]:
    *way, last, value = keys

    def change(footer: Any) -> None:
        for key in way:
            footer = footer[key]
        if value is ...:
            del footer[last]
        else:
            footer[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: b"[]", "ZC_FORMAT_FOOTER"),
        (lambda _: b"{", "ZC_FORMAT_FOOTER"),
        (lambda _: b"\xff", "ZC_FORMAT_FOOTER"),
        (lambda _: b"[" * 100_000, "ZC_FORMAT_LIMIT"),
        (lambda _: b"1" * 5000, "ZC_FORMAT_FOOTER"),
        (_set("format", "zc-dataset"), "ZC_FORMAT_FOOTER"),
        (_set("version", [1, 1]), "ZC_FORMAT_FOOTER"),
        (_set("samples", -1), "ZC_FORMAT_FOOTER"),
        (_set("samples", True), "ZC_FORMAT_FOOTER"),
        (_set("samples", 6), "ZC_FORMAT_FOOTER"),
        (_set("samples", 2**32), "ZC_FORMAT_LIMIT"),
        (_set("schema", None), "ZC_FORMAT_SCHEMA"),
        (_set("layout", []), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, None), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", ...), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [4096]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [4096, "6000"]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [4097, 6000]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [0, 6000]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [4096, 5999]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "region", [2**52, 6000]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 1, "region", [4096, 20]), "ZC_FORMAT_FOOTER"),
        (_set("layout", 0, "ends", [4096, 0]), "ZC_FORMAT_TABLE"),
        (_set("layout", 2, "ends", ...), "ZC_FORMAT_TABLE"),
        (_set("layout", 3, "dims", ...), "ZC_FORMAT_TABLE"),
        (_set("layout", 0, "checksums", ...), "ZC_FORMAT_TABLE"),
    ],
)
def test_a_lying_footer_is_refused(shard: Path, change: Callable[[Any], Any], code: str) -> None:
    assert read_all(_rewrite_footer(shard, change)) == code


def test_unknown_keys_of_a_footer_are_ignored(shard: Path) -> None:
    assert read_all(_rewrite_footer(shard, _set("novelty", {"a": 1}))) is None


def test_a_footer_that_shifts_tables_is_found_by_their_blocks(shard: Path) -> None:
    def swap(footer: Any) -> None:
        audio = footer["layout"][2]
        audio["ends"], footer["layout"][3]["ends"] = footer["layout"][3]["ends"], audio["ends"]

    assert read_all(_rewrite_footer(shard, swap)) in ("ZC_FORMAT_TABLE", "ZC_FORMAT_CHECKSUM")


def _rewrite_table(shard: Path, field_number: int, table: str, entries: dict[int, int]) -> Path:
    whole = bytearray(shard.read_bytes())
    offset = _footer(bytes(whole))["layout"][field_number][table][0]
    for entry, value in entries.items():
        form, size = ("<Q", 8) if table == "ends" else ("<I", 4)
        struct.pack_into(form, whole, offset + entry * size, value)
    struct.pack_into("<I", whole, offset + 4092, crc32c(bytes(whole[offset : offset + 4092])))
    path = shard.with_name("hostile.zcs")
    path.write_bytes(whole)
    return path


@pytest.mark.parametrize(
    ("number", "table", "entries", "code"),
    [
        (2, "ends", {1: 2**53 - 1}, "ZC_FORMAT_TABLE"),
        (2, "ends", {1: 2**53}, "ZC_FORMAT_LIMIT"),
        (2, "ends", {1: 33}, "ZC_FORMAT_TABLE"),
        (2, "ends", {2: 3}, "ZC_FORMAT_TABLE"),
        (2, "ends", {4: 10}, "ZC_FORMAT_TABLE"),
        (3, "dims", {2: 3}, "ZC_FORMAT_TABLE"),
        (3, "dims", {0: 0, 1: 2**28}, None),
        (3, "dims", {0: 0, 1: 2**28 + 1}, "ZC_FORMAT_LIMIT"),
        (4, "ends", {1: 3}, "ZC_FORMAT_VALUE"),
        (5, "ends", {0: 3}, "ZC_FORMAT_VALUE"),
    ],
)
def test_a_lying_table_is_refused(
    shard: Path, number: int, table: str, entries: dict[int, int], code: str | None
) -> None:
    assert read_all(_rewrite_table(shard, number, table, entries)) == code


def test_a_head_of_the_future_is_judged_by_its_flags(shard: Path) -> None:
    whole = shard.read_bytes()

    def with_head(form: str, at: int, value: int) -> str | None:
        head = bytearray(whole[:HEAD_BYTES])
        struct.pack_into(form, head, at, value)
        tail = bytearray(whole[-TAIL_BYTES:])
        struct.pack_into("<I", tail, 28, crc32c(bytes(head)))
        struct.pack_into("<I", tail, 52, crc32c(bytes(tail[:52])))
        path = shard.with_name("future.zcs")
        path.write_bytes(bytes(head) + whole[HEAD_BYTES:-TAIL_BYTES] + bytes(tail))
        return read_all(path)

    assert with_head("<H", 8, 2) == "ZC_FORMAT_VERSION"
    assert with_head("<I", 12, 1) == "ZC_FORMAT_FLAGS"
    assert with_head("<I", 16, 1) is None
    assert with_head("<I", 20, 8192) == "ZC_FORMAT_HEAD"
    assert with_head("<B", 0, 0x8B) == "ZC_FORMAT_BAD_MAGIC"


@pytest.mark.parametrize("content", [b"", b"\0" * 4159, b"\0" * 5000, b"PK\x03\x04" * 2000])
def test_what_is_no_shard_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert read_all(path) == ("ZC_FORMAT_TRUNCATED" if len(content) < 4160 else "ZC_FORMAT_BAD_MAGIC")


def test_damage_is_named_with_field_row_and_both_checksums(shard: Path) -> None:
    whole = bytearray(shard.read_bytes())
    at = _footer(bytes(whole))["layout"][0]["region"][0] + 3 * 1200
    whole[at + 7] ^= 1
    path = shard.with_name("damaged.zcs")
    path.write_bytes(whole)
    reads: list[Callable[[Dataset], object]] = [
        lambda dataset: dataset[3],
        lambda dataset: dataset[[0, 3]],
        lambda dataset: dataset.get_sample(3)["image"],
    ]
    for read in reads:
        with pytest.raises(ZcError) as caught:
            read(Dataset(path))
        error = caught.value
        assert (error.code, error.offset) == ("ZC_FORMAT_CHECKSUM", at)
        assert f"row 3 of field 'image' has CRC32C {error.actual:08x}" in error.summary
        assert f"expected {error.expected:08x}" in error.summary
    assert Dataset(path)[2]["label"] == 2
