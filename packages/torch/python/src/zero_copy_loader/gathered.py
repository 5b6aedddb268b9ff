"""Several samples of a `Dataset`, gathered: a sequence of dicts, and a batch as loaders hand them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from .batch import Batch, FieldView
from .batch_rows import BatchRows
from .buffers import Buffers
from .field_gather import Place, gatherer_of
from .schema import Schema

#: Shards that are gathered from at once, whose maps are kept beside those of the dataset.
_LEARNED_MAX: Final = 4096


class Row(dict[str, Any]):
    """One of the samples: a dict like any other. By its type a collate function knows where it comes from."""

    __slots__ = ()


class Gathered(Sequence[Row]):
    """Samples that lie in memory of their own, field by field.

    ``batch`` has all rows of a field as one array. As a sequence it has a dict for each sample, whose arrays
    are parts of those; they are made when first asked for.
    """

    def __init__(
        self, memory: Any, indices: npt.NDArray[np.int64], places: list[Place], views: list[FieldView]
    ) -> None:
        self._memory = memory
        self._indices = indices
        self._places = places
        self._samples = len(indices)
        #: What makes ``batch`` of that memory, by field.
        self.views = views
        self._first: tuple[Row, dict[str, Any]] | None = None

    @classmethod
    def of(cls, batch: Batch, samples: int, views: list[FieldView]) -> Gathered:
        """What has been gathered as a batch of these views already."""
        made = cls.__new__(cls)
        made.batch, made.views, made._samples, made._first = batch, views, samples, None
        return made

    def __len__(self) -> int:
        return self._samples

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if index == 0 and "_rows" not in self.__dict__ and len(self):
            return self._peek()
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == (other._rows if isinstance(other, Gathered) else other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (list, (self._rows,))

    def __repr__(self) -> str:
        return f"<Gathered {len(self)} samples of {', '.join(view.name for view in self.views)}>"

    @property
    def as_gathered(self) -> bool:
        """Whether the rows are still those of ``batch``: nobody but a look at the first one has had them."""
        if "_rows" in self.__dict__:
            return False
        if self._first is None:
            return True
        row, made = self._first
        return row.keys() == made.keys() and all(row[name] is made[name] for name in made)

    @cached_property
    def batch(self) -> Batch:
        """The samples field by field, with `Packed` and lists as in a loader's batch. Copies nothing."""
        return self.batch_of(self.views)

    def batch_of(self, views: list[FieldView]) -> Batch:
        """The same, made by other views of the same fields."""
        samples = len(self)
        values = {
            view.name: view.make(self._memory, samples, place.offset, place.length, place.tables)
            for view, place in zip(views, self._places, strict=True)
        }
        return Batch(values, views[0].numbers(self._indices), "copied")

    @cached_property
    def _rows(self) -> list[Row]:
        names = [view.name for view in self.views]
        columns = [view.rows(self.batch[view.name]) for view in self.views]
        rows = [Row(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        if self._first is not None:
            rows[0] = self._first[0]
        return rows

    def _peek(self) -> Row:
        """The first sample alone, for whoever wants to know what the others look like."""
        if self._first is None:
            made = {name: value[0] for name, value in self.batch.items()}
            self._first = (Row(made), made)
        return self._first[0]


class Gatherer:
    """Reads samples of datasets with one schema."""

    def __init__(self, schema: Schema, view_type: type[FieldView], ends: Sequence[int]) -> None:
        """``ends``: sample i lies in the first shard whose end is above i."""
        self._gathers = [gatherer_of(field) for field in schema.fields]
        self._views = [view_type(field.decoded) for field in schema.fields]
        self._buffers = Buffers()
        plain = all(field.codec == "none" and field.dtype != "bool" for field in schema.fields)
        #: What gathers batches from learned shards by one native call; None where fields do not allow it.
        self.whole = view_type.whole_batches(self._views, ends) if plain else None
        #: Shards that are gathered from at once; it keeps their maps.
        self.learned: set[int] = set()

    def gather_at_once(self, indices: Any) -> Gathered | None:
        """The same as `gather` by one native call; None where that cannot be.

        It takes lists of integers from 0 on, and shards of which all rows have been seen to be right.
        """
        if self.whole is None or not self.learned:
            return None
        batch = self.whole.gather(indices)
        return None if batch is None else Gathered.of(batch, len(indices), self._views)

    def learn(self, rows: BatchRows) -> None:
        """Shards that have no row left which nobody has seen are gathered from at once from here on."""
        if self.whole is None:
            return
        for number, shard in zip(rows.numbers, rows.shards, strict=True):
            if number in self.learned or len(self.learned) >= _LEARNED_MAX:
                continue
            columns = [shard.columns[view.name] for view in self._views]
            if all(column.checksums.complete for column in columns):
                regions = [column.region.offset for column in columns]
                if self.whole.add(number, shard.mapped.handle, regions):
                    self.learned.add(number)

    def forget(self) -> None:
        """Nothing is gathered at once any more."""
        self.learned.clear()
        if self.whole is not None:
            self.whole.clear()

    def gather(self, rows: BatchRows, indices: npt.NDArray[np.int64]) -> Gathered:
        """The rows, in memory that is theirs; each that was not seen before is checked.

        Raises ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE and ZC_IO_POISONED.
        """
        pending = [gather.measure(rows) for gather in self._gathers]
        places, end = [], 0
        for field in pending:
            places.append(field.place(end))
            end += field.memory_bytes
        memory = self._buffers.take(end)
        for field, place in zip(pending, places, strict=True):
            field.fill(memory, place)
        rows.check()
        return Gathered(memory, indices, places, self._views)
