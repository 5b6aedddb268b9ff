"""Packs the samples that a program of Python has, whatever holds them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from .dataset_writer import SHARD_BYTES_DEFAULT, DatasetWriter
from .errors import ZcError
from .field import FieldSpec
from .hugging_face import hugging_face_fields, is_hugging_face
from .infer import infer_schema
from .pack_progress import OnProgress, PackProgress
from .schema import Schema

#: How many of the samples that were left out the report shows.
ERRORS_KEPT: Final = 100
_PROGRESS_INTERVAL_S: Final = 0.1

#: Gives one sample, or raises why it cannot be had.
_Fetch = Callable[[], Any]


def pack_samples(
    source: Any,
    output: str | os.PathLike[str],
    *,
    map: Callable[[Any], Any] | None,  # noqa: A002 (the word of `pack`)
    names: Sequence[str] | None,
    schema: Schema | Mapping[str, FieldSpec] | None,
    shard_bytes: int | str | None,
    sha256: bool,
    overwrite: bool,
    skips: bool,
    tell: OnProgress | None,
) -> dict[str, Any]:
    """Its report: samples, shards, bytes, seconds, skipped, errors."""
    began = time.monotonic()
    # What a function makes of the samples is not what the source says of them.
    known = hugging_face_fields(source) if map is None and is_hugging_face(source) else {}
    total = len(source) if hasattr(source, "__len__") else None
    progress = _Progress(total, tell)
    skipped = 0
    errors: list[dict[str, Any]] = []
    with DatasetWriter(
        output,
        schema,
        shard_bytes=SHARD_BYTES_DEFAULT if shard_bytes is None else shard_bytes,
        sha256=sha256,
        overwrite=overwrite,
    ) as writer:
        if schema is None:
            writer.infer = lambda sample: infer_schema(sample, known=known)
        for row, fetch in enumerate(_fetches(source)):
            try:
                sample = _named(fetch(), names)
                writer.append(sample if map is None else map(sample))
            except Exception as error:
                if not skips or writer.closed or _is_of_schema(error):
                    _add_note(error, f"This was sample {row} of the source.")
                    raise
                skipped += 1
                if len(errors) < ERRORS_KEPT:
                    errors.append({"row": row, **_described(error)})
            progress.row(writer)
        manifest = writer.finish()
        progress.end(writer)
    return {
        "samples": manifest.samples,
        "shards": len(manifest.shards),
        "bytes": manifest.bytes,
        "seconds": time.monotonic() - began,
        "skipped": skipped,
        "errors": tuple(errors),
    }


def _fetches(source: Any) -> Iterator[_Fetch]:
    """What gives the samples, one after the other: by number where the source has numbers."""
    if _is_map_style(source):
        for number in range(len(source)):
            # Bound now: the function is called before the number goes on, but says so for itself.
            yield lambda number=number: source[number]  # type: ignore[misc]
        return
    if not isinstance(source, Iterable) or isinstance(source, (Mapping, bytes)):
        raise ZcError(
            "ZC_ARGUMENT",
            f"the source is a {type(source).__name__}, expected a path or something with samples",
            advice="Pass a dataset, a list or an iterator of mappings, for example [{'image': image}].",
        )
    for sample in source:
        yield lambda sample=sample: sample  # type: ignore[misc]


def _is_map_style(source: Any) -> bool:
    data = sys.modules.get("torch.utils.data")
    if data is not None and isinstance(source, data.IterableDataset):
        return False
    return hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, Mapping)


def _named(sample: Any, names: Sequence[str] | None) -> Any:
    if names is None:
        return sample
    if not isinstance(sample, (tuple, list)) or len(sample) != len(names):
        what = f"{len(sample)} parts" if isinstance(sample, (tuple, list)) else f"a {type(sample).__name__}"
        raise ZcError(
            "ZC_FORMAT_VALUE",
            f"the sample is {what}, expected a tuple with a part for each of {list(names)}",
            expected=list(names),
        )
    return dict(zip(names, sample, strict=True))


def _is_of_schema(error: Exception) -> bool:
    """A pattern that cannot be used is no fault of one sample."""
    return isinstance(error, ZcError) and error.code in ("ZC_FORMAT_SCHEMA", "ZC_ARGUMENT")


def _described(error: Exception) -> dict[str, Any]:
    if isinstance(error, ZcError):
        return {"code": error.code, "summary": error.summary}
    return {"code": type(error).__name__, "summary": str(error)}


def _add_note(error: Exception, note: str) -> None:
    # Python 3.11 shows notes below an exception; before it there is no place for them.
    if hasattr(error, "add_note"):
        error.add_note(note)


class _Progress:
    """Tells the progress some ten times a second, and at the end."""

    def __init__(self, total: int | None, tell: OnProgress | None) -> None:
        self._total = total
        self._tell = tell
        self._told = time.monotonic()
        self._rows = 0

    def row(self, writer: DatasetWriter) -> None:
        self._rows += 1
        if self._tell is None:
            return
        now = time.monotonic()
        if now - self._told >= _PROGRESS_INTERVAL_S:
            self._told = now
            self._tell(PackProgress(self._rows, self._total, writer.stored_bytes))

    def end(self, writer: DatasetWriter) -> None:
        if self._tell is not None:
            self._tell(PackProgress(self._rows, self._rows, writer.stored_bytes))
