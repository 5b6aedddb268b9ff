"""Checks rows against their recorded CRC32C the first time they are read (shard-format section 8.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .core import Expected, MappedFile, Ranges, gather_ranges
from .errors import ZcError
from .footer import FieldLayout, checksum_count
from .limits import BLOCK_BYTES
from .schema import Field
from .tables import Table

Numbers = npt.NDArray[np.int64]


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
        self._complete = len(self._trusted) == 0

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

    @property
    def complete(self) -> bool:
        """Whether every row is known to be right: from then on there is nothing left to ask."""
        return self._complete

    def expect(
        self, rows: Numbers, starts: Numbers, lengths: Numbers | int
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]] | None:
        """What rows are to be compared with: checksums, and which rows are; None where all are known.

        Where checksums are of blocks, those that are not known yet are compared here. The caller says
        `trust` of rows that it has found right.
        """
        if not self._by_row:
            self._check_blocks(rows, starts, lengths)
            return None
        unknown = ~self._trusted[rows]
        if unknown.any():
            return self._table.take(rows), unknown
        self._complete = bool(self._trusted.all())
        return None

    def trust(self, rows: Numbers) -> None:
        """These rows have been found right."""
        if self._by_row:
            self._trusted[rows] = True

    def _check_blocks(self, rows: Numbers, starts: Numbers, lengths: Numbers | int) -> None:
        first, last = starts // BLOCK_BYTES, (starts + lengths - 1) // BLOCK_BYTES
        # A row of no bytes may end before the block that it begins in.
        counts = np.maximum(last - first + 1, 0)
        steps = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        blocks = np.unique(np.repeat(first, counts) + steps)
        blocks = blocks[~self._trusted[blocks]]
        if not len(blocks):
            self._complete = bool(self._trusted.all())
            return
        begin = blocks * BLOCK_BYTES
        ranges = Ranges(
            np.full(len(blocks), self._mapped.handle, np.uint64),
            self._region.offset + begin,
            np.minimum(BLOCK_BYTES, self._region.length - begin),
        )
        expected = Expected(np.ascontiguousarray(self._table.take(blocks)), np.ones(len(blocks), np.bool_))
        try:
            gather_ranges(ranges, None, expected=expected)
        except ZcError as error:
            # A hole in the file reads as zeros: that is another error than damage.
            self._mapped.check()
            bad = blocks[error.details["row"]]
            row = int(np.argmax((first <= bad) & (bad <= last)))
            # Read once more by itself, it fails with the message that names field, row and both checksums.
            of_row = lengths if isinstance(lengths, int) else int(lengths[row])
            self.check(int(rows[row]), int(starts[row]), of_row)
            raise
        self._trusted[blocks] = True

    def _check_range(self, entry: int, start: int, length: int, what: str) -> None:
        what = f"{what} of field {self._name!r}"
        self._mapped.require_crc32c(self._region.offset + start, length, self._table[entry], what)
        self._trusted[entry] = True
