"""A dataset read in this process: by index, in any order, without a server."""

from __future__ import annotations

import operator
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, ClassVar, Final, overload

import numpy as np
import numpy.typing as npt

from . import arguments
from .batch import FieldView
from .batch_rows import BatchRows
from .errors import ZcError
from .gathered import Gathered, Gatherer
from .manifest import ShardEntry, read_manifest
from .sample import Sample
from .schema import Schema
from .shard import Shard

#: Maps held open at once; the kernel allows a process 65,530 by default.
SHARDS_OPEN_MAX: Final = 4096

Path = str | os.PathLike[str]
Indices = Sequence[int] | npt.NDArray[np.integer[Any]]


class Dataset:
    """The samples of a directory, of one shard file, or of a list of shard files with one schema.

    ``dataset[i]``, ``get(i)`` and ``dataset[[3, 1, 4]]`` copy: dicts of NumPy arrays, NumPy scalars, str,
    bytes and JSON objects that are the caller's own. ``get_sample(i)``, ``get_batch([…])`` and
    ``get(i, copy=False)`` give `Sample`: read-only views of the mapped file. It is a map-style dataset for
    ``torch.utils.data`` too, with ``__getitems__`` for whole batches.

    Opening a directory reads ``dataset.json`` alone; a shard is opened at its first touch. Reading is
    synchronous: a row that is not in memory waits for the disk. Each row is checked against its checksum on
    its first read. It may be used from several threads, in forked children, and pickled, when it is opened
    again by path.

    Raises ZC_IO_OPEN, ZC_IO_POISONED, ZC_INDEX_RANGE, ZC_CLOSED and the ZC_FORMAT codes.

    Example::

        dataset = zc.Dataset("data/train")
        dataset[17]["image"]
    """

    _view_type: ClassVar[type[FieldView]] = FieldView

    def __init__(self, path: Path | Sequence[Path]) -> None:
        self.schema: Schema
        self._source: str | list[str]
        self._opened: dict[int, Shard] = {}
        self._entries: tuple[ShardEntry | None, ...]
        paths = _as_paths(path)
        single = isinstance(path, (str, os.PathLike))
        self._source = paths[0] if single else paths
        if single and os.path.isdir(paths[0]):
            self._open_directory(paths[0])
        else:
            self._paths = paths
            self._open_files(paths)
        # Sample i lies in the first shard whose end is above i.
        self._ends = list(accumulate(self._counts))
        self._ends_array = np.array(self._ends, np.int64)
        self._length = self._ends[-1] if self._ends else 0
        self._gatherer = Gatherer(self.schema, self._view_type, self._ends)
        self._closed = False

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice | Indices) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice | Indices) -> dict[str, Any] | list[dict[str, Any]]:
        """Copies: of one sample, or a list of them for a slice or a list of indices."""
        if isinstance(index, slice):
            return [*self.__getitems__(range(*index.indices(self._length)))]
        if isinstance(index, (list, tuple, range)) or getattr(index, "ndim", 0) > 0:
            return [*self.__getitems__(index)]  # type: ignore[arg-type]
        return self._copied(self.get_sample(index))  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(self._length))

    def __getitems__(self, indices: Indices | range) -> Gathered:
        """Copies of several samples, as ``torch.utils.data`` asks for a batch.

        A sequence of dicts. All rows of a field are gathered together, by native code that lets go of the
        interpreter lock, and each dict holds its part: to keep one sample of many, copy its arrays.
        ``.batch`` has each field in one piece.
        """
        gathered = self._gatherer.gather_at_once(indices)
        if gathered is None:
            wanted = self._normalize(indices)
            rows = self._rows_of(wanted)
            gathered = self._gatherer.gather(rows, wanted)
            self._gatherer.learn(rows)
            if self._closed:
                self._gatherer.forget()
        return gathered

    def _rows_of(self, wanted: npt.NDArray[np.int64]) -> BatchRows:
        if len(self._counts) == 1:
            return BatchRows([self.shard(0)], [0], None, wanted)
        found, shard_of_row = np.unique(
            np.searchsorted(self._ends_array, wanted, side="right"), return_inverse=True
        )
        numbers = found.tolist()
        # Held by the batch: another thread may put others in their place at any time.
        shards = [self.shard(number) for number in numbers]
        begins = np.array([self._ends[number] - self._counts[number] for number in numbers], np.int64)
        return BatchRows(shards, numbers, shard_of_row, wanted - begins[shard_of_row])

    def get(self, index: int, copy: bool = True) -> dict[str, Any] | Sample:
        """One sample: a dict of its own values, or with ``copy=False`` what `get_sample` gives."""
        sample = self.get_sample(index)
        return self._copied(sample) if copy else sample

    def get_sample(self, index: int) -> Sample:
        """One sample as read-only views of the mapped shard, which they keep alive."""
        row = index if type(index) is int else self._index(index)
        if row < 0:
            row += self._length
        if not 0 <= row < self._length:
            raise self._out_of_range(index)
        number = bisect_right(self._ends, row)
        shard = self._opened.get(number) or self.shard(number)
        if self._closed:
            raise self._closed_error()
        shard.mapped.check()
        return Sample(shard, row - self._ends[number] + shard.footer.samples)

    def get_batch(self, indices: Indices) -> list[Sample]:
        """Several samples as read-only views, in the order asked for."""
        return [self.get_sample(index) for index in self._normalize(indices).tolist()]

    def close(self) -> None:
        """Drops the shards; views that are left keep theirs. Does nothing the second time."""
        self._closed = True
        self._opened.clear()
        self._gatherer.forget()

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def paths(self) -> list[str]:
        """Where the shards lie."""
        return list(self._paths)

    @property
    def source(self) -> str | list[str]:
        """What it was opened from, by absolute path: the directory, the shard, or the list of shards."""
        return self._source

    def __getstate__(self) -> dict[str, Any]:
        return {"source": self.source, "closed": self._closed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["source"])  # type: ignore[misc]
        self._closed = state["closed"]

    def __repr__(self) -> str:
        return f"<Dataset {self._source!r}: {self._length} samples of {', '.join(self.schema.names)}>"

    def _copied(self, sample: Sample) -> dict[str, Any]:
        """What `__getitem__` makes of a sample."""
        return sample.copy()

    def _open_directory(self, directory: str) -> None:
        manifest = read_manifest(directory)
        self.schema = manifest.schema
        self._entries = manifest.shards
        self._paths = [os.path.join(directory, entry.name) for entry in manifest.shards]
        self._counts = [entry.samples for entry in manifest.shards]

    def _open_files(self, paths: list[str]) -> None:
        if not paths:
            raise ZcError("ZC_ARGUMENT", "the list of shards is empty", advice="Name at least one shard.")
        self._entries = (None,) * len(paths)
        self._counts = []
        for number, path in enumerate(paths):
            shard = Shard(path)
            if number == 0:
                self.schema = shard.schema
            self._refuse_other_schema(shard, f"the first shard, {paths[0]}")
            self._counts.append(len(shard))
            if number < SHARDS_OPEN_MAX:
                self._opened[number] = shard

    def shard(self, number: int) -> Shard:
        """A shard by its number, opened and as the dataset has it."""
        if self._closed:
            raise self._closed_error()
        shard = self._opened.get(number)
        if shard is None:
            shard = Shard(self._paths[number])
            self._refuse_changed(shard, number)
            while len(self._opened) >= SHARDS_OPEN_MAX:
                # The one opened first; its views, if any are left, keep its map.
                self._opened.pop(next(iter(self._opened)))
            self._opened[number] = shard
        shard.mapped.check()
        return shard

    def _refuse_changed(self, shard: Shard, number: int) -> None:
        """A shard must be the one that the manifest lists, or that was there when the list was opened."""
        entry = self._entries[number]
        found = {"samples": len(shard)}
        expected = {"samples": self._counts[number]}
        if entry is not None:
            found |= {"bytes": shard.size_bytes, "uuid": shard.uuid}  # type: ignore[dict-item]
            expected |= {"bytes": entry.bytes, "uuid": entry.uuid}  # type: ignore[dict-item]
        if found != expected:
            raise ZcError(
                "ZC_FORMAT_MANIFEST",
                f"the shard has {found}, expected {expected}",
                path=shard.path,
                expected=expected,
                actual=found,
            )
        self._refuse_other_schema(shard, "the dataset")

    def _refuse_other_schema(self, shard: Shard, whose: str) -> None:
        if shard.schema != self.schema:
            raise ZcError(
                "ZC_FORMAT_SCHEMA",
                f"the schema differs from that of {whose}",
                path=shard.path,
                expected=self.schema.to_json(),
                actual=shard.schema.to_json(),
                advice="Open shards of different schemas as datasets of their own.",
            )

    def _normalize(self, indices: Indices | range) -> npt.NDArray[np.int64]:
        """Indices as an array, negative ones counted from the end, all of them checked."""
        given = np.asarray(indices)
        if given.size == 0:
            return np.zeros(0, np.int64)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise ZcError(
                "ZC_ARGUMENT", f"indices are an array of {given.dtype} with {given.ndim} dimensions"
            )
        least, greatest = int(given.min()), int(given.max())
        if greatest >= self._length or least < -self._length:
            wrong = (given >= self._length) | (given < -self._length)
            raise self._out_of_range(given[wrong][0])
        # A copy, for the caller may go on with an array of their own.
        wanted = given.astype(np.int64, copy=given is indices)
        if least < 0:
            wanted[wanted < 0] += self._length
        return wanted

    def _index(self, index: object) -> int:
        try:
            return operator.index(index)  # type: ignore[arg-type]
        except TypeError:
            raise ZcError(
                "ZC_ARGUMENT", f"the index is a {type(index).__name__}, expected an integer"
            ) from None

    def _out_of_range(self, index: object) -> ZcError:
        return ZcError(
            "ZC_INDEX_RANGE",
            f"there is no sample {index}, there are {self._length}",
            expected=self._length,
            actual=index,
        )

    def _closed_error(self) -> ZcError:
        return ZcError("ZC_CLOSED", "the dataset is closed")


def _as_paths(path: Path | Sequence[Path]) -> list[str]:
    listed = [path] if isinstance(path, (str, os.PathLike)) else path
    try:
        return [arguments.local_path(each) for each in listed]
    except TypeError as error:
        raise ZcError("ZC_ARGUMENT", f"a dataset is a path or a list of paths: {error}") from error
