"""One field of a shard that is being written: its tables, and where its rows go."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np

from .core import crc32c
from .encode import EncodedRow
from .limits import BLOCK_BYTES
from .schema import Field
from .tables import encode_table

Write = Callable[[memoryview], object]


class ColumnWriter:
    """Appends rows to a region and remembers what the tables must say of them."""

    def __init__(self, field: Field, write: Write) -> None:
        self.field = field
        self.region_bytes = 0
        self._write = write
        self._align = field.row_align or 1
        self._ends = array("Q")
        self._dims = array("I")
        self._checksums = array("I")
        self._blocks = _BlockChecksums(self._checksums) if field.checksum == "block" else None

    def append(self, row: EncodedRow) -> None:
        padding = -self.region_bytes % self._align
        if padding:
            self._put(memoryview(bytes(padding)))
        self._put(row.stored)
        if self._blocks is None:
            self._checksums.append(crc32c(row.stored))
        if not self.field.fixed:
            self._ends.append(self.region_bytes)
        self._dims.extend(row.dims)

    def tables(self) -> dict[str, bytes]:
        """The encoded tables in file order; no rows may follow."""
        if self._blocks is not None:
            self._blocks.finish()
        tables = {} if self.field.fixed else {"ends": encode_table(np.array(self._ends, np.uint64))}
        if self.field.stores_dims:
            tables["dims"] = encode_table(np.array(self._dims, np.uint32))
        tables["checksums"] = encode_table(np.array(self._checksums, np.uint32))
        return tables

    def _put(self, data: memoryview) -> None:
        self._write(data)
        self.region_bytes += data.nbytes
        if self._blocks is not None:
            self._blocks.update(data)


class _BlockChecksums:
    """CRC32C of each 4096-byte block of a stream."""

    def __init__(self, checksums: array[int]) -> None:
        self._checksums = checksums
        #: The begin of a block: small rows are checked together.
        self._begun = bytearray()

    def update(self, data: memoryview) -> None:
        at = 0
        if self._begun or data.nbytes < BLOCK_BYTES:
            at = min(data.nbytes, BLOCK_BYTES - len(self._begun))
            self._begun += data[:at]
            if len(self._begun) < BLOCK_BYTES:
                return
            self.finish()
        whole = data.nbytes - (data.nbytes - at) % BLOCK_BYTES
        for start in range(at, whole, BLOCK_BYTES):
            self._checksums.append(crc32c(data[start : start + BLOCK_BYTES]))
        self._begun += data[whole:]

    def finish(self) -> None:
        if self._begun:
            self._checksums.append(crc32c(self._begun))
            self._begun.clear()
