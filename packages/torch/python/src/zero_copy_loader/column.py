"""The rows of one field of a mapped shard (shard-format section 7)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from . import canonical_json, zstd_frames
from .checksums import Checksums
from .core import MappedFile
from .errors import ZcError
from .footer import FieldLayout
from .limits import ROW_BYTES_MAX, refuse_above
from .schema import Field
from .tables import Table

Array = npt.NDArray[Any]


def open_column(mapped: MappedFile, field: Field, layout: FieldLayout, samples: int) -> Column:
    """The reader for one field."""
    if field.codec != "none":
        return CompressedColumn(mapped, field, layout, samples)
    if field.fixed:
        return FixedColumn(mapped, field, layout, samples)
    return VariableColumn(mapped, field, layout, samples)


class Column:
    """Rows of one field. Views are read-only and keep the map alive; the caller has checked row numbers.

    ``region`` is where the rows lie in the file, ``checksums`` what is known of them.
    """

    def __init__(self, mapped: MappedFile, field: Field, layout: FieldLayout, samples: int) -> None:
        self.mapped = mapped
        self.field = field
        self.region = layout.region
        self.checksums = Checksums(mapped, field, layout, samples)

    def array(self, row: int) -> Array:
        """A view of the row's bytes, checked: a tensor with its dtype and shape, else uint8."""
        raise NotImplementedError

    def value(self, row: int, *, copy: bool) -> Any:
        """The row as a sample holds it: array, NumPy scalar, bytes or a memoryview of them, str, object."""
        view = self.array(row)
        kind = self.field.kind
        if kind == "tensor":
            # A scalar is always a copy: NumPy's scalars own their bytes.
            value = view[()] if view.ndim == 0 else view.copy() if copy else view
        elif kind == "bytes":
            value = view.tobytes() if copy else view.data
        else:
            value = self._text(row, view.data)
        # Only now is it known that no byte came from a hole.
        self.mapped.check()
        return value

    def _text(self, row: int, stored: memoryview) -> Any:
        try:
            if self.field.kind == "json":
                return canonical_json.loads(stored, self.mapped.path)
            return str(stored, "utf-8")
        except ValueError as error:
            self.mapped.check()
            raise self._value_error(row, f"is not well-formed {self.field.kind}: {error}") from error

    def _value_error(self, row: int, what: str) -> ZcError:
        return ZcError(
            "ZC_FORMAT_VALUE",
            f"row {row} of field {self.field.name!r} {what}",
            path=self.mapped.path,
            advice="The shard was written wrongly: write it again.",
        )

    def _refuse_other_than_booleans(self, rows: Array, first_row: int) -> None:
        if rows.size and rows.view(np.uint8).max() > 1:
            self.mapped.check()
            raise self._value_error(first_row, "holds a bool other than 0 and 1")


class FixedColumn(Column):
    """Dense rows: the whole region is one array."""

    def __init__(self, mapped: MappedFile, field: Field, layout: FieldLayout, samples: int) -> None:
        super().__init__(mapped, field, layout, samples)
        shape = tuple(size for size in field.shape or () if size is not None)
        self._row_bytes = field.step_bytes
        region = mapped.bytes[layout.region.offset : layout.region.end]
        self._rows: Array = region.view(field.numpy_dtype).reshape(samples, *shape)
        self._is_bool = field.dtype == "bool"

    def take(self, rows: npt.NDArray[np.int64], memory: Any, offset: int) -> None:
        """Copies rows behind each other into writable memory.

        The caller knows that the rows are right, and asks afterwards whether the map is.
        """
        taken: Array = np.ndarray((len(rows), *self._rows.shape[1:]), self._rows.dtype, memory, offset)
        # Row numbers are in range; 'clip' writes into the destination where 'raise' makes a copy first.
        self._rows.take(rows, 0, taken, "clip")

    def array(self, row: int) -> Array:
        self.checksums.check(row, row * self._row_bytes, self._row_bytes)
        view: Array = self._rows[row, ...]
        if self._is_bool:
            self._refuse_other_than_booleans(view, row)
        self.mapped.check()
        return view


class VariableColumn(Column):
    """Rows of differing length behind each other, found by the table ``ends``."""

    def __init__(self, mapped: MappedFile, field: Field, layout: FieldLayout, samples: int) -> None:
        super().__init__(mapped, field, layout, samples)
        assert layout.ends is not None, "the footer's check leaves no variable field without its ends"
        self._samples = samples
        self._align = field.row_align or 1
        self.ends = Table(mapped, *layout.ends, "<u8", f"ends of field {field.name!r}")
        self.dims = (
            None
            if layout.dims is None
            else Table(mapped, *layout.dims, "<u4", f"dims of field {field.name!r}")
        )

    def array(self, row: int) -> Array:
        start, end = self._bounds(row)
        shape = self._shape(row, end - start)
        self.checksums.check(row, start, end - start)
        stored = self.mapped.bytes[self.region.offset + start : self.region.offset + end]
        view: Array = stored
        if self.field.kind == "tensor":
            view = stored.view(self.field.numpy_dtype).reshape(shape)
        if self.field.dtype == "bool":
            self._refuse_other_than_booleans(stored, row)
        self.mapped.check()
        return view

    def _bounds(self, row: int) -> tuple[int, int]:
        before = self.ends[row - 1] if row else 0
        start, end = -(-before // self._align) * self._align, self.ends[row]
        is_last = row == self._samples - 1
        if not start <= end <= self.region.length or (is_last and end != self.region.length):
            raise self._table_error(
                f"row {row} of field {self.field.name!r} lies from {start} to {end} "
                f"in a region of {self.region.length} bytes"
            )
        refuse_above(
            ROW_BYTES_MAX, end - start, f"row {row} of field {self.field.name!r}", path=self.mapped.path
        )
        return start, end

    def _shape(self, row: int, length: int) -> tuple[int, ...]:
        """The shape of a tensor's row, from its length or from the table ``dims`` (section 7.3)."""
        declared = self.field.shape
        if declared is None:
            return (length,)
        ragged = len(self.field.ragged_dimensions)
        if self.dims is None:
            sizes = [length // self.field.step_bytes]
        else:
            sizes = [self.dims[row * ragged + place] for place in range(ragged)]
        if length != self.field.step_bytes * math.prod(sizes):
            raise self._table_error(
                f"row {row} of field {self.field.name!r} has {length} bytes, "
                f"which the dimensions {sizes} of {list(declared)} do not make"
            )
        # NumPy cannot make an empty array of impossible dimensions.
        span = self.field.step_bytes * math.prod(size or 1 for size in sizes)
        refuse_above(ROW_BYTES_MAX, span, f"the shape of row {row} in bytes", path=self.mapped.path)
        remaining = iter(sizes)
        return tuple(next(remaining) if size is None else size for size in declared)

    def _table_error(self, summary: str) -> ZcError:
        return ZcError("ZC_FORMAT_TABLE", summary, path=self.mapped.path, offset=self.region.offset)


class CompressedColumn(VariableColumn):
    """Rows that are one zstd frame each: decoded into fresh memory, by the package ``zstandard``."""

    def array(self, row: int) -> Array:
        start, end = self._bounds(row)
        self.checksums.check(row, start, end - start)
        frame = self.mapped.bytes[self.region.offset + start : self.region.offset + end]
        content: Array = np.frombuffer(self._decoded(row, frame.data), np.uint8)
        self.mapped.check()
        if self.field.dtype == "bool":
            self._refuse_other_than_booleans(content, row)
        if self.field.kind != "tensor":
            return content
        return content.view(self.field.numpy_dtype).reshape(self._shape(row, len(content)))

    def _decoded(self, row: int, frame: memoryview) -> bytes:
        try:
            return zstd_frames.decode(frame, self._decoded_bytes(row))
        except zstd_frames.FrameError as error:
            self.mapped.check()
            raise self._value_error(row, f"is not one zstd frame: it {error}") from error
        except ImportError as error:
            raise ZcError(
                "ZC_FORMAT_CODEC",
                f"row {row} of field {self.field.name!r} is compressed with {self.field.codec}, "
                "and the package that decodes it is not installed",
                path=self.mapped.path,
                advice="Install it: pip install zstandard",
            ) from error

    def _decoded_bytes(self, row: int) -> int:
        """What the schema and the table ``dims`` say (section 7.3)."""
        per_row = self.field.dims_per_row
        sizes = [self.dims[row * per_row + place] for place in range(per_row)] if self.dims else []
        return math.prod(sizes) * (self.field.step_bytes if self.field.kind == "tensor" else 1)
