"""Gathers one field of a batch, whatever shards its rows lie in: by one native call, or a few."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .batch_rows import BatchRows, Numbers
from .buffers import page_aligned
from .column import Column, FixedColumn, VariableColumn
from .core import Expected, gather_ranges
from .errors import ZcError
from .limits import ROW_BYTES_MAX
from .schema import Field
from .shard import Shard
from .tables import Table, entry_offset

#: Rows up to this length cost less to take by NumPy than the arguments of a native call do.
_SHORT_ROW_BYTES_MAX: Final = 64


@dataclass(frozen=True)
class Place:
    """Where a field lies in the batch's memory: its rows, their bytes, and its tables (0: it has none)."""

    offset: int
    length: int
    tables: int


class FieldGather:
    """Gathers the rows of one field in two steps: how many bytes they are, and then the bytes themselves.

    The layout is that of a loader's batches: rows back to back, and the tables of rows that differ in length
    behind them (docs/reference/bridge-protocol.md, section 4).
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self.name = field.name

    def measure(self, rows: BatchRows) -> PendingField:
        raise NotImplementedError

    def column(self, shard: Shard) -> Column:
        return shard.columns[self.name]


class PendingField:
    """One field of one batch, measured and not yet gathered."""

    #: Bytes of the rows, and of the tables behind them.
    length: int
    tables_bytes: int = 0

    @property
    def memory_bytes(self) -> int:
        return page_aligned(page_aligned(self.length) + self.tables_bytes)

    def place(self, offset: int) -> Place:
        return Place(offset, self.length, offset + page_aligned(self.length) if self.tables_bytes else 0)

    def fill(self, memory: Any, place: Place) -> None:
        """Copies rows and tables to their place."""
        raise NotImplementedError


def gatherer_of(field: Field) -> FieldGather:
    """What gathers a field."""
    if field.codec != "none":
        return _CompressedGather(field)
    return _FixedGather(field) if field.fixed else _VariableGather(field)


class _FixedGather(FieldGather):
    def measure(self, rows: BatchRows) -> PendingField:
        return _FixedRows(self, rows)


class _FixedRows(PendingField):
    def __init__(self, gather: FieldGather, rows: BatchRows) -> None:
        self._gather = gather
        self._rows = rows
        self._row_bytes = gather.field.step_bytes
        self.length = len(rows) * self._row_bytes

    def fill(self, memory: Any, place: Place) -> None:
        if self._take(memory, place):
            return
        starts = self._rows.rows * self._row_bytes
        _copy(self._gather, self._rows, starts, self._row_bytes, (memory, place), None)

    def _take(self, memory: Any, place: Place) -> bool:
        """Copies short rows of one shard that are all known to be right; False where they are others."""
        rows, field = self._rows, self._gather.field
        if self._row_bytes > _SHORT_ROW_BYTES_MAX or rows.shard_of_row is not None or field.dtype == "bool":
            return False
        column = self._gather.column(rows.shards[0])
        if not column.checksums.complete:
            return False
        assert isinstance(column, FixedColumn)
        column.take(rows.rows, memory, place.offset)
        return True


class _VariableGather(FieldGather):
    def measure(self, rows: BatchRows) -> PendingField:
        return _VariableRows(self, rows)


class _VariableRows(PendingField):
    def __init__(self, gather: FieldGather, rows: BatchRows) -> None:
        self._gather = gather
        self._rows = rows
        field = gather.field
        self._starts, ends = self._bounds()
        self._lengths = ends - self._starts
        self._dims = self._dimensions() if field.stores_dims else None
        self.places = np.zeros(len(rows) + 1, np.int64)
        self._lengths.cumsum(out=self.places[1:])
        self.length = int(self.places[-1])
        self.tables_bytes = self.places.nbytes + (0 if self._dims is None else self._dims.nbytes)

    def fill(self, memory: Any, place: Place) -> None:
        _copy(self._gather, self._rows, self._starts, self._lengths, (memory, place), self.places)
        _write_tables(memory, place, self.places // self._gather.field.element_bytes, self._dims)

    def _column(self, shard: Shard) -> VariableColumn:
        column = shard.columns[self._gather.name]
        assert isinstance(column, VariableColumn)
        return column

    def _bounds(self) -> tuple[Numbers, Numbers]:
        rows, align = self._rows, self._gather.field.row_align or 1
        numbers = np.stack((np.maximum(rows.rows - 1, 0), rows.rows))
        before, ends = self._take(lambda column: column.ends, numbers, np.int64)
        before[rows.rows == 0] = 0
        starts = -(-before // align) * align
        region = rows.of_shard(lambda shard: self._column(shard).region.length)
        is_last = rows.rows == rows.of_shard(len) - 1
        wrong = (starts > ends) | (ends > region) | (is_last & (ends != region))
        self._refuse(wrong | (ends - starts > ROW_BYTES_MAX))
        return starts, ends

    def _dimensions(self) -> Numbers:
        field, ragged = self._gather.field, self._gather.field.dims_per_row
        entries = (self._rows.rows[:, None] * ragged + np.arange(ragged)).T
        taken = self._take(_dims_of, np.ascontiguousarray(entries), np.uint32)
        dims = np.ascontiguousarray(taken.T, np.int64)
        # In floating point, where no product of sizes overflows; those that a row can have are exact.
        sizes = dims.astype(np.float64)
        wrong = sizes.prod(axis=1) * field.step_bytes != self._lengths
        wrong |= np.maximum(sizes, 1).prod(axis=1) * field.step_bytes > ROW_BYTES_MAX
        self._refuse(wrong)
        return dims

    def _take(self, table_of: Callable[[VariableColumn], Table], numbers: Numbers, dtype: Any) -> Any:
        """Entries of a table: for each line of ``numbers`` one of each row's shard."""
        rows = self._rows

        def table(shard: Shard) -> Table:
            return table_of(self._column(shard))

        if not all(table(shard).complete for shard in rows.shards):
            for shard, places in rows.groups():
                table(shard).require(numbers[:, places].ravel())
        taken = np.empty(numbers.shape, dtype)
        begin = rows.of_shard(lambda shard: table(shard).offset)
        for line, entries in zip(taken, numbers, strict=True):
            offsets = begin + entry_offset(entries, line.itemsize)
            gather_ranges(rows.ranges(offsets, line.itemsize), (line.ctypes.data, line.nbytes))
        return taken

    def _refuse(self, wrong: npt.NDArray[np.bool_]) -> None:
        """Raises what the first wrong row raises when it is read by itself."""
        if not wrong.any():
            return
        shard, row = self._rows.find(int(np.argmax(wrong)))
        shard.mapped.check()
        self._column(shard).array(row)


def _dims_of(column: VariableColumn) -> Table:
    assert column.dims is not None, "the footer's check leaves no field without its dims"
    return column.dims


class _CompressedGather(FieldGather):
    def measure(self, rows: BatchRows) -> PendingField:
        return _DecodedRows(self, rows)


class _DecodedRows(PendingField):
    """Frames are decoded one by one, into memory of their own, and copied together."""

    def __init__(self, gather: FieldGather, rows: BatchRows) -> None:
        field = gather.field
        found = (rows.find(place) for place in range(len(rows)))
        self._arrays = [shard.columns[gather.name].array(row) for shard, row in found]
        self.length = sum(array.nbytes for array in self._arrays)
        self._tables: tuple[Numbers, Numbers | None] | None = None
        if not field.decoded.fixed:
            ends = np.cumsum([0, *(array.nbytes for array in self._arrays)]) // field.element_bytes
            dims = None
            if field.decoded.stores_dims:
                shapes = np.array([array.shape for array in self._arrays], np.int64)
                dims = np.ascontiguousarray(shapes[:, field.ragged_dimensions])
            self._tables = (ends, dims)
            self.tables_bytes = ends.nbytes + (0 if dims is None else dims.nbytes)

    def fill(self, memory: Any, place: Place) -> None:
        at = place.offset
        for array in self._arrays:
            np.ndarray(array.shape, array.dtype, memory, at)[...] = array
            at += array.nbytes
        if self._tables is not None:
            _write_tables(memory, place, *self._tables)


def _copy(
    gather: FieldGather,
    rows: BatchRows,
    starts: Numbers,
    lengths: Numbers | int,
    destination: tuple[Any, Place],
    places: Numbers | None,
) -> None:
    """Copies rows, which begin at ``starts`` in the field's region, and checks those not seen before."""
    memory, place = destination
    expected = _expected(gather, rows, starts, lengths)
    offsets = starts + rows.of_shard(lambda shard: gather.column(shard).region.offset)
    address = ctypes.addressof(memory) + place.offset
    try:
        gather_ranges(rows.ranges(offsets, lengths), (address, place.length), places, expected)
    except ZcError as error:
        shard, row = rows.find(error.details["row"])
        # A hole in the file reads as zeros: that is another error than damage. Else the row, read once
        # more by itself, fails with the message that names field, row and both checksums.
        shard.mapped.check()
        gather.column(shard).array(row)
        raise
    if expected is not None:
        for shard, mine in rows.groups():
            gather.column(shard).checksums.trust(rows.rows[mine])
    if gather.field.dtype == "bool":
        _refuse_other_than_booleans(gather, rows, np.ndarray((place.length,), np.uint8, memory, place.offset))


def _expected(
    gather: FieldGather, rows: BatchRows, starts: Numbers, lengths: Numbers | int
) -> Expected | None:
    if all(gather.column(shard).checksums.complete for shard in rows.shards):
        return None
    expected: Expected | None = None
    for shard, mine in rows.groups():
        of_rows = lengths if isinstance(lengths, int) else lengths[mine]
        found = gather.column(shard).checksums.expect(rows.rows[mine], starts[mine], of_rows)
        if found is not None:
            expected = expected or Expected(np.zeros(len(rows), np.uint32), np.zeros(len(rows), np.bool_))
            expected.checksums[mine], expected.checked[mine] = found
    return expected


def _refuse_other_than_booleans(gather: FieldGather, rows: BatchRows, found: npt.NDArray[np.uint8]) -> None:
    if found.max(initial=0) <= 1:
        return
    rows.check()
    for place in range(len(rows)):
        shard, row = rows.find(place)
        gather.column(shard).array(row)


def _write_tables(memory: Any, place: Place, ends: Numbers, dims: Numbers | None) -> None:
    np.ndarray(ends.shape, np.int64, memory, place.tables)[...] = ends
    if dims is not None:
        np.ndarray(dims.shape, np.int64, memory, place.tables + ends.nbytes)[...] = dims
