"""Checks rows against their recorded CRC32C the first time they are read (shard-format section 8.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .core import MappedFile
from .errors import ZcError
from .footer import FieldLayout, checksum_count
from .limits import BLOCK_BYTES
from .schema import Field
from .tables import Table


class Checksums:
    """What is known of one field's bytes: which rows or blocks were found right since the shard was opened.

    Threads may check the same row twice; neither does harm.
    """

    def __init__(self, mapped: MappedFile, field: Field, layout: FieldLayout, samples: int) -> None:
        self._mapped = mapped
        self._region = layout.region
        self._by_row = field.checksum == "row"
        self._name = field.name
        self._table = Table(mapped, *layout.checksums, "<u4", f"checksums of field {field.name!r}")
        self._trusted = np.zeros(checksum_count(field, samples, layout.region.length), np.bool_)

    def check(self, row: int, start: int, length: int) -> None:
        """Checks the bytes of one row, which lie at ``start`` in the region. Raises ZC_FORMAT_CHECKSUM."""
        if self._by_row:
            if not self._trusted[row]:
                self._check_range(row, start, length, f"row {row}")
        elif length:
            for block in range(start // BLOCK_BYTES, (start + length - 1) // BLOCK_BYTES + 1):
                if not self._trusted[block]:
                    at = block * BLOCK_BYTES
                    self._check_range(
                        block, at, min(BLOCK_BYTES, self._region.length - at), f"block {block} (row {row})"
                    )

    def gather(
        self, rows: npt.NDArray[np.int64], row_bytes: int, destination: npt.NDArray[np.generic]
    ) -> None:
        """Copies rows of a fixed field behind each other; those not seen yet are checked in the same pass."""
        starts = rows * row_bytes
        offsets = (starts + self._region.offset).astype(np.uint64)
        expected = None
        if self._by_row:
            if not self._trusted[rows].all():
                expected = self._table.take(rows)
        else:
            self._check_blocks_of(rows, starts, row_bytes)
        try:
            self._mapped.gather(offsets, row_bytes, destination, expected)
        except ZcError as error:
            if error.code != "ZC_IO_CHECKSUM":
                raise
            row = int(rows[error.details["row"]])
            # Read once more by itself, it fails with the message that names field, row and both checksums.
            self.check(row, row * row_bytes, row_bytes)
            raise
        if expected is not None:
            self._trusted[rows] = True

    def _check_blocks_of(
        self, rows: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], row_bytes: int
    ) -> None:
        first, last = starts // BLOCK_BYTES, (starts + row_bytes - 1) // BLOCK_BYTES
        known = self._trusted[first] & self._trusted[last]
        if row_bytes > BLOCK_BYTES:
            known[:] = False
        for row, start in zip(rows[~known].tolist(), starts[~known].tolist(), strict=True):
            self.check(row, start, row_bytes)

    def _check_range(self, entry: int, start: int, length: int, what: str) -> None:
        what = f"{what} of field {self._name!r}"
        self._mapped.require_crc32c(self._region.offset + start, length, self._table[entry], what)
        self._trusted[entry] = True
