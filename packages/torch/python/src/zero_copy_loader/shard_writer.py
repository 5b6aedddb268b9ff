"""Writes one shard in one pass (shard-format sections 2 to 10)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from .column_writer import ColumnWriter
from .core import crc32c
from .encode import EncodedRow, encode_sample
from .errors import ZcError
from .field import FieldSpec, define_schema
from .footer import FieldLayout, Footer, Span
from .head import HEAD, HEAD_BYTES
from .infer import infer_schema
from .limits import (
    BLOCK_BYTES,
    FILE_BYTES_MAX,
    FOOTER_BYTES_MAX,
    SAFE_INTEGER_MAX,
    SAMPLES_PER_SHARD_MAX,
    refuse_above,
)
from .publish import flush_directory, open_exclusively, writing
from .schema import Schema
from .tail import TAIL_BYTES, Tail

#: Bytes of a waiting field that are held in memory before they go to a temporary file.
HELD_BYTES_MAX: Final = 2**20
_COPY_BYTES = 2**20


@dataclass(frozen=True)
class ShardSummary:
    """What was written; ``sha256`` is lower-case hex of the whole file, or None."""

    bytes: int
    samples: int
    uuid: str
    sha256: str | None


class ShardWriter:
    """Writes one shard file, which appears under its name when it is whole.

    The schema is given, or comes from the first sample. Values are copied before ``append`` returns. As a
    context manager it finishes at the end of the block, and leaves nothing behind if that raises.

    Raises ZC_FORMAT_VALUE for a sample that does not fit (others can follow), ZC_FORMAT_SCHEMA,
    ZC_FORMAT_LIMIT, ZC_FORMAT_BUSY, ZC_IO_WRITE, ZC_IO_EXISTS and ZC_CLOSED.

    Example::

        with zc.ShardWriter("train.zcs", schema={"audio": zc.tensor("int16", [None])}) as writer:
            writer.append({"audio": samples})
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: Schema | Mapping[str, FieldSpec] | None = None,
        *,
        sha256: bool = True,
        overwrite: bool = False,
    ) -> None:
        self.path = os.fspath(path)
        if not overwrite and os.path.lexists(self.path):
            raise ZcError("ZC_IO_EXISTS", "the shard is there already", path=self.path)
        self.summary: ShardSummary | None = None
        self._schema = as_schema(schema)
        self._sha256 = sha256
        self._overwrite = overwrite
        directory, name = os.path.split(os.path.abspath(self.path))
        self._partial = os.path.join(directory, f".{name}.zc-partial")
        self._stream: ShardStream | None = None
        self._closed = False
        with writing(self.path):
            self._file = open_exclusively(self._partial)

    def append(self, sample: Mapping[str, Any]) -> None:
        """Appends one sample: a mapping with a value for each field."""
        if self._closed:
            raise ZcError("ZC_CLOSED", "the writer is closed", path=self.path)
        if self._schema is None:
            self._schema = infer_schema(sample)
        stream = self._open_stream(self._schema)
        rows = encode_sample(stream.schema, sample, stream.samples)
        try:
            stream.append(rows)
        except BaseException:
            # What the file holds now is not known.
            self.abort()
            raise

    def finish(self) -> ShardSummary:
        """Completes the shard, flushes it to the disk and gives it its name."""
        if self.summary is not None:
            return self.summary
        if self._closed:
            raise ZcError("ZC_CLOSED", "the writer is closed", path=self.path)
        if self._schema is None:
            raise ZcError("ZC_ARGUMENT", "there is neither a sample nor a schema", path=self.path)
        try:
            summary = self._open_stream(self._schema).finish()
            with writing(self.path):
                self._file.flush()
                os.fsync(self._file.fileno())
                if not self._overwrite and os.path.lexists(self.path):
                    raise ZcError("ZC_IO_EXISTS", "the shard has appeared meanwhile", path=self.path)
                os.replace(self._partial, self.path)
                self._file.close()
                flush_directory(os.path.dirname(os.path.abspath(self.path)))
        except BaseException:
            self.abort()
            raise
        self._closed = True
        self.summary = summary
        return summary

    def abort(self) -> None:
        """Drops what was written. Does nothing after `finish`."""
        if self._closed:
            return
        self._closed = True
        if self._stream is not None:
            self._stream.close()
        # First its name, then the lock that goes with the descriptor.
        with contextlib.suppress(OSError):
            os.unlink(self._partial)
        with contextlib.suppress(OSError):
            self._file.close()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None:
            self.abort()
        elif not self._closed:
            self.finish()

    def _open_stream(self, schema: Schema) -> ShardStream:
        if self._stream is None:
            self._stream = ShardStream(self._file, schema, path=self.path, sha256=self._sha256)
        return self._stream


class ShardStream:
    """Writes a shard front to back into an open file, which stays the caller's to flush and to close.

    The main field's rows go straight to the file; those of the others wait in temporary files beside it.
    """

    def __init__(self, file: IO[bytes], schema: Schema, *, path: str, sha256: bool) -> None:
        self.schema = schema
        self.samples = 0
        #: Bytes of the rows so far, padding left out.
        self.stored_bytes = 0
        self._output = _Output(file, path, sha256)
        self._output.write(HEAD)
        directory = os.path.dirname(os.path.abspath(path))
        self._waiting = {
            field.name: SpooledTemporaryFile(HELD_BYTES_MAX, dir=directory)  # noqa: SIM115 (close() ends it)
            for field in schema.fields
            if field.name != schema.main
        }
        self._columns = [
            ColumnWriter(
                field,
                self._output.write if field.name == schema.main else self._waiting[field.name].write,
            )
            for field in schema.fields
        ]

    def append(self, rows: list[EncodedRow]) -> None:
        """Appends a sample whose rows are in stored form already."""
        refuse_above(SAMPLES_PER_SHARD_MAX, self.samples + 1, "the number of samples")
        with writing(self._output.path):
            for column, row in zip(self._columns, rows, strict=True):
                column.append(row)
        self.samples += 1
        self.stored_bytes += bytes_of(rows)

    def finish(self) -> ShardSummary:
        """Writes what is left behind the main field's rows; nothing may be appended afterwards."""
        tables = [column.tables() for column in self._columns]
        footer = Footer(self.samples, self.schema, self._settle_layout(tables))
        footer_bytes = footer.to_bytes()
        refuse_above(FOOTER_BYTES_MAX, len(footer_bytes), "the length of the footer")
        identity = hashlib.sha256(HEAD)
        identity.update(footer_bytes)
        with writing(self._output.path):
            for waiting in self._waiting.values():
                self._output.pad_to_block()
                waiting.seek(0)
                shutil.copyfileobj(waiting, self._output, _COPY_BYTES)
            for blocks in (table for each in tables for table in each.values()):
                self._output.pad_to_block()
                self._output.write(blocks)
                identity.update(blocks)
            self._output.pad_to_block()
            footer_offset = self._output.position
            file_bytes = footer_offset + len(footer_bytes) + TAIL_BYTES
            refuse_above(FILE_BYTES_MAX, file_bytes, "the length of the file")
            name = _uuid8(identity.digest())
            tail = Tail(
                footer_offset, len(footer_bytes), file_bytes, crc32c(footer_bytes), crc32c(HEAD), name.bytes
            )
            self._output.write(footer_bytes)
            self._output.write(tail.to_bytes())
            self._output.flush()
        self.close()
        return ShardSummary(file_bytes, self.samples, str(name), self._output.sha256())

    def close(self) -> None:
        """Drops what waits. Does nothing the second time."""
        for waiting in self._waiting.values():
            waiting.close()

    def _settle_layout(self, tables: list[dict[str, bytes]]) -> tuple[FieldLayout, ...]:
        at = HEAD_BYTES

        def place(length: int) -> Span:
            nonlocal at
            span = Span(at, length)
            at += length + -length % BLOCK_BYTES
            return span

        # Stable: the main field first, the others in schema order.
        ordered = sorted(self._columns, key=lambda column: column.field.name != self.schema.main)
        regions = {column.field.name: place(column.region_bytes) for column in ordered}
        return tuple(
            FieldLayout(
                region=regions[column.field.name],
                **{name: place(len(blocks)) for name, blocks in each.items()},
            )
            for column, each in zip(self._columns, tables, strict=True)
        )


class _Output:
    """The file, hashed as it is written."""

    def __init__(self, file: IO[bytes], path: str, sha256: bool) -> None:
        self.path = path
        self.position = 0
        self._file = file
        self._hash = hashlib.sha256() if sha256 else None

    def write(self, data: bytes | memoryview) -> int:
        self._file.write(data)
        if self._hash is not None:
            self._hash.update(data)
        self.position += len(data)
        return len(data)

    def pad_to_block(self) -> None:
        self.write(bytes(-self.position % BLOCK_BYTES))

    def flush(self) -> None:
        self._file.flush()

    def sha256(self) -> str | None:
        return None if self._hash is None else self._hash.hexdigest()


def as_schema(schema: Schema | Mapping[str, FieldSpec] | None) -> Schema | None:
    """A schema as a writer takes it: resolved, described, or none yet."""
    if schema is None or isinstance(schema, Schema):
        return schema
    if isinstance(schema, Mapping):
        return define_schema(schema)
    raise ZcError("ZC_ARGUMENT", f"schema is a {type(schema).__name__}, expected a mapping of fields")


def bytes_of(rows: list[EncodedRow]) -> int:
    """Stored bytes of a sample's rows."""
    total = sum(row.stored.nbytes for row in rows)
    refuse_above(SAFE_INTEGER_MAX, total, "the length of a sample")
    return total


def _uuid8(digest: bytes) -> uuid.UUID:
    """Section 10: version 8, made of the first 16 bytes of a digest."""
    value = bytearray(digest[:16])
    value[6] = value[6] & 0x0F | 0x80
    value[8] = value[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(value))
