"""One mapped shard: head, tail and footer checked, its fields ready to be read."""

from __future__ import annotations

import os
import stat
import uuid

from .column import Column, open_column
from .core import MappedFile
from .errors import ZcError
from .footer import Footer, parse_footer
from .head import HEAD_BYTES, check_head
from .tail import SHARD_BYTES_MIN, TAIL_BYTES, Tail, parse_tail


class Shard:
    """A shard file opened for reading.

    The descriptor is closed once the file is mapped; the map ends with the last view of it.

    Raises ZC_IO_OPEN, ZC_IO_READ, ZC_IO_MAP and the ZC_FORMAT codes of sections 3 to 6.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        tail_bytes, tail, footer = _read_ends(path)
        self.mapped = MappedFile(path)
        self._refuse_other_file(tail_bytes, tail)
        self.footer = footer
        self.schema = footer.schema
        self.size_bytes = tail.file_bytes
        self.uuid = str(uuid.UUID(bytes=tail.uuid))
        self.columns: dict[str, Column] = {
            field.name: open_column(self.mapped, field, layout, footer.samples)
            for field, layout in zip(footer.schema.fields, footer.layout, strict=True)
        }

    def __len__(self) -> int:
        return self.footer.samples

    def _refuse_other_file(self, tail_bytes: bytes, tail: Tail) -> None:
        """The path was opened twice, once to be read and once to be mapped: both must be the same shard."""
        mapped_tail = self.mapped.bytes[-TAIL_BYTES:].tobytes()
        self.mapped.check()
        if self.mapped.size_bytes != tail.file_bytes or mapped_tail != tail_bytes:
            raise ZcError(
                "ZC_IO_OPEN",
                "the file was replaced while it was being opened",
                path=self.path,
                advice="Open it again.",
            )


def _read_ends(path: str) -> tuple[bytes, Tail, Footer]:
    try:
        # Not to wait for whoever writes into a pipe: it is refused below.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise ZcError("ZC_IO_OPEN", f"the shard cannot be opened: {error}", path=path) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ZcError("ZC_IO_OPEN", "the shard is not a regular file", path=path)
        size = status.st_size
        if size < SHARD_BYTES_MIN:
            raise ZcError(
                "ZC_FORMAT_TRUNCATED",
                f"the file has {size} bytes, a shard at least {SHARD_BYTES_MIN}",
                path=path,
                offset=0,
                expected=SHARD_BYTES_MIN,
                actual=size,
                advice="It is no shard, or one whose writing or copying was cut short.",
            )
        tail_bytes = _read(descriptor, size - TAIL_BYTES, TAIL_BYTES, path)
        head = _read(descriptor, 0, HEAD_BYTES, path)
        tail = parse_tail(tail_bytes, head, size, path)
        minor = check_head(head, tail.head_crc, path)
        footer = _read(descriptor, tail.footer_offset, tail.footer_bytes, path)
        return tail_bytes, tail, parse_footer(footer, tail, minor, path)
    finally:
        os.close(descriptor)


def _read(descriptor: int, offset: int, length: int, path: str) -> bytes:
    try:
        data = os.pread(descriptor, length, offset)
    except OSError as error:
        raise ZcError("ZC_IO_READ", f"the shard cannot be read: {error}", path=path, offset=offset) from error
    if len(data) != length:
        raise ZcError(
            "ZC_IO_SHORT_READ",
            f"the file ends after {len(data)} of {length} bytes",
            path=path,
            offset=offset,
            expected=length,
            actual=len(data),
        )
    return data
