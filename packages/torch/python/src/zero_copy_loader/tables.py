"""Tables of offsets, dimensions and checksums, in blocks with a CRC each (shard-format section 8)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .core import MappedFile, crc32c
from .errors import ZcError
from .limits import BLOCK_BYTES, SAFE_INTEGER_MAX, refuse_above

ENTRY_BYTES_PER_BLOCK: Final = 4088
U64_PER_BLOCK: Final = ENTRY_BYTES_PER_BLOCK // 8
U32_PER_BLOCK: Final = ENTRY_BYTES_PER_BLOCK // 4


def table_bytes(entries: int, per_block: int) -> int:
    """Length of a table with that many entries."""
    return -(-entries // per_block) * BLOCK_BYTES


def encode_table(entries: npt.NDArray[Any]) -> bytes:
    """The blocks of a table of uint32 or uint64 entries."""
    per_block = ENTRY_BYTES_PER_BLOCK // entries.itemsize
    count = -(-len(entries) // per_block)
    blocks = np.zeros((count, BLOCK_BYTES), np.uint8)
    padded = np.zeros(count * per_block, entries.dtype.newbyteorder("<"))
    padded[: len(entries)] = entries
    blocks[:, :ENTRY_BYTES_PER_BLOCK] = padded.view(np.uint8).reshape(count, ENTRY_BYTES_PER_BLOCK)
    footers = blocks[:, ENTRY_BYTES_PER_BLOCK:].view("<u4")
    footers[:, 0] = np.arange(count)
    for block, footer in zip(blocks, footers, strict=True):
        footer[1] = crc32c(block[:-4])
    return blocks.tobytes()


def entry_offset(entries: npt.NDArray[np.int64], entry_bytes: int) -> npt.NDArray[np.int64]:
    """Where entries lie, counted in bytes from the beginning of their table."""
    blocks, places = np.divmod(entries, ENTRY_BYTES_PER_BLOCK // entry_bytes)
    offsets: npt.NDArray[np.int64] = blocks * BLOCK_BYTES + places * entry_bytes
    return offsets


class Table:
    """A table in a mapped shard; a block is checked before the first of its entries is used.

    ``name`` says whose table it is, in messages.
    """

    def __init__(self, mapped: MappedFile, offset: int, length: int, dtype: str, name: str) -> None:
        self._mapped = mapped
        self.offset = offset
        self._name = name
        count = length // BLOCK_BYTES
        blocks = mapped.bytes[offset : offset + length].view(dtype)
        self.per_block = ENTRY_BYTES_PER_BLOCK // blocks.itemsize
        # The entries and, behind them, the number and CRC of each block.
        self._blocks = blocks.reshape(count, BLOCK_BYTES // blocks.itemsize)
        self._trusted = np.zeros(count, np.bool_)
        self._complete = count == 0

    def __getitem__(self, entry: int) -> int:
        block, place = divmod(entry, self.per_block)
        if not self._trusted[block]:
            self._check(block)
        return int(self._blocks[block, place])

    def take(self, entries: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Many entries at once, as a new array."""
        self.require(entries)
        blocks, places = np.divmod(entries, self.per_block)
        taken: npt.NDArray[Any] = self._blocks[blocks, places]
        return taken

    @property
    def complete(self) -> bool:
        """Whether every block has been checked."""
        return self._complete

    def require(self, entries: npt.NDArray[np.int64]) -> None:
        """Checks the blocks that these entries lie in, as far as they were not yet."""
        blocks = entries // self.per_block
        touched = np.unique(blocks[~self._trusted[blocks]])
        for block in touched.tolist():
            self._check(block)
        if not len(touched):
            self._complete = bool(self._trusted.all())

    def _check(self, block: int) -> None:
        at = self.offset + block * BLOCK_BYTES
        number, expected_crc = self._mapped.bytes[at + ENTRY_BYTES_PER_BLOCK : at + BLOCK_BYTES].view("<u4")
        what = f"block {block} of the {self._name}"
        self._mapped.require_crc32c(at, BLOCK_BYTES - 4, int(expected_crc), what)
        if number != block:
            raise ZcError(
                "ZC_FORMAT_TABLE",
                f"{what} has the number {number}",
                path=self._mapped.path,
                offset=at,
                expected=block,
                actual=int(number),
            )
        if self._blocks.itemsize == 8:
            greatest = int(self._blocks[block, : self.per_block].max())
            refuse_above(
                SAFE_INTEGER_MAX, greatest, f"an entry of the {self._name}", path=self._mapped.path, offset=at
            )
        self._trusted[block] = True
