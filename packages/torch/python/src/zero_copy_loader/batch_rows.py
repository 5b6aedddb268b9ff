"""Which rows of which shards a batch has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .core import Ranges
from .shard import Shard

Numbers = npt.NDArray[np.int64]


class BatchRows:
    """The rows of a batch, in its order, by the shards that they lie in.

    It keeps those shards, and so their maps, whatever becomes of the dataset meanwhile.
    """

    def __init__(
        self, shards: Sequence[Shard], numbers: Sequence[int], shard_of_row: Numbers | None, rows: Numbers
    ) -> None:
        """``numbers`` are those of ``shards`` in the dataset. ``shard_of_row`` has each row's place in
        ``shards``, and is None where there is one; ``rows`` are the rows' numbers in them."""
        self.shards = shards
        self.numbers = numbers
        self.shard_of_row = shard_of_row
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def of_shard(self, number: Callable[[Shard], int]) -> Any:
        """A number of each row's shard: an array, or the number itself where there is one shard."""
        if self.shard_of_row is None:
            return number(self.shards[0])
        return np.array([number(shard) for shard in self.shards], np.int64)[self.shard_of_row]

    @cached_property
    def maps(self) -> npt.NDArray[np.uint64]:
        """The handle of each row's map."""
        if self.shard_of_row is None:
            return np.full(len(self), self.shards[0].mapped.handle, np.uint64)
        return np.array([shard.mapped.handle for shard in self.shards], np.uint64)[self.shard_of_row]

    def ranges(self, offsets: Numbers, lengths: Numbers | int) -> Ranges:
        """Bytes of each row's shard."""
        return Ranges(self.maps, offsets, lengths)

    def groups(self) -> Iterator[tuple[Shard, npt.NDArray[np.int64] | slice]]:
        """Each shard with the places that its rows have in the batch."""
        if self.shard_of_row is None:
            yield self.shards[0], slice(None)
            return
        yield from zip(self.shards, self._places, strict=True)

    @cached_property
    def _places(self) -> list[npt.NDArray[np.int64]]:
        order = np.argsort(self.shard_of_row, kind="stable")  # type: ignore[arg-type]
        counts = np.bincount(self.shard_of_row, minlength=len(self.shards))  # type: ignore[arg-type]
        return np.split(order, counts.cumsum()[:-1])

    def find(self, place: int) -> tuple[Shard, int]:
        """The shard of one of the rows, and its number there."""
        number = 0 if self.shard_of_row is None else int(self.shard_of_row[place])
        return self.shards[number], int(self.rows[place])

    def check(self) -> None:
        """Raises ZC_IO_POISONED where one of the files was cut short."""
        for shard in self.shards:
            shard.mapped.check()
