"""Writes a dataset: a directory of shards and its manifest (shard-format section 11)."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from .encode import encode_sample
from .errors import ZcError
from .field import FieldSpec
from .infer import infer_schema
from .limits import SHARDS_MAX, refuse_above
from .manifest import MANIFEST_NAME, Manifest, ShardEntry
from .publish import PartialDirectory, writing
from .schema import Schema
from .shard_writer import ShardStream, as_schema, bytes_of

SHARD_BYTES_DEFAULT: Final = 256 * 2**20
_FILE_BUFFER_BYTES = 2**20
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", re.IGNORECASE)
_INFERRED_ADVICE: Final = (
    "Convert the value, or give the writer a schema: without one it follows the first sample. In a schema, "
    'None is a size that differs from sample to sample: {"audio": zc.tensor("float32", [None]), …}.'
)
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class DatasetWriter:
    """Writes samples to a directory that appears, whole, when the writer finishes.

    The schema is given (a mapping of fields, or a `Schema`), or comes from the first sample. A shard is
    closed before it would outgrow ``shard_bytes`` (a number, or text such as ``"256MiB"``). With
    ``sha256=False`` the manifest leaves the digests out. With ``overwrite=True`` a dataset that lies there
    is replaced; anything else that the directory holds is refused.

    As a context manager it finishes at the end of the block, and leaves nothing behind if that raises. One
    that is dropped before `finish` says so in a warning and leaves nothing behind either. Values are copied
    before ``append`` returns.

    Raises ZC_FORMAT_VALUE for a sample that does not fit (others can follow), ZC_FORMAT_SCHEMA,
    ZC_FORMAT_LIMIT, ZC_FORMAT_BUSY, ZC_IO_EXISTS, ZC_IO_WRITE and ZC_CLOSED.

    Example::

        with zc.DatasetWriter("data/train", shard_bytes="256MiB") as writer:
            for image, label in pairs:
                writer.append({"image": image, "label": label})
    """

    #: Until the constructor has claimed the target there is nothing to give back.
    _closed = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: Schema | Mapping[str, FieldSpec] | None = None,
        *,
        shard_bytes: int | str = SHARD_BYTES_DEFAULT,
        sha256: bool = True,
        overwrite: bool = False,
    ) -> None:
        self.path = os.fspath(path)
        #: Samples appended so far.
        self.samples = 0
        self.manifest: Manifest | None = None
        #: Stored bytes of these samples, padding left out.
        self.stored_bytes = 0
        #: What makes the schema of the first sample, where none was given.
        self.infer: Callable[[Mapping[str, Any]], Schema] = infer_schema
        self._schema = as_schema(schema)
        self._advice = _INFERRED_ADVICE if schema is None else None
        self._shard_bytes = parse_bytes(shard_bytes)
        self._sha256 = sha256
        self._entries: list[ShardEntry] = []
        self._file: IO[bytes] | None = None
        self._stream: ShardStream | None = None
        self._directory = PartialDirectory(self.path, overwrite=overwrite)
        self._process = os.getpid()
        self._closed = False

    def append(self, sample: Mapping[str, Any]) -> None:
        """Appends one sample: a mapping with a value for each field."""
        self._demand_open()
        if self._schema is None:
            self._schema = self.infer(sample)
        rows = encode_sample(self._schema, sample, self.samples, advice=self._advice)
        try:
            stream = self._stream
            row_bytes = bytes_of(rows)
            if stream is not None and stream.stored_bytes + row_bytes > self._shard_bytes:
                self._finish_shard(stream)
                stream = None
            if stream is None:
                stream = self._start_shard(self._schema)
            stream.append(rows)
        except BaseException:
            # What the shard holds now is not known: nothing may be published.
            self.abort()
            raise
        self.samples += 1
        self.stored_bytes += row_bytes

    @property
    def closed(self) -> bool:
        """Whether nothing can be appended any more."""
        return self._closed

    def finish(self) -> Manifest:
        """Completes the last shard and publishes the directory; gives its manifest."""
        if self.manifest is not None:
            return self.manifest
        self._demand_open()
        try:
            if self._schema is None:
                raise ZcError("ZC_ARGUMENT", "there is neither a sample nor a schema", path=self.path)
            if self._stream is None and not self._entries:
                # A dataset without samples has one shard without samples.
                self._start_shard(self._schema)
            if self._stream is not None:
                self._finish_shard(self._stream)
            manifest = Manifest(self._schema, tuple(self._entries))
            with writing(self.path), open(os.path.join(self._directory.path, MANIFEST_NAME), "wb") as file:
                file.write(manifest.to_text().encode())
                file.flush()
                os.fsync(file.fileno())
            self._directory.publish()
        except BaseException:
            self.abort()
            raise
        self._closed = True
        self.manifest = manifest
        return manifest

    def abort(self) -> None:
        """Drops everything that was written. Does nothing after `finish`."""
        if self._closed:
            return
        self._closed = True
        if self._stream is not None:
            self._stream.close()
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._directory.discard()

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None:
            self.abort()
        elif not self._closed:
            self.finish()

    def __del__(self) -> None:
        # A forked child's copy owns nothing.
        if self._closed or os.getpid() != self._process:
            return
        self.abort()
        warnings.warn(
            f"the DatasetWriter of {self.path!r} was dropped before finish(): nothing was written; "
            "use it in a `with` block",
            RuntimeWarning,
            stacklevel=2,
        )

    def _start_shard(self, schema: Schema) -> ShardStream:
        refuse_above(SHARDS_MAX, len(self._entries) + 1, "the number of shards", path=self.path)
        path = os.path.join(self._directory.path, self._shard_name())
        with writing(path):
            self._file = open(path, "wb", buffering=_FILE_BUFFER_BYTES)  # noqa: SIM115 (see _finish_shard)
        self._stream = ShardStream(self._file, schema, path=path, sha256=self._sha256)
        return self._stream

    def _finish_shard(self, stream: ShardStream) -> None:
        assert self._file is not None, "a shard has a file"
        summary = stream.finish()
        with writing(self.path):
            os.fsync(self._file.fileno())
            self._file.close()
        self._entries.append(
            ShardEntry(self._shard_name(), summary.bytes, summary.samples, summary.uuid, summary.sha256)
        )
        self._file = self._stream = None

    def _shard_name(self) -> str:
        return f"shard-{len(self._entries):06}.zcs"

    def _demand_open(self) -> None:
        if self._closed:
            raise ZcError("ZC_CLOSED", "the writer is closed", path=self.path)


def parse_bytes(size: int | str) -> int:
    """A number of bytes from a number, or from text such as ``"256MiB"``, ``"1GB"`` or ``"4096"``."""
    if isinstance(size, int) and not isinstance(size, bool):
        number = size
    else:
        match = isinstance(size, str) and _SIZE.fullmatch(size)
        if not match or (match[3] and not match[2]):
            raise ZcError("ZC_ARGUMENT", f'{size!r} is no size; write 268435456 or "256MiB"')
        base = 1024 if match[3] else 1000
        number = int(float(match[1]) * base ** _UNITS[match[2].upper()])
    if number < 1:
        raise ZcError("ZC_ARGUMENT", f"the size {size!r} is less than one byte")
    return number
